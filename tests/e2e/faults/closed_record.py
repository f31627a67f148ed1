"""What can be wrong with the record, and with what waits for it, when a gate is asked."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from contextlib import closing

from tests.e2e.faults.house import House, obey_modes, table

#: Bytes: larger than Airflow's own database grows here, smaller than the log of the full record.
_ROOM = 16 << 20


def _gone(house: House) -> None:
    for file in house.state.glob("record.db*"):
        file.unlink()


def _lost(house: House) -> None:
    house.asked_once()
    _gone(house)


def _emptied(house: House) -> None:
    house.asked_once()
    _gone(house)
    house.record.touch()


def _swapped(house: House) -> None:
    house.asked_once()
    _gone(house)
    house.gates.ran("faulty.other", ["maps"], ["houses"])


def _read_only(house: House) -> None:
    house.checkpointed()
    house.record.chmod(0o444)
    house.state.chmod(0o555)
    obey_modes()


def _denied(house: House) -> None:
    house.record.chmod(0o000)
    obey_modes()


def _full(house: House) -> None:
    """Files grow to a limit only, and the record's log, which somebody reads, is beyond it."""
    writer = sqlite3.connect(house.record, isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("CREATE TABLE filler (bytes BLOB)")
    writer.execute("INSERT INTO filler VALUES (zeroblob(?))", (_ROOM + 1_000_000,))
    writer.execute("BEGIN")
    writer.execute("SELECT count(*) FROM filler").fetchall()
    house.said["reader"] = writer
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, resource.RLIM_INFINITY))


def _damaged(house: House) -> None:
    house.checkpointed()
    size = house.record.stat().st_size
    house.record.write_bytes(b"SQLite format 3\x00" + b"\xff" * (size - 16))


def _no_database(house: House) -> None:
    house.checkpointed()
    house.record.write_text("this is no record, " * 500)


def _folder(house: House) -> None:
    _gone(house)
    house.record.mkdir()


def _foreign(house: House) -> None:
    _gone(house)
    with closing(sqlite3.connect(house.record)) as other, other:
        other.execute("CREATE TABLE customers (name TEXT)")


def _witness_unreadable(house: House) -> None:
    house.asked_once()
    (house.state / "head.json").write_text("{")


def _half_spooled(house: House) -> None:
    """An event is beside its place: who writes it is still at it, or was killed just now."""
    spool = house.state / "spool"
    spool.mkdir()
    (spool / f".{'a' * 32}-{0:020d}-{'b' * 32}-9.json").write_text("{")


def _spoilt_in_spool(house: House) -> None:
    spool = house.state / "spool"
    spool.mkdir()
    (spool / f"{0:020d}-{'b' * 32}-9.json").write_text("{half an")


def _counted_lost(house: House) -> None:
    (house.state / "counters").mkdir()
    (house.state / "counters" / "lost").write_bytes(b".")


def _state_unwritable(house: House) -> None:
    place = house.home / "elsewhere"
    place.mkdir()
    house.set("store_url", f"sqlite:///{place}/record.db")
    shutil.copy(house.record, place / "record.db")
    house.checkpointed()
    shutil.copy(house.record, place / "record.db")
    house.state.chmod(0o555)
    obey_modes()


def _state_is_a_file(house: House) -> None:
    place = house.home / "state"
    place.write_text("no folder")
    house.set("state_dir", place)


def _nowhere(house: House) -> None:
    house.set("store_url", "sqlite:////dev/null/record.db")


def _of_another_kind(house: House) -> None:
    house.set("store_url", "mysql://somewhere/record")


FAULTS = table(
    "record",
    ("record-never-made", "There is no record yet", "lineage.unknown-producer", _gone),
    ("record-lost", "The record was there and is gone", "store.corrupt", _lost),
    ("record-emptied", "The record is an empty file now", "store.corrupt", _emptied),
    ("record-swapped", "The record was exchanged for another", "store.corrupt", _swapped),
    ("record-locked", "Another program holds the record", "store.unavailable", House.lock),
    ("record-read-only", "The record may only be read", "store.unavailable", _read_only),
    ("record-denied", "The record may not even be read", "store.unavailable", _denied),
    ("record-full", "The disk of the record is full", "store.unavailable", _full),
    ("record-damaged", "Bytes of the record are damaged", "store.corrupt", _damaged),
    ("record-no-database", "The record is a text file", "store.corrupt", _no_database),
    (
        "record-newer",
        "A newer release wrote the record",
        "store.too-new",
        lambda house: house.sql("PRAGMA user_version = 9999"),
    ),
    ("record-a-folder", "A folder is in its place", "store.unavailable", _folder),
    ("record-foreign", "It is another program's database", "store.corrupt", _foreign),
    ("record-nowhere", "Its folder cannot be made", "store.unavailable", _nowhere),
    (
        "record-of-another-kind",
        "`store_url` names what no record is kept in",
        "settings.invalid",
        _of_another_kind,
    ),
    (
        "witness-unreadable",
        "What was last seen of the record cannot be read",
        "store.corrupt",
        _witness_unreadable,
    ),
    (
        "spool-half-written",
        "An event is still being spooled",
        "store.unavailable",
        _half_spooled,
    ),
    (
        "spool-spoilt",
        "A spooled event is not what was written",
        "store.unavailable",
        _spoilt_in_spool,
    ),
    ("counted-lost", "An event was counted as lost", "store.unavailable", _counted_lost),
    (
        "state-unwritable",
        "`state_dir` cannot be written, so no loss could be counted",
        "store.unavailable",
        _state_unwritable,
    ),
    ("state-a-file", "`state_dir` is a file", "store.unavailable", _state_is_a_file),
)
