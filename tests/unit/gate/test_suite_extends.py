"""A suite that extends others asks all that they ask, and more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.errors import SuiteError
from lineage_plugin.gate.suite_file import load_suite

Write = Callable[..., Path]


def rule(name: str, *, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    asked = {"column": "license_verdict", "value_set": ["permitted"], **kwargs}
    return {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": asked,
        "severity": severity,
        "meta": {"rule": name},
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, *expectations: dict[str, Any], **meta: Any) -> Path:
        file = tmp_path / f"{name}.json"
        raw = {"name": name, "meta": meta, "expectations": list(expectations)}
        file.write_text(json.dumps(raw, indent=1), "utf-8")
        return file

    return written


def problems_of(file: Path) -> list[str]:
    with pytest.raises(SuiteError) as raised:
        load_suite(file)
    return [str(problem) for problem in raised.value.problems]


A = rule("ours.a")
B = rule("ours.b", column="consent_verdict", value_set=["valid"])
C = rule("ours.c", column="custody_verdict", value_set=["complete"])


def test_all_expectations_of_the_other_are_added_with_their_own_lines(write: Write) -> None:
    below = write("below", B, C)
    suite = load_suite(write("above", A, extends=["below"]))

    assert [(e.rule, e.inherited_from) for e in suite.expectations] == [
        ("ours.a", ""),
        ("ours.b", "below"),
        ("ours.c", "below"),
    ]
    assert suite.where(suite.expectations[1]) == f"{below}:{load_suite(below).expectations[0].line}"
    assert suite.columns == {"license_verdict", "consent_verdict", "custody_verdict"}
    assert suite.extends == ("below",)


def test_a_shipped_suite_is_extended_where_none_of_that_name_lies_beside(write: Write) -> None:
    suite = load_suite(write("ours", rule("ours.a"), extends=["face-recognition"]))

    assert {e.inherited_from for e in suite.expectations} == {"", "face-recognition"}
    write("face-recognition", B)
    assert len(load_suite(write("ours", A, extends=["face-recognition"])).expectations) == 2


def test_what_is_asked_by_two_ways_is_asked_once(write: Write) -> None:
    write("root", C)
    write("left", A, extends=["root"])
    write("right", B, extends=["root"])

    suite = load_suite(write("ours", rule("ours.own"), extends=["left", "right"]))

    assert sorted(e.rule for e in suite.expectations) == [
        "ours.a",
        "ours.b",
        "ours.c",
        "ours.own",
    ]


def test_a_rule_may_be_raised_and_is_then_asked_once(write: Write) -> None:
    write("below", B, rule("ours.a", severity="warning"))

    suite = load_suite(write("above", rule("ours.a"), extends=["below"]))

    assert [(e.rule, e.severity) for e in suite.expectations] == [
        ("ours.a", "critical"),
        ("ours.b", "critical"),
    ]


def test_a_rule_that_is_written_anew_does_not_take_the_place_of_the_old_one(write: Write) -> None:
    """Otherwise a wider set of the same name would let pass what the other suite blocks."""
    write("below", A)
    wider = rule("ours.a", value_set=["permitted", "absent"])

    suite = load_suite(write("above", wider, extends=["below"]))

    assert [e.kwargs["value_set"] for e in suite.expectations] == [
        ["permitted", "absent"],
        ["permitted"],
    ]


def test_a_rule_may_not_be_lowered(write: Write) -> None:
    write("below", A)
    write("between", B, extends=["below"])

    file = write("above", C, rule("ours.a", severity="warning"), extends=["between"])

    (problem,) = problems_of(file)
    assert problem.startswith(
        "rule 'ours.a' is warning here and critical in suite 'below', which is extended"
    )
    assert f"{file}:" in problem


def test_the_severer_of_two_that_ask_the_same_counts_whatever_their_order(write: Write) -> None:
    write("mild", B, rule("ours.a", severity="warning"))
    write("strict", A)

    found = [
        load_suite(write("ours", C, extends=names)).expectations
        for names in (["mild", "strict"], ["strict", "mild"])
    ]

    assert found[0] == found[1]
    assert {e.rule: e.severity for e in found[0]}["ours.a"] == "critical"


def test_a_suite_whose_extended_ones_block_may_only_warn_itself(write: Write) -> None:
    write("below", A)

    suite = load_suite(write("above", rule("ours.w", severity="warning"), extends=["below"]))

    assert suite.severities == {"warning", "critical"}


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        (["ours"], "suite 'ours' extends itself: ours -> ours"),
        (["missing"], "meta.extends: no suite 'missing'"),
        (["../x"], "meta.extends: '../x' does not name a suite"),
        ("below", "'meta.extends' is 'below'"),
        ([1], "'meta.extends' is [1]"),
        ([""], "'meta.extends' is ['']"),
        ([["x"]], "'meta.extends' is [['x']]"),
    ],
    ids=str,
)
def test_what_cannot_be_extended_is_refused(write: Write, extends: object, message: str) -> None:
    file = write("ours", A, extends=extends)

    (problem,) = problems_of(file)

    assert problem.startswith(message), problem
    assert f"{file}:1" in problem


def test_suites_in_a_circle_are_refused(write: Write) -> None:
    write("b", B, extends=["c"])
    write("c", C, extends=["a"])

    (problem,) = problems_of(write("a", A, extends=["b"]))

    assert problem.startswith("suite 'a' extends itself: a -> b -> c -> a")


def test_a_very_long_row_is_refused(write: Write) -> None:
    write("s0", A)
    for number in range(1, 50):
        last = write(f"s{number}", A, extends=[f"s{number - 1}"])

    assert problems_of(last)[0].startswith("more than 32 suites in a row")


def test_all_that_is_wrong_in_the_chain_is_said_at_once(write: Write) -> None:
    write("bad", {**A, "severity": "blocker"})
    write("worse", {"type": ""})

    found = problems_of(write("ours", A, extends=["bad", "worse", "none"]))

    assert len(found) == 3


def test_the_digest_covers_the_whole_chain(write: Write) -> None:
    write("root", C)
    write("below", B, extends=["root"])
    above = write("above", A, extends=["below"])
    before = load_suite(above).digest

    write("root", rule("ours.c", column="custody_verdict", value_set=["first-party"]))

    assert load_suite(above).digest != before


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lib" / "our_company"
    folder.mkdir(parents=True)
    # An import of either would fail the test.
    (folder / "__init__.py").write_text("raise SystemExit\n")
    (folder / "rules.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


@pytest.mark.parametrize("name", ["our_company", "our_company.rules"])
def test_the_digest_covers_the_source_of_modules_without_importing_them(
    write: Write, module: Path, name: str
) -> None:
    file = write("ours", A, modules=[name])
    plain = load_suite(write("plain", A)).digest
    before = load_suite(file)
    inherited = load_suite(write("above", B, extends=["ours"]))

    (module / "rules.py").write_text("raise SystemExit  # changed\n")
    after = load_suite(file)

    assert before.modules[0].name == name
    assert inherited.modules == before.modules
    assert len({plain, before.digest, after.digest}) == 3
    assert load_suite(file.with_name("above.json")).digest != inherited.digest


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (["our_company.nowhere"], "module 'our_company.nowhere' cannot be found"),
        (["our_company.rules.deeper"], "module 'our_company.rules.deeper' cannot be found"),
        (["no_such_company"], "module 'no_such_company' cannot be found"),
        (["sys"], "module 'sys' cannot be found"),
        (["../evil"], "'meta.modules' is ['../evil']"),
        ("our_company", "'meta.modules' is 'our_company'"),
        ([{}], "'meta.modules' is [{}]"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("module")
def test_a_module_that_cannot_be_had_is_refused(
    write: Write, modules: object, message: str
) -> None:
    (problem,) = problems_of(write("ours", A, modules=modules))

    assert problem.startswith(message), problem


def test_a_module_that_cannot_be_read_is_refused(write: Write, module: Path) -> None:
    (module / "rules.py").unlink()
    (module / "rules.py").mkdir()
    (module / "rules.py" / "loop.py").symlink_to("loop.py")

    assert "rules" in problems_of(write("ours", A, modules=["our_company.rules"]))[0]
