"""Letting one run go on while the record cannot be reached."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lineage_plugin.gate import break_glass
from lineage_plugin.model import (
    Outcome,
    Reason,
    Statement,
    StatementKind,
    Subject,
)
from tests.support.gatehouse import CLEAN, RULE, SECOND, Gatehouse, roots

RUN = Subject(
    job_name="faces.train",
    group="monday",
    run_id="try-1",
    dag_id="faces",
    task_id="train",
    dag_run_id="monday",
)
HOUR = 3600 * SECOND


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    found = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    found.suite("quick", RULE)
    found.policy("  model-training: [quick]\n")
    assert found.ask("raw").outcome is Outcome.ALLOWED
    return found


@pytest.fixture
def down(house: Gatehouse) -> Callable[[], None]:
    """Put the record where nobody can reach it; called again, put it back."""
    away = house.home / "away"

    def toggle() -> None:
        if away.exists():
            house.record.rmdir()
            away.rename(house.record)
        else:
            house.record.rename(away)
            house.record.mkdir()

    return toggle


def issue(house: Gatehouse, subject: Subject = RUN, *, hours: int = 4) -> Path:
    statement = Statement(
        id=f"glass-{house.now_us}",
        kind=StatementKind.BREAK_GLASS,
        actor="Ada",
        why="the disk failed",
        at_us=house.now_us,
        until_us=house.now_us + hours * HOUR,
        subject=subject,
    )
    return break_glass.issue(statement, house.settings.state_dir)


def test_one_run_goes_on_and_is_recorded_when_the_record_is_back(
    house: Gatehouse, down: Callable[[], None]
) -> None:
    down()
    before = house.ask("raw", subject=RUN)
    issue(house)
    during = house.ask("raw", subject=RUN)

    assert [reason.id for reason in before.reasons] == ["store.unavailable"]
    assert (during.outcome, during.would_be) == (Outcome.ALLOWED, Outcome.UNDECIDED)
    assert [reason.id for reason in during.owed] == ["store.unavailable"]
    assert during.break_glass.startswith("glass-")
    down()
    house.ask("raw")
    with house.store() as store:
        (statement,) = store.statements(kinds=(StatementKind.BREAK_GLASS,))
        assert (statement.actor, statement.decision) == ("Ada", during.id)
        assert statement.subject == RUN
        assert store.decision(during.id) == during
        assert store.verify().faults == ()


def test_once_the_record_takes_decisions_again_nothing_is_left_of_it(house: Gatehouse) -> None:
    """A record that is read but not written, as on a full disk, was down all the same."""
    house.settings = replace(house.settings, append_budget_ms=100)
    issue(house)
    with closing(sqlite3.connect(house.record, isolation_level=None)) as locked:
        locked.execute("BEGIN IMMEDIATE")
        assert house.ask("raw", subject=RUN).break_glass

    after = house.ask("raw", subject=replace(RUN, dag_run_id="tuesday", run_id="other"))

    assert (after.outcome, after.reasons, after.break_glass) == (Outcome.ALLOWED, (), "")


def test_it_is_used_once_but_may_be_asked_again_by_the_same_try(
    house: Gatehouse, down: Callable[[], None]
) -> None:
    """A deferred task passes its gate a second time when it resumes."""
    down()
    issue(house)

    assert house.ask("raw", subject=RUN).outcome is Outcome.ALLOWED
    assert house.ask("raw", subject=RUN).outcome is Outcome.ALLOWED
    assert house.ask("raw", subject=replace(RUN, run_id="try-2")).outcome is Outcome.UNDECIDED


def test_a_used_one_that_is_put_back_opens_nothing(
    house: Gatehouse, down: Callable[[], None]
) -> None:
    down()
    file = issue(house)
    kept = house.home / "kept.json"
    shutil.copy2(file, kept)
    house.ask("raw", subject=RUN)
    down()
    house.ask("raw")
    assert not file.exists()
    shutil.copy2(kept, file)
    down()

    assert house.ask("raw", subject=replace(RUN, run_id="try-2")).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    "other",
    [
        replace(RUN, dag_id="maps"),
        replace(RUN, task_id="fit"),
        replace(RUN, dag_run_id="tuesday"),
        replace(RUN, map_index=3),
    ],
    ids=["dag", "task", "run", "map index"],
)
def test_it_is_for_no_other_run(house: Gatehouse, down: Callable[[], None], other: Subject) -> None:
    down()
    issue(house)

    assert house.ask("raw", subject=other).outcome is Outcome.UNDECIDED
    assert house.ask("raw", subject=RUN).outcome is Outcome.ALLOWED


def test_it_ends_after_hours_and_is_recorded_unused(
    house: Gatehouse, down: Callable[[], None]
) -> None:
    down()
    issue(house, hours=1)
    house.now_us += HOUR

    assert house.ask("raw", subject=RUN).outcome is Outcome.UNDECIDED
    down()
    house.ask("raw")
    with house.store() as store:
        (statement,) = store.statements(kinds=(StatementKind.BREAK_GLASS,))
    assert statement.decision == ""


def _forge(file: Path) -> None:
    written = json.loads(file.read_text())
    written["statement"]["subject"]["task_id"] = "train"
    file.write_text(json.dumps(written))


def _lengthen(file: Path) -> None:
    written = json.loads(file.read_text())
    written["statement"]["until_us"] += 1
    file.write_text(json.dumps(written))


def _link(file: Path) -> None:
    file.rename(file.with_suffix(".x"))
    file.symlink_to(file.with_suffix(".x"))


FORGERIES: dict[str, Callable[[Path], object]] = {
    "other task": _forge,
    "longer": _lengthen,
    "other name": lambda file: file.rename(file.with_name("x.json")),
    "readable by others": lambda file: file.chmod(0o644),
    "folder open to others": lambda file: file.parent.chmod(0o770),
    "another key": lambda file: (file.parent / "key").write_bytes(os.urandom(32)),
    "no key": lambda file: (file.parent / "key").unlink(),
    "half": lambda file: file.write_text(file.read_text()[:50]),
    "empty": lambda file: file.write_text(""),
    "a link": _link,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_was_tampered_with_opens_nothing(
    house: Gatehouse, down: Callable[[], None], forgery: str
) -> None:
    down()
    subject = replace(RUN, task_id="other") if forgery == "other task" else RUN
    FORGERIES[forgery](issue(house, subject))

    assert house.ask("raw", subject=RUN).outcome is Outcome.UNDECIDED


def test_it_overrules_nothing_that_a_gate_can_judge(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    issue(house)

    assert house.ask("raw", subject=RUN).outcome is Outcome.DENIED


def test_it_overrules_no_other_fault(house: Gatehouse, down: Callable[[], None]) -> None:
    down()
    issue(house)
    unclear = Reason("input.unresolved", "", "what?", "say", is_definite=False)
    assert house.ask("raw", subject=RUN, obstacles=[unclear]).outcome is Outcome.UNDECIDED
    house.policy("  model-training: [gone]\n")

    assert house.ask("raw", subject=RUN).outcome is Outcome.UNDECIDED


def test_a_record_that_lacks_events_is_there_and_its_gate_stands(house: Gatehouse) -> None:
    counters = house.settings.state_dir / "counters"
    counters.mkdir(parents=True)
    (counters / "lost").write_text(".")
    issue(house)
    decision = house.ask("raw", subject=RUN)

    assert [reason.id for reason in decision.reasons] == ["store.unavailable"]
    assert (decision.outcome, decision.break_glass) == (Outcome.UNDECIDED, "")


def test_a_person_at_the_command_line_gets_no_glass(
    house: Gatehouse, down: Callable[[], None]
) -> None:
    down()
    issue(house)

    assert house.ask("raw").outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"subject": replace(RUN, dag_run_id="")}, "one run"),
        ({"actor": " "}, "a person"),
        ({"until_us": 0}, "still to come"),
        ({"until_us": 25 * HOUR}, "24 hours"),
        ({"kind": StatementKind.WAIVER}, "broken glass"),
    ],
    ids=str,
)
def test_what_is_not_about_one_run_for_hours_is_not_issued(
    tmp_path: Path, change: dict[str, object], wrong: str
) -> None:
    whole = Statement("g", StatementKind.BREAK_GLASS, "Ada", "why", 0, HOUR, subject=RUN)

    with pytest.raises(ValueError, match=wrong):
        break_glass.issue(replace(whole, **change), tmp_path)  # type: ignore[arg-type]
