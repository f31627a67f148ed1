"""What nobody can change in a SQLite record by accident, and what is noticed if it is changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lineage_plugin.store.sqlite_verify import DERIVED
from tests.support.record_files import ENTRIES, change, make_record, open_at
from tests.support.records import COMPLETE, event, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_record(tmp_path)


@pytest.fixture
def tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [name for (name,) in rows]


def test_every_row_is_kept_from_being_changed_or_deleted(path: Path, tables: list[str]) -> None:
    for table in tables:
        with closing(sqlite3.connect(path)) as connection:
            column = connection.execute(f"SELECT * FROM {table}").description[0][0]
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
        for attempt in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match=r"never|only redacted|not deleted"):
                change(path, attempt, triggers=True)


@pytest.mark.parametrize(
    "attempt",
    [
        "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 1",
        "INSERT INTO entry SELECT 99, kind, 0, 0, facts, NULL, chain FROM entry WHERE seq = 1",
        "INSERT OR REPLACE INTO payload SELECT * FROM payload WHERE seq = 1",
        "UPDATE payload SET salt = NULL, body = NULL WHERE seq = 1",
        "UPDATE payload SET body = 'forged' WHERE seq = 2",
    ],
    ids=["replace-entry", "skip", "replace-payload", "erase-silently", "fill-redacted"],
)
def test_nothing_is_replaced_or_erased_on_the_quiet(path: Path, attempt: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"only|never"):
        change(path, attempt, triggers=True)


def test_everything_derived_is_verified(tables: list[str]) -> None:
    assert set(DERIVED) | {"entry", "payload"} == set(tables)


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        ("UPDATE entry SET facts = replace(facts, 'faces', 'other') WHERE seq = 1", "entry 1: its"),
        ("UPDATE entry SET recorded_us = 0 WHERE seq = 2", "entry 2: its digest"),
        ("UPDATE entry SET facts = 7 WHERE seq = 1", "entry 1: its digest"),
        ("UPDATE entry SET facts = 'x' WHERE seq = 2", "entry 2: its facts cannot be read"),
        ("UPDATE entry SET kind = 'x' WHERE seq = 5", "entry 5: its facts cannot be read"),
        ("UPDATE entry SET chain = x'00' WHERE seq = 2", "entry 3: its digest"),
        ("DELETE FROM entry WHERE seq = 3", "entry 3: missing"),
        ("DELETE FROM entry WHERE seq IN (3, 4)", "entries 3 to 4: missing"),
        ("UPDATE payload SET body = '{}' WHERE seq = 1", "entry 1: its payload is not the one"),
        ("UPDATE payload SET body = NULL WHERE seq = 1", "entry 1: its payload is not the one"),
        ("DELETE FROM payload WHERE seq = 1", "entry 1: its payload is missing"),
        ("UPDATE payload SET body = '{}' WHERE seq = 2", "entry 2: its payload was redacted, but"),
        ("INSERT INTO payload VALUES (5, x'00', 'x')", "entry 5: has a payload it never had"),
        (
            "DELETE FROM touch WHERE role = 'in'",
            "entry 1: a row is missing or changed in table touch",
        ),
        (
            "INSERT INTO touch VALUES (3, 'in', 1, 2)",
            "entry 2: a row was added or changed in table touch",
        ),
        ("UPDATE decision SET outcome = 'ALLOWED'", "in table decision"),
        ("DELETE FROM decision_input", "in table decision_input"),
        ("DELETE FROM contains", "in table contains"),
        ("UPDATE saying SET body = '[]'", "in table saying"),
        ("UPDATE run_event SET refused_by = 'decision-1'", "in table run_event"),
        ("DELETE FROM redaction", "in table redaction"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_tampering_is_noticed_and_located(path: Path, tampering: str, says: str) -> None:
    change(path, tampering)
    with closing(open_at(path)) as store:
        faults = store.verify().faults

    assert any(says in fault for fault in faults), faults


def test_many_faults_of_one_kind_are_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with closing(open_at(path)) as store:
        record(store, *(event("job", COMPLETE, n, writes=[f"out/{n}"]) for n in range(50)))
        change(path, "DELETE FROM naming")
        faults = store.verify().faults

    assert len(faults) == 21
    assert faults[-1] == "table naming: and more"


def test_a_cut_tail_shows_only_against_a_head_noted_elsewhere(path: Path) -> None:
    with closing(open_at(path)) as store:
        head = store.head()
        change(path, "DELETE FROM redaction", f"DELETE FROM entry WHERE seq = {ENTRIES}")

        assert store.digest_at(head[0]) != head[1]


def test_redacted_bytes_are_gone_from_the_disk(path: Path) -> None:
    def on_disk() -> bool:
        return any(b"the_secret" in file.read_bytes() for file in path.parent.iterdir())

    with closing(open_at(path)) as store:
        assert on_disk()
        store.redact(1, reason="a name was in it", actor="dpo", recorded_us=50)

        assert not on_disk()
        assert store.verify().redacted == 2
