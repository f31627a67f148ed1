"""What is owed, at the command line, and glass that is broken there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
RunJson = Callable[..., Any]

CREATE = ("baseline", "create", "--for", "model-training", "--by", "Ada", "--why", "it was there")
BREAK = ("break-glass", "--dag", "faces", "--task", "train", "--run", "monday", "--by", "Ada")


@pytest.fixture
def quick(recorded: Path) -> Path:
    """A policy of one rule, so that Great Expectations has little to do."""
    (recorded / "policy.yaml").write_text("version: 1\npurposes: {model-training: [quick]}\n")
    (recorded / "expectations").mkdir()
    rule = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
    }
    suite = {"name": "quick", "expectations": [rule]}
    (recorded / "expectations" / "quick.json").write_text(json.dumps(suite))
    return recorded


@pytest.mark.usefixtures("quick")
def test_a_baseline_is_made_listed_compared_and_ended(run: Run, run_json: RunJson) -> None:
    new = run_json("baseline", "diff", "--for", "model-training")
    made = run_json(*CREATE)
    listed = run_json("baseline", "list")
    owed = run_json("baseline", "diff", "--for", "model-training")
    asked = run_json("gate", "s3://models/faces", "--for", "model-training")

    assert [(row["state"], row["dataset"]) for row in new] == [("new", "s3://lake/photos")]
    assert made == listed
    assert [(row["by"], row["why"], row["rule"]) for row in made] == [
        ("Ada", "it was there", "license.non-commercial")
    ]
    assert [row["state"] for row in owed] == ["owed"]
    assert (asked["outcome"], asked["would_be"], asked["mode"]) == ("ALLOWED", "DENIED", "warn")
    assert run_json(*CREATE) == []

    ended = run("baseline", "end", "--for", "model-training", "--by", "Bo", "--why", "enough")
    assert ended.exit_code == 0, ended.output
    assert run_json("baseline", "list") == []
    again = run("gate", "s3://models/faces", "--for", "model-training")
    assert again.exit_code == 3


@pytest.mark.usefixtures("quick")
def test_what_was_let_pass_is_shown_to_people(run: Run) -> None:
    assert run(*CREATE).exit_code == 0
    asked = run("gate", "s3://models/faces", "--for", "model-training")

    assert asked.stdout.startswith("ALLOWED (warn: DENIED)  s3://models/faces")
    assert "Let pass, and owed:" in asked.stdout
    assert "ALLOWED (warn: DENIED)" in run("decisions").stdout


def test_a_gate_that_cannot_decide_makes_no_baseline(quick: Path, run: Run) -> None:
    (quick / "expectations" / "quick.json").write_text("{")
    result = run(*CREATE)

    assert result.exit_code == 4
    assert "the gate itself cannot decide" in result.stderr


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        (["--until", "2020-01-01"], "over already"),
        (["--until", "soon"], "write a date"),
        (["--by", " "], "a person says why"),
    ],
    ids=["past", "no date", "nobody"],
)
def test_what_is_mistyped_is_refused(run: Run, more: list[str], wrong: str) -> None:
    result = run(*CREATE, *more)

    assert result.exit_code == 2
    assert wrong in result.stderr


def test_nothing_that_is_not_owed_can_be_ended(quick: Path, run: Run) -> None:
    result = run("baseline", "end", "--for", "model-training", "--by", "Bo", "--why", "enough")

    assert (result.exit_code, "nothing of that is owed" in result.stderr) == (2, True)


def test_glass_is_broken_for_one_run_and_told_when_there_is_no_need(
    recorded: Path, run: Run
) -> None:
    result = run(*BREAK, "--why", "the disk failed")
    (file,) = (recorded / "lineage_plugin" / "break-glass").glob("*.json")

    assert result.exit_code == 0, result.output
    assert file.stem == result.stdout.strip()
    assert file.stat().st_mode & 0o077 == 0
    assert "as long as it can, this opens nothing" in result.stderr


@pytest.mark.parametrize("more", [["--hours", "25", "--why", "x"], ["--why", " "], []])
def test_glass_is_not_broken_for_days_or_without_a_word(run: Run, more: list[str]) -> None:
    assert run(*BREAK, *more).exit_code == 2
