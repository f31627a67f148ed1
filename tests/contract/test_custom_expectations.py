"""Our own expectations, and those of somebody else, as Great Expectations runs them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.errors import SuiteError
from lineage_plugin.gate import suite_starter
from lineage_plugin.gate.custom_types import CUSTOM_TYPES, judged
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.gate.frame_file import example, examples
from lineage_plugin.gate.suite import Suite, SuiteRun, check_suite, load_suite, run_suites

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    gx: Any = import_module("great_expectations")
pd: Any = import_module("pandas")

ALL_WELL = {
    "license": ["permitted", "inherited"],
    "consent": ["valid", "inherited"],
    "custody": ["complete", "inherited"],
    "source": ["known", "inherited"],
}


def arguments(kind: str) -> dict[str, Any]:
    area = CUSTOM_TYPES[kind].column.removesuffix("_verdict")
    every = {"allowed": ALL_WELL.get(area), "at_least": "documented"}
    return {name: every[name] for name in CUSTOM_TYPES[kind].required}


def saved(folder: Path, *expectations: dict[str, Any], **meta: Any) -> Path:
    file = folder / "ours.json"
    file.write_text(json.dumps({"name": "ours", "meta": meta, "expectations": expectations}))
    return file


def everything(folder: Path) -> Suite:
    return load_suite(
        saved(
            folder,
            *(
                {"type": kind, "kwargs": arguments(kind), "meta": {"rule": f"ours.{number}"}}
                for number, kind in enumerate(CUSTOM_TYPES)
            ),
        )
    )


def run(suite: Suite, rows: Any) -> SuiteRun:
    return run_suites([suite], rows, columns=list(COLUMNS))


def test_every_type_says_through_great_expectations_what_it_says_without(tmp_path: Path) -> None:
    suite = everything(tmp_path)
    for name in examples():
        rows = example(name).rows

        found = {f.expectation: (f.kind, list(f.rows)) for f in run(suite, rows).failures}

        assert found == {
            kind.type: ("failed", offending)
            for kind in CUSTOM_TYPES.values()
            if (offending := judged(kind, rows, arguments(kind.type))[1])
        }


@pytest.fixture
def context() -> Iterator[Any]:
    import_module("lineage_plugin.gate.custom_expectations")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    yield context
    gx.data_context.data_context.context_factory.set_context(None)


def test_great_expectations_alone_passes_none_on_no_rows_nulls_or_missing_columns(
    tmp_path: Path, context: Any
) -> None:
    expectations = [
        {"type": e.type, "kwargs": dict(e.kwargs)} for e in everything(tmp_path).expectations
    ]
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    whole = asset.add_batch_definition_whole_dataframe("b")
    clean = example("clean").rows
    nulls = [dict.fromkeys(COLUMNS) for _ in clean]

    for rows, columns in ((clean, COLUMNS), ([], COLUMNS), (nulls, COLUMNS), (clean, ["job"])):
        batch = whole.get_batch({"dataframe": pd.DataFrame(rows, columns=list(columns))})
        suite = gx.ExpectationSuite(name="s", expectations=[dict(e) for e in expectations])
        said = [result.success for result in batch.validate(suite).results]
        assert len(said) == len(CUSTOM_TYPES)
        assert set(said) == {rows is clean and columns is COLUMNS}


def test_an_expectation_that_is_asked_of_no_row_has_not_passed(tmp_path: Path) -> None:
    lenient = {
        "type": "expect_no_quarantine",
        "kwargs": {"except_for": ["root", "input"]},
        "severity": "info",
    }
    asked = {"type": "expect_no_quarantine", "kwargs": {}}

    (failure,) = run(load_suite(saved(tmp_path, asked, lenient)), example("clean").rows).failures

    assert (failure.kind, failure.message) == ("not-evaluated", "it looked at no row")
    assert failure.blocks


def test_wrong_arguments_are_refused_by_great_expectations_too(context: Any) -> None:
    assert context is not None
    for kind in CUSTOM_TYPES:
        implementation = gx.expectations.registry.get_expectation_impl(kind)
        with pytest.raises(ValueError, match="has no argument 'mostly'"):
            implementation(**arguments(kind), mostly=0.5)


@pytest.mark.usefixtures("context")
def test_great_expectations_loads_a_suite_that_extends_others_alone(tmp_path: Path) -> None:
    text = suite_starter.text("ours", purpose="model-training", extends=["model-training"])
    schema = import_module("great_expectations.core.expectation_suite").expectationSuiteSchema

    loaded = gx.ExpectationSuite(**schema.loads(text))

    assert [e.expectation_type for e in loaded.expectations] == ["expect_assurance_to_be_at_least"]
    assert loaded.meta["extends"] == ["model-training"]


MODULE = """
from typing import ClassVar
from great_expectations.expectations.expectation import BatchExpectation

class ExpectIssuer{tag}(BatchExpectation):
    metric_dependencies: ClassVar = ("table.row_count",)
    most: int

    def _validate(self, metrics, runtime_configuration=None, execution_engine=None):
        rows = metrics["table.row_count"]
        return {{"success": rows <= self.most, "result": {{"observed_value": rows}}}}
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lib"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_module_that_a_suite_names_is_imported_before_it_judges(
    tmp_path: Path, library: Path
) -> None:
    (library / "our_rules_a.py").write_text(MODULE.format(tag="Aa"))
    known = {"type": "expect_issuer_aa", "kwargs": {"most": 1}}

    with pytest.raises(SuiteError, match="unknown expectation 'expect_issuer_aa'"):
        check_suite(saved(tmp_path, known))
    suite = check_suite(saved(tmp_path, known, modules=["our_rules_a"]))
    (failure,) = run(suite, example("clean").rows).failures

    assert (failure.kind, failure.observed, failure.blocks) == ("failed", "2", True)
    assert run(suite, example("clean").rows[:1]).passed


def test_a_module_that_changed_after_it_was_imported_blocks(tmp_path: Path, library: Path) -> None:
    module = library / "our_rules_b.py"
    module.write_text(MODULE.format(tag="Bb"))
    file = saved(
        tmp_path, {"type": "expect_issuer_bb", "kwargs": {"most": 9}}, modules=["our_rules_b"]
    )
    assert run(load_suite(file), example("clean").rows).passed

    module.write_text(MODULE.format(tag="Bb") + "\n# stricter now\n")

    (failure,) = run(load_suite(file), example("clean").rows).failures
    assert (failure.kind, failure.blocks) == ("error", True)
    assert "module 'our_rules_b' changed after it was imported" in failure.message


@pytest.mark.parametrize("body", ["raise SystemExit", "import no_such_thing", "1 +"])
def test_a_module_that_cannot_be_imported_blocks(tmp_path: Path, library: Path, body: str) -> None:
    (library / "our_rules_c.py").write_text(body)
    file = saved(tmp_path, {"type": "expect_no_quarantine"}, modules=["our_rules_c"])

    with pytest.raises(SuiteError, match="module 'our_rules_c' cannot be imported"):
        check_suite(file)
    found = run(load_suite(file), example("clean").rows)

    assert not found.passed
    assert [f.kind for f in found.failures] == ["error"]


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "expect_no_quarantine"},
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
        },
    ],
)
def test_a_module_that_takes_the_name_of_another_expectation_lets_nothing_pass(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    """Great Expectations would let the last one of a name judge, in suites of others too."""
    kind = asked["type"]
    other = load_suite(saved(tmp_path, asked))
    assert run(other, example("clean").rows).passed
    registered = import_module("great_expectations.expectations.registry")
    classes = registered._registered_expectations
    monkeypatch.setitem(classes, kind, classes[kind])
    name = "".join(word.capitalize() for word in kind.split("_"))
    (library / f"our_{kind}.py").write_text(MODULE.replace("ExpectIssuer{tag}", name).format())

    suite = load_suite(saved(tmp_path, asked, modules=[f"our_{kind}"]))

    for judging in (suite, other):
        (failure,) = run(judging, example("clean").rows).failures
        assert (failure.kind, failure.blocks) == ("not-evaluated", True)
        assert f"{kind} was defined anew by our_{kind}" in failure.message
