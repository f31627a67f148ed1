"""Great Expectations judges, and what it passes without having looked has not passed.

Each of its holes is here twice: that it is one (a release that closes it fails a test and frees us
of code), and that ours is closed.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lineage_plugin.errors import SuiteError
from lineage_plugin.gate import suite as door
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.gate.frame_file import example
from lineage_plugin.gate.suite import (
    Expected,
    Suite,
    SuiteRun,
    check_suite,
    load_suite,
    run_suites,
    shipped_folder,
)
from lineage_plugin.policy import verdicts
from lineage_plugin.policy.vocabulary import METHODS

# As values of no type: following them into Great Expectations takes the type checker a minute.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    gx: Any = import_module("great_expectations")
pd: Any = import_module("pandas")
ExpectColumnValuesToBeInSet: Any = gx.expectations.ExpectColumnValuesToBeInSet

ROOT = Path(__file__).parents[2]
SHIPPED = ("disclosure", "face-recognition", "model-training", "publication")

#: A root and what was made from it, with every column there is, and without fault.
CLEAN, DERIVED = (dict(cells) for cells in example("clean").rows)
FRAME = [CLEAN, DERIVED]


def row(**cells: object) -> dict[str, object]:
    return {**CLEAN, **cells}


def expectation(type_: str, severity: str = "critical", **kwargs: object) -> dict[str, object]:
    return {"type": type_, "severity": severity, "kwargs": kwargs}


def in_set(column: str = "license_verdict", *, severity: str = "critical") -> dict[str, object]:
    return expectation(
        "expect_column_values_to_be_in_set", severity, column=column, value_set=["permitted"]
    )


#: Reads cells and holds for every frame of these tests.
HOLDS = expectation("expect_column_values_to_match_regex", column="dataset", regex=".")


def only(column: str, value: object) -> dict[str, object]:
    return {
        "type": "comparison",
        "column": {"name": column},
        "operator": "==",
        "parameter": value,
    }


def saved(folder: Path, *expectations: Mapping[str, object]) -> Path:
    file = folder / "ours.json"
    file.write_text(json.dumps({"name": "ours", "expectations": expectations}, indent=1))
    return file


def judge(
    folder: Path, *expectations: Mapping[str, object], rows: list[Any] | None = None
) -> SuiteRun:
    suite = load_suite(saved(folder, *expectations))
    return run_suites([suite], FRAME if rows is None else rows, columns=list(COLUMNS))


def bare(*expectations: Mapping[str, object], rows: list[Any] | None = None) -> bool:
    """Return what Great Expectations alone says: what a gate would believe that trusted it."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    frame = pd.DataFrame(FRAME if rows is None else rows, columns=list(COLUMNS))
    source = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = source.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="ours", expectations=[dict(e) for e in expectations])
    try:
        return bool(batch.validate(suite).success)
    finally:
        gx.data_context.data_context.context_factory.set_context(None)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Great Expectations logs what it drops; that is its business and not that of these tests."""
    logger = logging.getLogger("great_expectations")
    before = logger.level
    yield
    assert logger.level == before


# --- the shipped suites ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_great_expectations_understands_each_shipped_suite(name: str) -> None:
    suite = check_suite(shipped_folder() / f"{name}.json")

    rules = [expected.rule for expected in suite.expectations]
    assert all(re.fullmatch(r"[a-z]+\.[a-z-]+", rule) for rule in rules)
    assert len(set(rules)) == len(rules)
    assert all(expected.description for expected in suite.expectations)


def test_these_are_all_that_is_shipped() -> None:
    assert sorted(file.stem for file in shipped_folder().glob("*.json")) == list(SHIPPED)


def shipped(name: str) -> Suite:
    return load_suite(shipped_folder() / f"{name}.json")


def test_clean_provenance_passes_every_shipped_suite() -> None:
    suites = [shipped(name) for name in SHIPPED]

    run = run_suites(suites, FRAME, columns=list(COLUMNS))

    assert run == SuiteRun((), sum(len(suite.expectations) for suite in suites))
    assert run.passed


#: What concerns sharing only, or is contradicted but binds all the same, is warned of.
WARNED = {"license_conflict", "license_concluded", "license_derivation"}

#: What a suite does not block: what it warns of, and recipients where nothing is handed over.
LENIENT = {
    "disclosure": {"license_concluded", "license_derivation"},
    "face-recognition": {*WARNED, "recipient"},
    "model-training": {*WARNED, "recipient"},
    # What ND forbids to publish, license_verdict refuses.
    "publication": {"license_concluded", "license_derivation", "recipient"},
}

#: What a suite lets pass with a warning.
PASSES_WARNED = {("license_conflict", "review")}


def allowed(name: str, severity: str = "critical") -> dict[str, set[str]]:
    """Return what a suite lets pass in each verdict, or lets pass without a warning."""
    return {
        expected.column: set(expected.kwargs["value_set"])
        for expected in shipped(name).expectations
        if expected.severity == severity and "value_set" in expected.kwargs
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_each_bad_verdict_blocks_with_its_own_row(name: str) -> None:
    """Every verdict that there is, each in one row of an otherwise clean frame."""
    cells = [
        (area if area == "assurance" else f"{area}_verdict", verdict)
        for area, verdict in verdicts.known()
    ]
    rows = [row(**{column: verdict}) for column, verdict in cells]

    run = run_suites([shipped(name)], rows, columns=list(COLUMNS))

    blocked = {(f.column, i) for f in run.failures if f.blocks for i in f.rows}
    passing = allowed(name)
    assert blocked == {
        (column, i)
        for i, (column, verdict) in enumerate(cells)
        if column in passing and verdict not in passing[column]
    }
    assert {c for c, _ in cells} - passing.keys() == {f"{area}_verdict" for area in LENIENT[name]}
    assert {f.kind for f in run.failures} == {"failed"}


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_passes_a_shipped_suite_that_the_table_of_verdicts_refuses(name: str) -> None:
    blocking, warning = allowed(name), allowed(name, "warning")
    for area, verdict in verdicts.known():
        column = area if area == "assurance" else f"{area}_verdict"
        judged = warning.get(column, set()) if area in LENIENT[name] else blocking[column]
        passed = verdict in judged and (area, verdict) not in PASSES_WARNED
        assert not passed or verdicts.passes(area, verdict)
    for area, verdict in PASSES_WARNED:
        assert verdict not in warning[f"{area}_verdict"]


def test_license_conflicts_block_publication_and_are_warned_of_in_training() -> None:
    rows = [row(), row(license_conflict_verdict="share-alike", license_conflict="ODbL-1.0 of x")]

    training = run_suites([shipped("model-training")], rows, columns=list(COLUMNS))
    publication = run_suites([shipped("publication")], rows, columns=list(COLUMNS))

    assert training.passed
    assert [(f.rule, f.severity, f.rows) for f in training.failures] == [
        ("license.is-shareable", "warning", (1,))
    ]
    assert not publication.passed


def test_training_on_faces_is_stricter_than_training() -> None:
    faces, models = allowed("face-recognition"), allowed("model-training")

    assert all(faces[column] <= models[column] for column in models)
    assert faces["assurance"] < models["assurance"]


def test_what_is_only_asserted_is_a_warning_for_models_and_blocks_faces() -> None:
    rows = [row(), row(assurance="asserted")]

    models = run_suites([shipped("model-training")], rows, columns=list(COLUMNS))
    faces = run_suites([shipped("face-recognition")], rows, columns=list(COLUMNS))

    assert models.passed
    assert [(f.rule, f.severity, f.rows, f.observed) for f in models.failures] == [
        ("assurance.is-documented", "warning", (1,), "asserted")
    ]
    assert not faces.passed


def test_scraped_faces_are_refused() -> None:
    """Regulation (EU) 2024/1689, Article 5(1)(e)."""
    said = [*sorted(METHODS), "unspecified", "feeds AND web-scraping-crawling", "feeds AND other"]
    rows = [row(source_method=method) for method in said]

    run = run_suites([shipped("face-recognition")], rows, columns=list(COLUMNS))

    found = {f.rule: {said[i] for i in f.rows} for f in run.failures}
    scraped = {"web-scraping-crawling", "feeds AND web-scraping-crawling"}
    unsaid = {"other", "unspecified", "feeds AND other"}
    assert found == {
        "source.is-not-scraped": scraped,
        "source.method-is-said": scraped | unsaid,
    }


def test_publication_names_the_duties_that_come_with_a_license() -> None:
    rows = [row(), row(license="CC-BY-4.0", license_duties="attribute")]

    run = run_suites([shipped("publication")], rows, columns=list(COLUMNS))

    assert run.passed
    assert [(f.rule, f.rows, f.observed) for f in run.failures] == [
        ("license.has-no-duties", (1,), "attribute")
    ]


def test_the_readme_tells_every_column_and_every_verdict() -> None:
    text = (ROOT / "expectations" / "README.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    table = {line.split("`")[1]: line.split(" | ", 1)[1].rstrip(" |") for line in lines}

    assert COLUMNS.keys() <= table.keys()
    verdict_lines = {line.split("`")[1]: line for line in lines if "\\|" in line}
    for column, line in verdict_lines.items():
        left, right = (
            {word.strip() for word in side.split(",")}
            for side in line.split(" | ", 1)[1].rstrip(" |").split("\\|")
        )
        area = column.removesuffix("_verdict")
        # Nothing inherits lineage: each version has its own.
        known = {v for a, v in verdicts.known() if a == area} - (
            {"inherited"} if area == "lineage" else set()
        )
        assert left | right == known
        assert left == {verdict for verdict in known if verdicts.passes(area, verdict)}


def test_the_readmes_example_is_a_good_suite(tmp_path: Path) -> None:
    text = (ROOT / "expectations" / "README.md").read_text("utf-8")
    example = text.split("```json\n")[1].split("```")[0]
    (tmp_path / "our-training.json").write_text(example)

    assert check_suite(tmp_path / "our-training.json").columns == {"license_verdict"}


# --- the holes ------------------------------------------------------------------------------------


def assert_not_evaluated(run: SuiteRun, message: str) -> None:
    assert not run.passed
    assert [f.kind for f in run.failures] == ["not-evaluated"]
    assert run.failures[0].blocks
    assert re.search(message, run.failures[0].message), run.failures[0].message


def test_an_unknown_type_has_not_passed(tmp_path: Path) -> None:
    unknown = expectation("expect_column_values_to_be_in_sett", column="license_verdict")

    run = judge(tmp_path, in_set("use_verdict"), unknown, rows=[row()])

    assert bare(in_set("use_verdict"), unknown, rows=[row()])
    assert_not_evaluated(
        run, "unknown expectation .*did you mean 'expect_column_values_to_be_in_set'"
    )
    assert run.failures[0].where.startswith(str(tmp_path / "ours.json"))
    assert run.evaluated == 1


def test_a_severity_that_does_not_exist_has_not_passed(tmp_path: Path) -> None:
    blocker = in_set("use_verdict", severity="blocker")

    with pytest.raises(SuiteError, match="unknown severity 'blocker'"):
        load_suite(saved(tmp_path, blocker))
    by_hand = Expected("expect_column_to_exist", {"column": "license"}, "blocker")
    run = run_suites(
        [Suite("ours", "ours.json", "", frozenset(), (by_hand,))], FRAME, columns=list(COLUMNS)
    )

    assert bare({**blocker, "kwargs": {"column": "use_verdict", "value_set": ["nothing"]}})
    assert_not_evaluated(run, "unknown severity 'blocker'")


def test_an_empty_suite_has_not_passed(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="empty"):
        load_suite(saved(tmp_path))
    run = run_suites([Suite("o", "o.json", "", frozenset(), ())], FRAME, columns=list(COLUMNS))

    assert bare()
    assert_not_evaluated(run, "the suite is empty")


def test_no_suite_at_all_has_not_passed() -> None:
    assert_not_evaluated(run_suites([], FRAME, columns=list(COLUMNS)), "no suite judges")


def test_a_frame_without_rows_has_not_passed(tmp_path: Path) -> None:
    assert bare(in_set(), rows=[])
    assert_not_evaluated(judge(tmp_path, in_set(), rows=[]), "the frame has no rows")


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(), row(license_verdict=None)], id="one-null"),
        pytest.param([row(license_verdict=None)], id="all-null"),
        pytest.param([row(), row(license_verdict=float("nan"))], id="nan"),
    ],
)
@pytest.mark.parametrize(
    "type_",
    ["expect_column_values_to_be_in_set", "expect_column_distinct_values_to_be_in_set"],
)
def test_a_null_has_not_passed(tmp_path: Path, type_: str, rows: list[Any]) -> None:
    permitted = expectation(type_, column="license_verdict", value_set=["permitted"])

    run = judge(tmp_path, permitted, rows=rows)

    assert bare(permitted, rows=rows)
    assert_not_evaluated(run, "column 'license_verdict' holds (None|nan)")
    assert run.failures[0].rows == (len(rows) - 1,)


def test_a_missing_cell_has_not_passed(tmp_path: Path) -> None:
    short = {column: cell for column, cell in CLEAN.items() if column != "license_verdict"}

    assert_not_evaluated(judge(tmp_path, in_set(), rows=[row(), short]), "holds None")


@pytest.mark.parametrize(
    "type_",
    [
        "expect_column_values_to_be_in_set",
        "expect_column_distinct_values_to_be_in_set",
    ],
)
def test_a_condition_that_matches_no_row_has_not_passed(tmp_path: Path, type_: str) -> None:
    vacuous = expectation(
        type_,
        column="license_verdict",
        value_set=["permitted"],
        row_condition=only("role", "ancestor"),
    )

    run = judge(tmp_path, vacuous)

    assert bare(vacuous)
    assert_not_evaluated(run, "no row matches its condition")


def test_a_broken_expectation_blocks_though_it_is_a_warning(tmp_path: Path) -> None:
    broken = in_set("license_verdict", severity="warning")
    suite = load_suite(saved(tmp_path, in_set("use_verdict"), broken))
    without = [column for column in COLUMNS if column != "license_verdict"]

    run = run_suites([suite], [row()], columns=without)

    assert not run.passed
    assert [(f.kind, f.severity, f.column) for f in run.failures] == [
        ("error", "warning", "license_verdict")
    ]
    assert "license_verdict" in run.failures[0].message


class Forgetful:
    """A batch whose answers get lost, or come twice."""

    def __init__(self, batch: Any, times: int) -> None:
        self.batch = batch
        self.times = times

    def validate(self, suite: Any, **options: Any) -> Any:
        said = self.batch.validate(suite, **options)
        said.results = said.results[:-1] + said.results[-1:] * self.times
        return said


@pytest.mark.parametrize("times", [0, 2])
def test_an_expectation_without_exactly_one_answer_has_not_passed(
    tmp_path: Path, times: int
) -> None:
    suite = load_suite(saved(tmp_path, in_set("use_verdict"), in_set()))
    with door._context() as context:
        batch = door._batch(context, door._table([row()], list(COLUMNS)))
        found = door._judge(gx, Forgetful(batch, times), suite, [row()])

    assert [(f.kind, f.message) for f in found] == [
        ("not-evaluated", f"Great Expectations gave {times} answers to it")
    ]


NO_ERROR = {"raised_exception": False, "exception_message": None, "exception_traceback": None}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param({"result": {}}, "not-evaluated", id="no-word"),
        pytest.param({"result": None}, "not-evaluated", id="nothing"),
        pytest.param({"result": {"element_count": 0}}, "not-evaluated", id="no-element"),
        pytest.param(
            {"result": {"element_count": 2, "missing_count": 1}}, "not-evaluated", id="a-null"
        ),
        pytest.param({"exception_info": {}}, "error", id="no-word-of-errors"),
        pytest.param({"exception_info": None}, "error", id="none-of-errors"),
        pytest.param({"exception_info": {"raised_exception": True}}, "error", id="error"),
        pytest.param({"exception_info": {"metric": "broke"}}, "error", id="error-in-a-metric"),
        pytest.param({"success": None}, "failed", id="no-verdict"),
    ],
)
def test_a_success_counts_only_with_proof_of_work(said: dict[str, object], kind: str) -> None:
    """Answers as no release gives them today, for the day one does."""
    good: dict[str, object] = {
        "success": True,
        "result": {"element_count": 2, "missing_count": 0, "unexpected_count": 0},
        "exception_info": NO_ERROR,
    }
    expected = Expected("expect_column_values_to_be_in_set", {"column": "license"})

    assert door._verdict(expected, [SimpleNamespace(**good)], []) is None
    found = door._verdict(expected, [SimpleNamespace(**{**good, **said})], [])

    assert found is not None
    assert found.kind == kind


def test_answers_are_told_apart_though_they_come_in_another_order(tmp_path: Path) -> None:
    """Errors come first, then columns together; two expectations may be alike but for severity."""
    asked = [
        in_set("license_verdict", severity="info"),
        in_set("use_verdict"),
        in_set("license_verdict", severity="warning"),
        expectation("expect_column_values_to_match_regex", column="license", regex="("),
        in_set("license_verdict"),
    ]
    rows = [row(license_verdict="prohibited"), row(use_verdict="excluded")]

    run = judge(tmp_path, *asked, rows=rows)

    found = [(f.column, f.severity, f.kind, f.rows) for f in run.failures]
    assert found == [
        ("license_verdict", "info", "failed", (0,)),
        ("use_verdict", "critical", "failed", (1,)),
        ("license_verdict", "warning", "failed", (0,)),
        ("license", "critical", "error", (0, 1)),
        ("license_verdict", "critical", "failed", (0,)),
    ]
    lines = [int(f.where.rsplit(":", 1)[1]) for f in run.failures]
    assert lines == sorted(set(lines))


# --- what else a suite may do ---------------------------------------------------------------------


def test_what_only_warns_is_told_and_lets_pass(tmp_path: Path) -> None:
    warns = in_set(severity="warning")

    run = judge(tmp_path, HOLDS, warns, rows=[row(license_verdict="unknown")])

    assert run.passed
    assert [f.severity for f in run.failures] == ["warning"]


def test_a_failure_says_what_people_need(tmp_path: Path) -> None:
    rule = {**in_set(), "description": "it is permitted", "meta": {"rule": "license.permits"}}

    failure = judge(tmp_path, rule, rows=[row(), row(license_verdict="prohibited")]).failures[0]

    assert failure.suite == "ours"
    assert failure.rule == "license.permits"
    assert failure.expectation == "expect_column_values_to_be_in_set"
    assert failure.rows == (1,)
    assert failure.observed == "prohibited"
    assert failure.message == "expected: it is permitted"
    assert failure.where == f"{tmp_path / 'ours.json'}:4"


def test_rows_are_those_of_the_frame_under_a_condition_too(tmp_path: Path) -> None:
    roots = {
        "column": "license_verdict",
        "value_set": ["permitted"],
        "row_condition": only("role", "root"),
    }
    rows = [DERIVED, row(), DERIVED, row(license_verdict="prohibited")]

    run = judge(tmp_path, {"type": "expect_column_values_to_be_in_set", "kwargs": roots}, rows=rows)

    assert [(f.kind, f.rows) for f in run.failures] == [("failed", (3,))]


def test_numbers_are_numbers_in_the_frame(tmp_path: Path) -> None:
    near = expectation("expect_column_values_to_be_between", column="depth", max_value=5)

    run = judge(tmp_path, near, rows=[row(depth=5), row(depth=6)])

    assert [f.rows for f in run.failures] == [(1,)]


@pytest.mark.parametrize(
    ("broken", "rows"),
    [
        pytest.param(
            expectation(
                "expect_column_distinct_values_to_be_in_set", column="role", value_set=["x"]
            ),
            (0, 1),
            id="aggregate",
        ),
        pytest.param(
            expectation("expect_table_row_count_to_be_between", max_value=1), (0, 1), id="table"
        ),
        pytest.param(
            expectation("expect_table_column_count_to_equal", value=2), (0, 1), id="shape"
        ),
    ],
)
def test_a_rule_about_the_table_is_about_all_rows(
    tmp_path: Path, broken: Mapping[str, object], rows: tuple[int, ...]
) -> None:
    run = judge(tmp_path, HOLDS, broken)

    assert [(f.kind, f.rows) for f in run.failures] == [("failed", rows)]


def test_a_column_is_there_or_not(tmp_path: Path) -> None:
    """This type answers with yes or no and no word more."""
    suite = load_suite(saved(tmp_path, HOLDS, expectation("expect_column_to_exist", column="job")))

    assert run_suites([suite], FRAME, columns=list(COLUMNS)).passed
    assert not run_suites([suite], FRAME, columns=["dataset"]).passed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(
            expectation("expect_column_to_exist", column="license", colour="red"),
            "colour",
            id="unknown-argument",
        ),
        pytest.param(
            expectation("expect_column_values_to_be_in_set", value_set=["x"]),
            "column",
            id="missing",
        ),
        pytest.param({"type": "expect_nothing_of_the_kind"}, "unknown expectation", id="type"),
        pytest.param(
            {**in_set(), "kwargs": {"column": "license", "value_set": ["x"], "row_condition": {}}},
            "condition",
            id="condition",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_found_before_and_at_the_gate(
    tmp_path: Path, wrong: Mapping[str, object], message: str
) -> None:
    file = saved(tmp_path, in_set("use_verdict"), wrong)

    with pytest.raises(SuiteError, match=f"(?s){message}.*ours.json:\\d+$"):
        check_suite(file)
    assert_not_evaluated(judge(tmp_path, in_set("use_verdict"), wrong, rows=[row()]), message)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(
            expectation("expect_column_values_to_match_regex", column="license", regex="("),
            id="regex",
        ),
        pytest.param(
            expectation(
                "unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch}"
            ),
            id="sql-on-pandas",
        ),
        pytest.param(
            expectation(
                "expect_column_values_to_be_between", column="license", min_value=1, max_value=2
            ),
            id="text-between-numbers",
        ),
    ],
)
@pytest.mark.parametrize("severity", ["critical", "info"])
def test_an_error_inside_blocks_at_any_severity(
    tmp_path: Path, broken: Mapping[str, object], severity: str
) -> None:
    run = judge(tmp_path, {**broken, "severity": severity}, in_set("use_verdict"), rows=[row()])

    assert not run.passed
    assert [f.kind for f in run.failures] == ["error"]
    assert "Traceback" not in run.failures[0].message


class ExpectMostLicensesAllowed(ExpectColumnValuesToBeInSet):  # type: ignore[misc]
    """Somebody's own, with its column, its values and its leniency in the code."""

    column: str = "license_verdict"
    value_set: list[str] = ["permitted"]  # noqa: RUF012  # a field of pydantic
    mostly: float = 0.5


def test_a_type_of_ones_own_works_but_cannot_be_lenient_unseen(tmp_path: Path) -> None:
    own = {"type": "expect_most_licenses_allowed", "kwargs": {}}
    rows = [row(), row(), row(license_verdict="prohibited")]

    assert judge(tmp_path, own, rows=rows[:2]).passed
    run = judge(tmp_path, own, rows=rows)

    assert bare(own, rows=rows)
    assert [(f.kind, f.rows, f.message) for f in run.failures] == [
        ("failed", (2,), "expected: it holds for every row, and it does for most only")
    ]


def test_a_suite_that_breaks_leaves_the_others_their_say(tmp_path: Path) -> None:
    """Whatever leaves Great Expectations as an exception is an error of that suite."""
    broken = Suite(
        "broken",
        "b.json",
        "",
        frozenset(),
        (Expected("expect_column_to_exist", None),),  # type: ignore[arg-type]
    )
    good = load_suite(saved(tmp_path, in_set()))

    run = run_suites([broken, good], [row(license_verdict="unknown")], columns=list(COLUMNS))

    assert [(f.suite, f.kind) for f in run.failures][1:] == [("ours", "failed")]
    assert run.failures[0].suite == "broken"
    assert run.failures[0].kind != "failed"


def test_a_frame_that_cannot_be_laid_out_blocks(tmp_path: Path) -> None:
    run = judge(tmp_path, in_set(), rows=[row(depth=1 << 80)])

    assert not run.passed
    assert [(f.kind, f.suite) for f in run.failures] == [("error", "ours")]


# --- the process around it ------------------------------------------------------------------------


def current() -> Any:
    manager = gx.data_context.data_context.context_factory.project_manager
    try:
        return manager.get_current_project()
    except gx.exceptions.exceptions.DataContextRequiredError:
        return None


def test_the_users_own_context_stays_the_current_one(tmp_path: Path) -> None:
    set_context = gx.data_context.data_context.context_factory.set_context
    set_context(None)
    judge(tmp_path, in_set())
    assert current() is None

    users = gx.get_context(mode="ephemeral")
    try:
        judge(tmp_path, in_set())

        assert current() is users
        assert not users.data_sources.all()
    finally:
        set_context(None)


def test_gates_in_many_threads_do_not_mix(tmp_path: Path) -> None:
    suite = load_suite(saved(tmp_path, in_set()))
    found: list[tuple[int, tuple[int, ...]]] = []

    def run(number: int) -> None:
        rows = [row() for _ in range(5)]
        rows[number]["license_verdict"] = "prohibited"
        for _ in range(3):
            failures = run_suites([suite], rows, columns=list(COLUMNS)).failures
            found.extend((number, failure.rows) for failure in failures)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [(number, (number,)) for number in range(4) for _ in range(3)]
    assert current() is None


def test_nothing_is_written_to_the_users_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = expectation("expect_column_values_to_match_regex", column="license", regex="(")

    with caplog.at_level(logging.DEBUG), warnings.catch_warnings():
        warnings.simplefilter("error")
        judge(tmp_path, in_set(), broken, expectation("expect_nothing"))

    assert [record.getMessage() for record in caplog.records] == []
    assert capfd.readouterr() == ("", "")


def fresh(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "GX_ANALYTICS_ENABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


RUN_ONE = f"""
import logging; logging.basicConfig(level=logging.DEBUG)
from pathlib import Path
from lineage_plugin.gate.suite import find_suite, load_suite, run_suites
rows = [{CLEAN!r}]
suite = load_suite(find_suite("model-training", Path("none")))
"""


def test_the_first_gate_of_a_process_is_quiet_too() -> None:
    """Importing Great Expectations logs hundreds of lines and warns of modules it uses."""
    done = fresh(
        RUN_ONE + "print(run_suites([suite], rows, columns=list(rows[0])).passed)", "-Werror"
    )

    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize("absent", ["great_expectations", "pandas"])
def test_a_missing_library_says_what_to_install(absent: str) -> None:
    code = (
        f"import sys; sys.modules[{absent!r}] = None\n{RUN_ONE}"
        "from lineage_plugin.errors import MissingLibrary\n"
        "try: run_suites([suite], rows, columns=list(rows[0]))\n"
        "except MissingLibrary as error: print(error)"
    )

    done = fresh(code)

    assert (
        done.stdout == f"{absent} is not installed; run: pip install {absent.replace('_', '-')}\n"
    )


def test_a_library_that_does_not_load_blocks() -> None:
    """An image with a broken pandas is not an image without one."""
    code = (
        "import sys; sys.modules['great_expectations.expectations'] = None\n"
        f"{RUN_ONE}run = run_suites([suite], rows, columns=list(rows[0]))\n"
        "print(run.passed, [f.kind for f in run.failures])"
    )

    done = fresh(code)

    assert done.stdout == "False ['error']\n", done.stderr
