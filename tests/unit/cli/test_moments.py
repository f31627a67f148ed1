"""Asking about another moment, by either clock, and making decisions again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lineage_plugin.model import DatasetRef, Output, RunFacts, RunState
from lineage_plugin.store import open_store
from tests.unit.cli.conftest import MODEL, PHOTOS, START_US

Run = Callable[..., Result]
RunJson = Callable[..., Any]

SCRAPED = DatasetRef("s3://lake", "scraped")

#: 3 January 2026.
LATE_US = START_US + 2 * 86_400_000_000


@pytest.fixture(autouse=True)
def late(recorded: Path) -> None:
    """A run of 1 January that also went into the model, recorded on the 3rd."""
    facts = RunFacts(
        "run-9",
        "airflow",
        "faces.mix",
        RunState.COMPLETE,
        START_US + 5_000_000,
        "group-9",
        inputs=(SCRAPED,),
        outputs=(Output(MODEL),),
    )
    path = recorded / "lineage_plugin" / "record.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.append_runs([(facts, "{}")], recorded_us=LATE_US)


def sources(run_json: RunJson, *options: str) -> set[str]:
    return {row["dataset"] for row in run_json("trace", MODEL.uri, *options)} - {MODEL.uri}


@pytest.mark.parametrize("then", ["2026-01-02", "6", "2026-01-03T00:59+01:00"])
def test_trace_tells_what_was_known_then(run_json: RunJson, then: str) -> None:
    assert sources(run_json) == {PHOTOS.uri, "s3://lake/faces", SCRAPED.uri}
    assert sources(run_json, "--known-at", then) == {PHOTOS.uri, "s3://lake/faces"}


def test_trace_tells_what_there_was_then(run_json: RunJson) -> None:
    assert sources(run_json, "--as-of", "2026-01-01T00:00:03Z") == {PHOTOS.uri, "s3://lake/faces"}


def test_show_tells_who_had_written_it_then_and_says_so(run: Run, run_json: RunJson) -> None:
    result = run("show", MODEL.uri, "--as-of", "2026-01-01T00:00:03", "--known-at", "2026-01-04")

    assert result.exit_code == 0, result.output
    assert "faces.mix" not in result.stdout
    assert "as of 2026-01-01T00:00:03Z, as known at 2026-01-04T00:00:00Z" in result.stderr
    assert "--as-of 2026-01-01T00:00:03Z --known-at 2026-01-04T00:00:00Z" in result.stdout
    assert run_json("show", MODEL.uri, "--known-at", "6")["known_seq"] == 6


def test_a_dataset_that_was_not_known_then_is_not_shown_as_empty(run: Run) -> None:
    result = run("show", SCRAPED.uri, "--known-at", "2026-01-02")

    assert result.exit_code == 2
    assert "knows no dataset s3://lake/scraped as known at 2026-01-02" in result.stderr


def test_what_catalog_files_say_today_was_not_known_before_it_was_recorded(
    run: Run, run_json: RunJson
) -> None:
    asked = ("gate", MODEL.uri, "--for", "model-training")
    run(*asked)

    then = run_json(*asked, "--known-at", "6", "--as-of", "2026-01-01T00:00:06Z", code=4)

    assert run_json(*asked, code=3)["outcome"] == "DENIED"
    assert {reason["id"] for reason in then["reasons"]} == {"lineage.unknown-producer"}


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--known-at", "1000000", "the record ends with entry 7"),
        ("--known-at", "yesterday", "2026-05-03"),
        ("--known-at", "-5", "2026-05-03"),
        ("--as-of", "20260503", "2026-05-03"),
        ("--as-of", "", "2026-05-03"),
    ],
)
def test_a_moment_that_is_none_is_wrong_input(run: Run, option: str, value: str, says: str) -> None:
    result = run("show", MODEL.uri, option, value)

    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize("then", ["1969-07-20T20:17Z", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_any_time_of_the_calendar_can_be_asked_about(run: Run, then: str) -> None:
    assert run("show", PHOTOS.uri, "--as-of", then).exit_code == 0
    assert run("trace", PHOTOS.uri, "--known-at", then).exit_code in {0, 2}


def test_a_decision_is_made_again(run: Run, run_json: RunJson) -> None:
    asked = run_json("gate", MODEL.uri, "--for", "model-training", code=3)

    again = run_json("decisions", asked["id"], "--replay")
    told = run("decisions", asked["id"][:8], "--replay").stdout

    assert (again["verdict"], again["differences"]) == ("identical", [])
    assert again["again"]["reasons"] == asked["reasons"]
    assert told.startswith(f"IDENTICAL  decision {asked['id']}")


def test_a_decision_that_the_record_does_not_bear_out_ends_with_3_or_4(
    run: Run, run_json: RunJson
) -> None:
    """It names no release, and was made of nothing: somebody slipped it in."""
    result = run("decisions", "denied-1", "--replay")

    assert result.exit_code == 4
    assert result.stdout.startswith("CHANGED")
    changed = [
        d["what"] for d in run_json("decisions", "denied-1", "--replay", code=4)["differences"]
    ]
    assert changed[0] == "policy"
    assert "frame_digest" in changed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["nobody"], "holds no decision 'nobody'"), ([], "decisions ID --replay")],
)
def test_only_a_decision_on_record_can_be_made_again(
    run: Run, arguments: list[str], says: str
) -> None:
    result = run("decisions", *arguments, "--replay")

    assert result.exit_code == 2
    assert says in result.stderr
