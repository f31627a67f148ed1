"""What a run wrote is held back, and what is made from it with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from lineage_plugin.cli import command
from lineage_plugin.gate.sync import put_on_record
from lineage_plugin.model import Outcome, Statement, StatementKind, Subject
from lineage_plugin.store.spool import Spool
from tests.support.gatehouse import CLEAN, RULE, SECOND, Gatehouse, only, roots, subject, uri


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from a clean root."""
    house = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    return house.ran("take", (), ["raw"]).ran("scale", ["raw"], ["features"])


def quarantine(house: Gatehouse, run: Subject, *names: str, key: str = "q") -> Statement:
    house.now_us += SECOND
    said = Statement(
        key,
        StatementKind.QUARANTINE,
        "the gate",
        "it read something else",
        house.now_us,
        datasets=tuple(map(uri, names)),
        subject=run,
        decision="d1",
    )
    assert put_on_record(said, house.settings, recorded_us=house.now_us)
    return said


def test_what_is_held_back_passes_no_gate(house: Gatehouse) -> None:
    quarantine(house, subject("scale"), "features")

    decision = house.ask("features")

    reason = only(decision.reasons)
    assert decision.outcome is Outcome.DENIED
    assert (reason.id, reason.dataset) == ("quarantine.held", uri("features"))
    assert "quarantine lift q " in reason.remedy


def test_a_decision_made_before_is_not_said_again(house: Gatehouse) -> None:
    assert house.ask("features").outcome is Outcome.ALLOWED
    quarantine(house, subject("scale"), "features")

    assert house.ask("features").outcome is Outcome.DENIED


def test_what_was_made_from_it_is_held_back_too(house: Gatehouse) -> None:
    house.ran("train", ["features"], ["model"]).ran("serve", ["model"], ["answers"])
    quarantine(house, subject("scale"), "features")

    assert house.verdicts("answers") == (Outcome.DENIED, ["quarantine.held"])
    assert house.verdicts("raw") == (Outcome.ALLOWED, [])


def test_a_suite_that_does_not_ask_lets_nothing_pass_that_is_held_back(house: Gatehouse) -> None:
    house.suite("lax", RULE)
    house.policy("  model-training:\n    suites: [lax]\n")
    quarantine(house, subject("scale"), "features")

    assert house.verdicts("features") == (Outcome.DENIED, ["quarantine.held"])


def test_whatever_the_run_wrote_is_held_back_whether_it_is_named_or_not(house: Gatehouse) -> None:
    quarantine(house, subject("scale"))

    assert house.verdicts("features") == (Outcome.DENIED, ["quarantine.held"])


def test_a_later_run_that_replaces_it_wholly_makes_a_version_that_nobody_holds(
    house: Gatehouse,
) -> None:
    house.ran("train", ["features"], ["model"])
    quarantine(house, subject("scale"), "features")
    house.ran("scale", ["raw"], ["features"], group="tuesday", overwrites=True)

    assert house.verdicts("features") == (Outcome.ALLOWED, [])
    assert house.verdicts("model") == (Outcome.DENIED, ["quarantine.held"])


def test_a_later_run_that_adds_to_it_frees_nothing(house: Gatehouse) -> None:
    quarantine(house, subject("scale"), "features")
    house.ran("scale", ["raw"], ["features"], group="tuesday")

    assert house.verdicts("features") == (Outcome.DENIED, ["quarantine.held"])


def test_a_person_may_hold_back_all_that_there_is_of_a_dataset(house: Gatehouse) -> None:
    quarantine(house, Subject(), "features")
    assert house.verdicts("features") == (Outcome.DENIED, ["quarantine.held"])
    house.ran("scale", ["raw"], ["features"], group="tuesday", overwrites=True)

    assert house.verdicts("features") == (Outcome.ALLOWED, [])


def test_a_quarantine_that_the_record_cannot_take_waits_and_counts(house: Gatehouse) -> None:
    said = Statement(
        "q", StatementKind.QUARANTINE, "the gate", "why", house.now_us, subject=subject("scale")
    )
    away = replace(house.settings, store_url="sqlite:////proc/nowhere/record.db")

    assert not put_on_record(said, away, recorded_us=house.now_us)
    assert Spool(house.settings.state_dir).pending() == 1
    assert house.verdicts("features") == (Outcome.DENIED, ["quarantine.held"])
    assert Spool(house.settings.state_dir).pending() == 0


def test_a_quarantine_that_can_be_kept_nowhere_leaves_every_gate_undecided(
    house: Gatehouse,
) -> None:
    house.settings.state_dir.mkdir(exist_ok=True)
    (house.settings.state_dir / "spool").touch()  # a file where the folder would be
    said = Statement("q", StatementKind.QUARANTINE, "the gate", "why", house.now_us)
    away = replace(house.settings, store_url="sqlite:////proc/nowhere/record.db")

    assert not put_on_record(said, away, recorded_us=house.now_us)
    assert house.verdicts("features") == (Outcome.UNDECIDED, ["store.unavailable"])


def test_a_person_lists_and_lifts_it_under_their_name(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(house.home))
    quarantine(house, subject("scale"), "features", key="q-1")
    run = CliRunner().invoke

    (row,) = json.loads(run(command, ["quarantine", "list", "--format", "json"]).stdout)
    assert (row["id"], row["datasets"], row["job"]) == ("q-1", [uri("features")], "scale")
    assert run(command, ["quarantine", "lift", "q", "--by", " ", "--why", "x"]).exit_code == 2
    assert run(command, ["quarantine", "lift", "other", "--by", "Ada", "--why", "x"]).exit_code == 2
    done = run(command, ["quarantine", "lift", "q", "--by", "Ada", "--why", "judged since"])
    assert done.exit_code == 0, done.output

    house.now_us = 4_000_000_000_000_000  # the command has the machine's clock
    assert house.verdicts("features") == (Outcome.ALLOWED, [])
    assert json.loads(run(command, ["quarantine", "list", "--format", "json"]).stdout) == []
    (row,) = json.loads(run(command, ["quarantine", "list", "--all", "--format", "json"]).stdout)
    assert row["state"] == "lifted by Ada"
