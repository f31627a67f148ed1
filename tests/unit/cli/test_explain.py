"""Why a gate refused, on whose word, and what would change that: ``lineage-plugin explain``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator

from scripts.reference import explanation_schema
from tests.unit.cli.conftest import PHOTOS

Run = Callable[..., Result]
RunJson = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("recorded")

ASK = ("explain", "s3://models/faces", "--for", "face-recognition")

SCHEMA = json.loads(explanation_schema().read_text("utf-8"))


def of_id(reasons: Sequence[dict[str, Any]], reason_id: str) -> dict[str, Any]:
    """Return the one reason with this id."""
    (found,) = [reason for reason in reasons if reason["id"] == reason_id]
    return found


def complaints(plain: object) -> list[str]:
    """Return what its schema has against an explanation."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(plain)]


def test_the_first_screen_says_what_stands_in_the_way_and_what_to_do(run: Run) -> None:
    screen = run(*ASK).stdout.splitlines()[:24]

    assert screen[0] == "DENIED  s3://models/faces  for face-recognition"
    assert screen[1].startswith("The body must not run: ")
    assert "license.non-commercial" in screen[4]
    assert any(line.startswith("What to do about the first, one of:") for line in screen)
    assert "            s3://lake/photos:" in screen
    assert any("lineage-plugin waive license.non-commercial" in line for line in screen)


def test_each_reason_says_rule_source_way_with_runs_and_who_said_it(run_json: RunJson) -> None:
    told = run_json(*ASK)
    reason = of_id(told["reasons"], "license.non-commercial")

    assert complaints(told) == []
    assert reason["clause"] == "The terms under which data came permit what it is used for."
    assert reason["source"].startswith("CC legal code 4.0 s.1(i)")
    assert [(s["dataset"], s["job"], s["run"], s["edges"]) for s in reason["steps"]] == [
        ("s3://models/faces", "airflow/faces.train", "group-2", ["train"]),
        ("s3://lake/faces", "airflow/faces.embed", "group-1", ["embed"]),
        ("s3://lake/photos", "", "", []),
    ]
    (said,) = reason["testimony"]
    assert (said["authority"], said["says"], said["assurance"]) == (
        "team-vision",
        "declared: CC-BY-NC-4.0",
        "asserted",
    )
    assert said["where"].endswith("provenance.yaml:4")
    assert [change["kind"] for change in reason["changes"]] == ["obtain", "exclude", "waive"]


def test_a_schema_that_accepted_everything_would_prove_nothing(run_json: RunJson) -> None:
    told = run_json(*ASK)
    told["reasons"][0]["changes"][0]["kind"] = "pray"

    assert complaints(told)
    assert complaints({})


def test_evidence_is_named_with_its_digest(run_json: RunJson, recorded: Path) -> None:
    (recorded / "terms.txt").write_text("no commerce", encoding="utf-8")
    catalog = recorded / "provenance.yaml"
    catalog.write_text(catalog.read_text("utf-8") + "    evidence: [terms.txt]\n", "utf-8")
    (said,) = of_id(run_json(*ASK)["reasons"], "license.non-commercial")["testimony"]

    assert said["assurance"] == "documented"
    assert said["evidence"][0]["uri"] == "terms.txt"
    assert len(said["evidence"][0]["sha256"]) == 64


def test_doing_what_it_says_changes_the_verdict(run_json: RunJson, recorded: Path) -> None:
    before = run_json(*ASK)["reasons"]
    custody = of_id(before, "custody.absent")["changes"][0]
    assert custody["where"].startswith(str(recorded / "provenance.yaml"))
    (recorded / "agreement.txt").write_text("signed", encoding="utf-8")
    filled = custody["snippet"]
    for blank, value in {
        "<who gave it>": "Acme",
        "<who received it>": "us",
        "<licensed, published, ...>": "licensed",
        "<file or address of the agreement>": "agreement.txt",
    }.items():
        assert blank in filled
        filled = filled.replace(blank, value)
    catalog = recorded / "provenance.yaml"
    body = filled.partition("s3://lake/photos:\n")[2]
    catalog.write_text(f"{catalog.read_text('utf-8')}{body}\n", "utf-8")

    after = [reason["id"] for reason in run_json(*ASK)["reasons"]]

    assert "custody.absent" not in after
    assert set(after) < {reason["id"] for reason in before}


def test_a_decision_on_record_is_explained_by_what_was_known_then(
    run: Run, run_json: RunJson, recorded: Path
) -> None:
    assert run("gate", "s3://models/faces", "--for", "face-recognition").exit_code == 3
    (decision,) = run_json("decisions", "--dataset", "s3://models/faces", "--outcome", "DENIED")
    (recorded / "provenance.yaml").unlink()
    told = run_json("explain", decision["id"][:8])

    assert complaints(told) == []
    assert told["decision"]["id"] == decision["id"]
    reason = of_id(told["reasons"], "license.non-commercial")
    assert reason["testimony"][0]["says"] == "declared: CC-BY-NC-4.0"
    assert len(reason["steps"]) == 3


def test_one_reason_alone_is_told_in_full(run: Run) -> None:
    told = run(*ASK, "--reason", "custody.absent").stdout

    assert "1. custody.absent  s3://lake/photos" in told
    assert "license.non-commercial" not in told


def test_a_reason_that_it_does_not_have_is_wrong_input(run: Run) -> None:
    result = run(*ASK, "--reason", "custody.gap")

    assert result.exit_code == 2
    assert "it has: license.non-commercial" in result.stderr


def test_a_decision_of_an_older_release_still_says_rule_and_source(run: Run) -> None:
    told = run("explain", "denied-1").stdout

    assert "get another license" in told
    assert "lineage-plugin trace s3://lake/faces --from s3://lake/photos" in told


def test_what_the_gate_lacks_is_explained_too(run: Run, run_json: RunJson, recorded: Path) -> None:
    (recorded / "provenance.yaml").write_text("version: 7\n", encoding="utf-8")
    told = run_json(*ASK)
    (reason,) = told["reasons"]

    assert complaints(told) == []
    assert reason["id"] == "catalog.invalid"
    assert reason["clause"] == "A gate that cannot tell does not let the body run."
    assert reason["changes"][0]["command"] == "lineage-plugin catalog check"
    assert "lineage-plugin catalog check" in run(*ASK).stdout


def test_a_permission_is_explained_in_a_sentence(run: Run, run_json: RunJson) -> None:
    assert "The body may run: 3 rows" in run("explain", "allowed-1").stdout
    assert complaints(run_json("explain", "allowed-1")) == []


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("explain", "s3://models/faces"), "--for PURPOSE"),
        (("explain", "nobody"), "lineage-plugin decisions lists them"),
        (("explain", "x/y", "--for", "model-trainin"), "did you mean 'model-training'?"),
        (("explain", "denied-1", "--as-of", "2026-05-03"), "need --for"),
    ],
    ids=["dataset-without-purpose", "unknown-id", "unknown-purpose", "moment-of-a-decision"],
)
def test_what_cannot_be_explained_is_wrong_input(
    run: Run, arguments: tuple[str, ...], hint: str
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert hint in result.stderr


def test_nothing_is_recorded_by_explaining(run_json: RunJson) -> None:
    before = run_json("decisions")
    run_json(*ASK)

    assert run_json("decisions") == before


def test_another_moment_can_be_explained(run_json: RunJson) -> None:
    told = run_json(*ASK, "--as-of", "2026-01-02", "--known-at", "4")

    assert told["decision"]["at"] == "2026-01-02T00:00:00Z"
    assert PHOTOS.uri in {reason["dataset"] for reason in told["reasons"]}
