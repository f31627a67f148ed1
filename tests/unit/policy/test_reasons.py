"""Every reason id: what is required, where that is written, and what changes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lineage_plugin import gate
from lineage_plugin.catalog.declarations import _DATASET
from lineage_plugin.gate.suite_file import load_suite, shipped_folder
from lineage_plugin.model import ChangeKind
from lineage_plugin.policy import reasons
from scripts.reference import FOLDER

PACKAGE = Path(gate.__file__).parent.parent

#: Calls whose first argument is the id of a reason.
MAKERS = {"Reason", "undecided"}


def named_in_code() -> Iterator[tuple[str, str]]:
    """Find the ids of reasons that the code spells out, and where."""
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) in MAKERS and node.args:
                for text in _texts(node.args[0]):
                    yield text, f"{file.name}:{node.lineno}"
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_NAMES":
                found = _texts(node.value) if file.parent.name == "gate" else ()
                yield from ((text, file.name) for text in found)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _texts(node: ast.AST | None) -> Iterator[str]:
    for each in ast.walk(node) if node is not None else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


#: What the first argument is made of where it is not spelt out: kinds of failures of a suite.
SPELT_ELSEWHERE = {"suite."}


def test_every_id_that_the_code_names_is_in_the_tables() -> None:
    named = dict(named_in_code())

    assert {"store.corrupt", "gate.error", "input.unresolved", "gate.no-reason"} <= named.keys()
    assert {i for i in named if i not in SPELT_ELSEWHERE and reasons.about(i) is None} == set()
    assert reasons.about("suite.error")
    assert reasons.about("suite.not-evaluated")


def test_every_id_is_listed_with_its_source_in_the_reference() -> None:
    page = (FOLDER / "verdicts.md").read_text("utf-8")
    rules = {
        e.rule for file in shipped_folder().glob("*.json") for e in load_suite(file).expectations
    }

    assert [i for i in (*reasons.known(), *sorted(rules)) if f"| `{i}` |" not in page] == []


@pytest.mark.parametrize("reason_id", reasons.known())
def test_every_id_says_what_is_required_where_that_is_written_and_what_to_do(
    reason_id: str,
) -> None:
    about = reasons.about(reason_id)

    assert about is not None
    assert reasons.FORM.fullmatch(reason_id)
    assert all((about.means, about.remedy, about.clause, about.source, about.changes))
    assert (ChangeKind.WAIVE in about.changes) == about.is_waivable


@pytest.mark.parametrize("reason_id", [i for i in reasons.known() if reasons.about(i).snippet])  # type: ignore[union-attr]
def test_every_snippet_is_yaml_with_the_keys_of_a_catalog(reason_id: str) -> None:
    about = reasons.about(reason_id)
    assert about is not None
    written = yaml.safe_load(about.snippet.format(purpose="model-training", dataset="s3://lake/x"))

    assert written
    assert written.keys() <= set(_DATASET)


def test_what_has_no_valid_basis_and_what_the_gate_lacks_is_never_waived() -> None:
    never = {i for i in reasons.known() if not reasons.is_waivable(i)}

    assert {"consent.withdrawn", "consent.invalidated", "consent.refused"} <= never
    assert {"store.corrupt", "catalog.invalid", "suite.error", "gate.error"} <= never
    assert "license.non-commercial" not in never
    assert reasons.is_waivable("a.rule-of-a-suite")
