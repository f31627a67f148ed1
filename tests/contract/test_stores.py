"""Every store against the contract, and what only a SQLite file can suffer."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.errors import (
    SettingsError,
    StoreCorrupt,
    StoreError,
    StoreTooNew,
    StoreUnavailable,
)
from lineage_plugin.store import open_store
from lineage_plugin.store.sqlite_file import VERSION
from tests.contract.store_contract import StoreContract
from tests.support.record_files import ENTRIES, change, make_record, open_at
from tests.support.records import COMPLETE, append_many, event, record, ref

#: Nobody's user id, for what root may do and others may not.
STRANGER = 65534


class TestSqlite(StoreContract):
    @pytest.fixture
    def store_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/record/record.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_record(tmp_path)


def failure(path: Path, **options: Any) -> StoreError:
    """Return what is raised by whoever appends to, and by whoever reads, this file."""
    with closing(open_at(path, **options)) as store:
        with pytest.raises(StoreError) as writing:
            record(store, event("embed", COMPLETE, 99, writes=["faces"]))
        with pytest.raises(StoreError) as reading:
            store.history([ref("faces")])
    assert type(writing.value) is type(reading.value)
    return writing.value


# Where a record is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://me:secret@db/lineage", "postgresql:// comes with a later release"),
        ("https://lineage.example", "https:// comes with a later release"),
        ("mysql://db/x", "a record is kept at sqlite:///path"),
        ("/var/lib/record.db", "a record is kept at sqlite:///path"),
        ("", "a record is kept at sqlite:///path"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite:////tmp/x.db?mode=ro", "without options"),
    ],
    ids=["postgresql", "https", "unknown", "path", "empty", "nameless", "memory", "options"],
)
def test_a_url_that_names_no_record_is_refused(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)) as raised:
        open_store(url)
    assert "secret" not in str(raised.value)


def test_a_relative_url_is_relative_to_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///sub/record.db")
    monkeypatch.chdir("/")
    store.head()
    store.close()

    assert (tmp_path / "sub" / "record.db").exists()


def test_nothing_is_opened_or_made_before_it_is_used(tmp_path: Path) -> None:
    with closing(open_at(tmp_path / "sub" / "record.db")):
        pass

    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_look_into_folder_and_file(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "record.db"
    with closing(open_at(path)) as store:
        record(store, event("embed", COMPLETE, 10, writes=["faces"]))
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes == {0o600}


def test_opening_a_store_imports_nothing_heavy() -> None:
    probe = (
        "import sys, lineage_plugin.store.sqlite;"
        "print(*{'sqlalchemy', 'pandas', 'openlineage', 'airflow', 'random'} & set(sys.modules))"
    )

    assert subprocess.check_output([sys.executable, "-c", probe], text=True).strip() == ""


def test_the_release_writes_the_schema_of_its_last_migration() -> None:
    import lineage_plugin.store

    migrations = Path(lineage_plugin.store.__file__).parent.glob("migrations/*.sql")
    numbers = [int(file.name[:4]) for file in sorted(migrations)]

    assert numbers == list(range(1, VERSION + 1))


# What a file can suffer -------------------------------------------------------------------------


def test_a_missing_folder_is_made_unless_that_is_not_wanted(tmp_path: Path) -> None:
    error = failure(tmp_path / "missing" / "record.db", create=False)

    assert isinstance(error, StoreUnavailable)
    assert "there is no record at" in str(error)
    assert not (tmp_path / "missing").exists()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = failure(tmp_path / "file" / "record.db")

    assert isinstance(error, StoreUnavailable)
    assert "cannot be made" in str(error)


def test_a_folder_in_place_of_the_file_is_unavailable(tmp_path: Path) -> None:
    error = failure(tmp_path)

    assert isinstance(error, StoreUnavailable)
    assert "cannot be opened" in str(error)


def test_a_locked_record_says_who_to_look_for(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(open_at(path)) as store:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match=r"locked .*fuser") as raised:
                record(store, event("embed", COMPLETE, 99, writes=["faces"]))

            assert raised.value.retryable
            assert 0.04 < time.monotonic() - began < 2
            assert store.find("s3://lake/faces") is not None
            other.execute("ROLLBACK")
            assert record(store, event("embed", COMPLETE, 99, writes=["faces"])) == ENTRIES + 1


def test_a_reader_keeps_no_writer_waiting(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entry").fetchall()
        with closing(open_at(path)) as store:
            assert record(store, event("embed", COMPLETE, 99, writes=["faces"])) == ENTRIES + 1


def test_who_opened_a_record_for_reading_cannot_write(path: Path) -> None:
    with closing(open_at(path, read_only=True)) as store:
        with pytest.raises(StoreUnavailable, match="is read-only; let the user"):
            record(store, event("embed", COMPLETE, 99, writes=["faces"]))

        assert store.find("s3://lake/faces") == ref("faces")
        assert store.verify().faults == ()


def test_an_empty_file_is_no_record_to_read_yet(tmp_path: Path) -> None:
    (tmp_path / "record.db").touch()
    error = failure(tmp_path / "record.db", read_only=True)

    assert isinstance(error, StoreUnavailable)
    assert "no schema yet" in str(error)


def test_a_write_protected_record_is_unavailable() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(open_at(folder / "record.db")) as store:
            record(store, event("embed", COMPLETE, 10, writes=["faces"]))
        (folder / "record.db").chmod(0o444)
        folder.chmod(0o555)
        error = as_stranger(lambda: failure(folder / "record.db"))
        folder.chmod(0o755)

    assert isinstance(error, StoreUnavailable)
    assert "let the user that runs Airflow write to" in str(error)


def test_a_full_disk_keeps_what_was_there(path: Path) -> None:
    with closing(open_at(path)) as store:
        pages = store._file._connection().execute("PRAGMA page_count").fetchone()[0]
        store._file._connection().execute(f"PRAGMA max_page_count = {pages}").fetchall()
        with pytest.raises(StoreUnavailable, match=r"is full; free space in"):
            record(store, event("embed", COMPLETE, 99, writes=["faces"]), raw="x" * 100_000)

        assert store.head()[0] == ENTRIES
        assert store.verify().faults == ()


def test_a_file_that_may_not_grow_keeps_what_was_there(path: Path) -> None:
    def grow() -> StoreError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))
        store = open_at(path)
        for number in range(1000):
            try:
                record(store, event("embed", COMPLETE, 100 + number), raw="x" * 10_000)
            except StoreError as error:
                return error
        raise AssertionError("the file grew for ever")

    error = in_a_child(grow)

    assert isinstance(error, StoreUnavailable)
    with closing(open_at(path)) as store:
        assert store.verify().faults == ()
        assert record(store, event("embed", COMPLETE, 99)) == store.head()[0] > 7


def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "record.db").write_text("these are not the bytes of a database\n" * 200)
    error = failure(tmp_path / "record.db")

    assert isinstance(error, StoreCorrupt)
    assert "is not a record" in str(error)
    assert "restore a backup" in str(error)


def test_damaged_pages_are_corrupt(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)

    assert isinstance(failure(path), StoreCorrupt)


def test_a_file_cut_short_is_corrupt(path: Path) -> None:
    os.truncate(path, 8192)

    assert isinstance(failure(path), StoreCorrupt)


def test_a_lost_table_is_corrupt(path: Path) -> None:
    change(path, "DROP TABLE touch")
    error = failure(path)

    assert isinstance(error, StoreCorrupt)
    assert "no such table: touch" in str(error)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "airflow.db"
    change(path, "CREATE TABLE dag (id)")
    before = path.read_bytes()
    error = failure(path)

    assert isinstance(error, StoreCorrupt)
    assert "of another program; give the record a file of its own" in str(error)
    assert path.read_bytes() == before


def test_a_record_of_a_newer_release_is_too_new(path: Path) -> None:
    change(path, f"PRAGMA user_version = {VERSION + 1}")
    error = failure(path)

    assert isinstance(error, StoreTooNew)
    assert "upgrade lineage-plugin" in str(error)


def test_facts_that_this_release_cannot_read_are_no_answer(path: Path) -> None:
    change(path, """UPDATE entry SET facts = '{"id": 1}' WHERE kind = 'decision'""")

    with closing(open_at(path)) as store, pytest.raises(StoreCorrupt, match="cannot read"):
        store.decision("decision-1")


def test_a_head_without_digest_is_not_chained_on(path: Path) -> None:
    change(path, f"UPDATE entry SET chain = 'x' WHERE seq = {ENTRIES}")

    with closing(open_at(path)) as store, pytest.raises(StoreCorrupt, match="no digest"):
        record(store, event("embed", COMPLETE, 99))


def test_a_file_that_was_replaced_while_open_is_opened_again(path: Path) -> None:
    with closing(open_at(path)) as store:
        record(store, event("embed", COMPLETE, 98))
        for file in path.parent.iterdir():
            file.rename(file.with_name(f"old-{file.name}"))

        assert record(store, event("embed", COMPLETE, 99)) == 1
        with closing(open_at(path)) as other:
            assert other.head() == store.head()


@pytest.mark.parametrize("pause_s", [0.0, 0.02, 0.1], ids=repr)
def test_a_writer_that_is_killed_loses_nothing_that_it_had_appended(
    tmp_path: Path, pause_s: float
) -> None:
    path = tmp_path / "record.db"
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def write() -> None:
        store = open_at(path)
        for number in range(1_000_000):
            sender.send(record(store, event("job", COMPLETE, number, writes=[f"out/{number}"])))

    writer = context.Process(target=write)
    writer.start()
    receiver.recv()
    time.sleep(pause_s)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()
    acknowledged = 1
    while receiver.poll():
        acknowledged = receiver.recv()

    with closing(open_at(path)) as store:
        found = store.verify()
        assert found.faults == ()
        assert acknowledged <= found.entries <= acknowledged + 1
        assert record(store, event("job", COMPLETE, -1)) == found.entries + 1


def test_eight_processes_may_make_one_record_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    url = f"sqlite:///{tmp_path}/sub/record.db"
    for round_ in range(3):
        shutil.rmtree(tmp_path / "sub", ignore_errors=True)
        writers = [context.Process(target=append_many, args=(url, n, 1)) for n in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert [writer.exitcode for writer in writers] == [0] * 8, round_
        with closing(open_store(url)) as store:
            assert store.verify().entries == 8


def test_a_forked_child_does_not_use_its_parents_connection(path: Path) -> None:
    with closing(open_at(path)) as store:
        before = store._file._connection()

        def look() -> tuple[bool, bool]:
            mine = store._file._connection()
            store.head()
            return mine is before, mine is store._file._connection()

        assert in_a_child(look) == (False, True)
        assert store._file._connection() is before


# Running as somebody else -----------------------------------------------------------------------


def in_a_child(work: Callable[[], Any]) -> Any:
    """Return what *work* returns in a forked child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "wb") as pipe:
            try:
                pipe.write(pickle.dumps(work()))
                pipe.flush()
            finally:
                os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(answer)  # noqa: S301 - our own child wrote it


def as_stranger(work: Callable[[], Any]) -> Any:
    """Return what *work* returns for a user without rights; root has them all."""

    def strangely() -> Any:
        if os.geteuid() == 0:
            os.setuid(STRANGER)
        return work()

    return in_a_child(strangely)
