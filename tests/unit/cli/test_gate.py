"""The gate at the command line is the gate of a task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
RunJson = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("recorded")


def test_a_denial_explains_itself_and_ends_with_3(run: Run, run_json: RunJson) -> None:
    result = run("gate", "s3://models/faces", "--for", "face-recognition")

    assert result.exit_code == 3
    assert result.stdout.startswith("DENIED  s3://models/faces  for face-recognition")
    assert "license.non-commercial" in result.stdout
    assert f"lineage-plugin explain {run_json('decisions')[0]['id']}" in result.stdout
    assert run_json("decisions")[0]["purpose"] == "face-recognition"


@pytest.mark.parametrize(
    "options", [["--no-record"], ["--at", "2026-05-03"]], ids=["no-record", "at"]
)
def test_a_question_need_not_be_recorded(run_json: RunJson, options: list[str]) -> None:
    before = run_json("decisions")
    asked = run_json("gate", "s3://models/faces", "--for", "model-training", *options, code=3)

    assert asked["outcome"] == "DENIED"
    assert run_json("decisions") == before


def test_a_mistyped_purpose_is_refused_with_a_suggestion_and_not_recorded(
    run: Run, run_json: RunJson
) -> None:
    before = run_json("decisions")
    result = run("gate", "s3://models/faces", "--for", "face-recogniton")

    assert result.exit_code == 2
    assert "did you mean 'face-recognition'?" in result.stderr
    assert run_json("decisions") == before


def test_an_unknown_dataset_is_undecided_with_a_suggestion(run: Run) -> None:
    result = run("gate", "s3://model/faces", "--for", "model-training")

    assert result.exit_code == 4
    assert "did you mean s3://models/faces?" in result.stderr


def test_sound_provenance_is_allowed_and_ends_with_0(run: Run, recorded: Path) -> None:
    (recorded / "agreement.txt").write_text("signed", encoding="utf-8")
    (recorded / "provenance.yaml").write_text(
        "version: 1\nauthority: team-vision\ndatasets:\n  s3://lake/photos:\n"
        "    origin: external\n"
        "    source: {issuer: Acme GmbH, method: user-generated-content}\n"
        "    license: CC-BY-4.0\n"
        "    consent: {none: no people shown}\n"
        "    custody: [{from: Acme, to: us, event: licensed, agreement: agreement.txt}]\n",
        encoding="utf-8",
    )
    result = run("gate", "s3://models/faces", "--for", "model-training")

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("ALLOWED")


def test_a_time_that_is_none_is_wrong_input(run: Run) -> None:
    result = run("gate", "s3://a/b", "--for", "x", "--at", "yesterday")

    assert result.exit_code == 2
    assert "2026-05-03" in result.stderr


def test_giving_is_asked_with_a_recipient_and_shown_with_it(run: Run, run_json: RunJson) -> None:
    asked = ("gate", "s3://models/faces", "--for", "disclosure", "--recipient", "Clear AI")
    result = run(*asked)

    assert result.exit_code == 3
    assert result.stdout.startswith("DENIED  s3://models/faces  for disclosure to Clear AI")
    assert "no agreement with Clear AI is on record" in result.stdout
    assert run_json("decisions")[0]["recipient"] == "Clear AI"
    assert len(run_json("decisions", "--recipient", "clear  ai")) == 1
    assert run_json("decisions", "--recipient", "Globex") == []


def test_a_recipient_of_what_gives_nothing_is_a_mistake(run: Run) -> None:
    result = run("gate", "s3://models/faces", "--for", "model-training", "--recipient", "Acme")

    assert result.exit_code == 2
    assert "model-training gives nothing to anybody" in result.stderr
