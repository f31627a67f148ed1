"""A gate over a record that cannot be used never allows, and says how to mend it."""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lineage_plugin.model import DatasetRef, Decision, Outcome, Subject
from tests.support.gatehouse import CLEAN, Gatehouse, only, ref, roots, subject

ALLOWED, DENIED, UNDECIDED = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDECIDED
ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from a clean root, and a gate that allows them."""
    house = Gatehouse(tmp_path, append_budget_ms=50).catalog(roots(raw=CLEAN))
    house.ran("take", (), ["raw"]).ran("scale", ["raw"], ["features"])
    assert house.ask("features").outcome is ALLOWED
    return house


def broken(house: Gatehouse) -> tuple[str, str, str]:
    """Ask about what would be allowed; return the one reason why it is not."""
    decision = house.ask("features")
    reason = only(decision.reasons)

    assert decision.outcome is UNDECIDED
    assert not reason.is_definite
    assert str(house.record) in reason.why or str(house.record.parent) in reason.why
    return reason.id, reason.why, reason.remedy


def test_a_record_that_is_not_there_is_made(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    assert not house.record.exists()

    decision = house.ask("raw")

    assert decision.outcome is ALLOWED
    assert house.recorded() == [decision]


def test_a_record_that_was_lost_does_not_make_what_it_knew_clean(house: Gatehouse) -> None:
    for file in house.record.parent.glob("record.db*"):
        file.unlink()

    assert house.verdicts("features") == (UNDECIDED, ["store.corrupt"])


def test_a_locked_record(house: Gatehouse) -> None:
    with closing(sqlite3.connect(house.record, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        name, why, remedy = broken(house)

    assert name == "store.unavailable"
    assert "is locked by another process" in why
    assert "append_budget_ms" in remedy
    assert house.ask("features").outcome is ALLOWED


def test_a_refusal_stands_where_it_cannot_be_recorded(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    assert house.ask("features").outcome is DENIED
    with closing(sqlite3.connect(house.record, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        decision = house.ask("features")

    ids = [reason.id for reason in decision.reasons]
    assert decision.outcome is DENIED
    assert ids == ["license.non-commercial", "store.unavailable"]


def test_a_file_where_the_folder_of_the_record_should_be(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path).catalog(roots(features=CLEAN))
    house.record.parent.write_text("a file", "utf-8")

    name, why, remedy = broken(house)

    assert name == "store.unavailable"
    assert "cannot be made" in why
    assert "the user running Airflow" in remedy


def test_a_record_that_may_only_be_read(house: Gatehouse) -> None:
    """By a write version that this SQLite does not know: for root, file modes do not count.

    Source:
        https://www.sqlite.org/fileformat2.html, 1.3.4 File format version numbers.
    """
    with closing(sqlite3.connect(house.record)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with house.record.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")

    name, why, remedy = broken(house)

    assert name == "store.unavailable"
    assert "is read-only" in why
    assert "let the user that runs Airflow write to" in remedy


def test_a_damaged_record(house: Gatehouse) -> None:
    size = house.record.stat().st_size
    house.record.write_bytes(b"SQLite format 3\x00" + b"\xff" * (size - 16))
    for beside in house.record.parent.glob("record.db-*"):
        beside.unlink()

    name, why, remedy = broken(house)

    assert name == "store.corrupt"
    assert "restore a backup" in remedy
    assert why


def test_a_file_that_is_no_record(house: Gatehouse) -> None:
    house.record.write_text("Dear diary, " * 99, "utf-8")

    name, why, remedy = broken(house)

    assert name == "store.corrupt"
    assert "is not a record" in why
    assert remedy


def test_the_database_of_another_program(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path).catalog(roots(features=CLEAN))
    house.record.parent.mkdir()
    with closing(sqlite3.connect(house.record)) as other:
        other.execute("CREATE TABLE theirs (x)")

    name, why, remedy = broken(house)

    assert name == "store.corrupt"
    assert "another program" in why
    assert "store_url" in remedy


def test_a_record_of_a_newer_release(house: Gatehouse) -> None:
    with closing(sqlite3.connect(house.record)) as other:
        other.execute("PRAGMA user_version = 99")

    name, why, remedy = broken(house)

    assert name == "store.too-new"
    assert "schema 99" in why
    assert "upgrade lineage-plugin" in remedy


#: Asks in a process that may not let any file grow beyond so many bytes.
_CRAMPED = """
import resource, sys
from pathlib import Path
from tests.support.gatehouse import Gatehouse
import lineage_plugin.gate.suite
house = Gatehouse(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[3])))
house.now_us = int(sys.argv[4])
decision = house.ask("features")
print(decision.outcome.value, *(reason.id for reason in decision.reasons))
print(*(reason.remedy for reason in decision.reasons))
"""


def test_a_full_disk(house: Gatehouse) -> None:
    limit, hard = 1_024, resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    told = subprocess.check_output(
        [sys.executable, "-c", _CRAMPED, *map(str, (house.home, limit, hard, house.now_us))],
        cwd=ROOT,
        text=True,
        stderr=subprocess.DEVNULL,
    ).splitlines()

    assert told[0] == "UNDECIDED store.unavailable"
    assert "space" in told[1]


def test_a_record_kept_where_this_release_keeps_none(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path, store_url="postgresql://us:secret@db/x").catalog(roots(raw=CLEAN))

    reason = only(house.ask("raw").reasons)

    assert reason.id == "settings.invalid"
    assert "postgresql" in reason.why
    assert "secret" not in reason.why
    assert "defect" not in reason.remedy


def test_a_name_that_cannot_be_written_down(house: Gatehouse) -> None:
    """Half of a surrogate pair: no record can hold it, so no permission can rest on it."""
    assert house.ask("features", "a\ud800b").outcome is UNDECIDED


def test_whatever_goes_wrong_inside_is_undecided(house: Gatehouse) -> None:
    """Such as a clock that breaks in the middle of it."""
    from lineage_plugin.gate.service import open_gate

    told = iter([house.now_us])

    def now_us() -> int:
        return next(told, None) or 1 // 0

    with open_gate(house.settings, now_us=now_us) as gate:
        decision = gate.decide([ref("features")], "model-training")

    assert decision.outcome is UNDECIDED
    assert decision.reasons[0].id == "gate.error"
    assert "ZeroDivisionError" in decision.reasons[0].why


def _ask(home: Path, number: int, now_us: int) -> Decision:
    house = Gatehouse(home, append_budget_ms=20_000)
    house.now_us = now_us
    return house.ask("features", subject=subject("train", f"run-{number}"))


def test_of_many_processes_that_ask_at_once_each_decision_is_recorded(house: Gatehouse) -> None:
    asked = [(house.home, number, house.now_us) for number in range(16)]
    with multiprocessing.get_context("spawn").Pool(8) as pool:
        said = pool.starmap(_ask, asked)

    recorded = {decision.id: decision for decision in house.recorded()}
    assert {decision.outcome for decision in said} == {ALLOWED}
    assert all(recorded[decision.id] == decision for decision in said)
    with house.store() as store:
        assert store.verify().faults == ()


def test_a_gate_can_be_asked_again_and_again(house: Gatehouse) -> None:
    from lineage_plugin.gate.service import open_gate

    with open_gate(house.settings, now_us=lambda: house.now_us) as gate:
        gate.close()
        said = [gate.decide([ref("features")], "model-training") for _ in range(3)]

    assert [decision.outcome for decision in said] == [ALLOWED] * 3


def test_nothing_is_touched_until_a_gate_is_asked(tmp_path: Path) -> None:
    from lineage_plugin.gate.service import open_gate

    with open_gate(Gatehouse(tmp_path).settings):
        pass

    assert list(tmp_path.iterdir()) == []


def test_who_asked_is_on_record(house: Gatehouse) -> None:
    by = subject("train")

    house.ask("features", subject=by)

    newest = house.recorded()[0]
    assert newest.subject == by != Subject()
    assert newest.inputs == (DatasetRef("s3://lake", "features"),)
