"""What plain Python does with files, seen by the audit hook."""
# Plain open() is what is looked at.
# ruff: noqa: PTH123

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from lineage_plugin.capture import audit
from lineage_plugin.capture.session import Session
from lineage_plugin.capture.touched import Rules
from tests.unit.capture.conftest import Body


def test_a_read_and_a_write_are_seen(body: Body) -> None:
    with body.runs():
        Path("out.csv").write_text(Path("in.csv").read_text("utf-8"), "utf-8")

    assert (body.reads, body.writes) == ({"in.csv": 1}, {"out.csv": 1})


def test_nothing_is_seen_outside_a_body(body: Body) -> None:
    with body.runs():
        pass
    Path("in.csv").read_bytes()

    assert not audit.is_on()
    assert body.reads == body.writes == {}


def test_a_process_that_runs_no_body_has_no_audit_hook() -> None:
    told = "import lineage_plugin.capture.audit as a; print(a._installed)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_our_own_doing_is_not_the_bodys(body: Body) -> None:
    with body.runs(), audit.paused():
        Path("in.csv").read_bytes()

    assert body.reads == {}


def test_threads_are_seen(body: Body) -> None:
    with body.runs():
        threads = [
            threading.Thread(target=Path(f"{n}.txt").write_text, args=("x",)) for n in range(9)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert body.writes == {f"{n}.txt": 1 for n in range(9)}


def test_a_body_that_fails_has_read_all_the_same(body: Body) -> None:
    def fails() -> None:
        Path("in.csv").read_bytes()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), body.runs():
        fails()

    assert body.reads == {"in.csv": 1}


def test_files_opened_while_others_are_open_are_seen(body: Body) -> None:
    Path("second.csv").touch()
    with body.runs(), open("in.csv"), open("second.csv"), open("third.csv", "w"):
        pass

    assert (set(body.reads), set(body.writes)) == ({"in.csv", "second.csv"}, {"third.csv"})


def test_many_files_of_a_folder_are_the_folder_and_are_counted(body: Body) -> None:
    Path("photos").mkdir()
    for n in range(3_000):
        Path(f"photos/{n}.jpg").touch()
    with body.runs():
        for n in range(3_000):
            Path(f"photos/{n}.jpg").read_bytes()

    assert body.reads == {"photos": 3_000}


def test_what_was_looked_for_in_vain_was_not_read(body: Body) -> None:
    with body.runs(), pytest.raises(FileNotFoundError):
        Path("missing.csv").read_bytes()

    assert body.reads == {}


def test_temporary_files_are_no_data(body: Body) -> None:
    with body.runs():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a").write_text("x", "utf-8")
            Path(folder, "a").read_bytes()
        Path("gone").write_text("x", "utf-8")
        Path("gone").unlink()

    assert body.reads == body.writes == {}


def test_what_the_body_wrote_itself_is_no_input(body: Body) -> None:
    with body.runs():
        Path("out.csv").write_text("x", "utf-8")
        Path("out.csv").read_bytes()

    assert (body.reads, body.writes) == ({}, {"out.csv": 1})


def test_what_was_there_and_is_added_to_is_an_input_if_it_was_read(body: Body) -> None:
    with body.runs():
        with open("in.csv", "r+") as file:
            file.read()
        with open("log.csv", "a") as file:
            file.write("x")

    assert (body.reads, body.writes) == ({"in.csv": 1}, {"in.csv": 1, "log.csv": 1})


@pytest.mark.parametrize("move", [os.replace, os.rename, shutil.move])
def test_what_is_written_beside_its_place_is_known_by_its_place(body: Body, move: object) -> None:
    with body.runs():
        Path(".out.csv.tmp").write_text("x", "utf-8")
        move(".out.csv.tmp", "out.csv")  # type: ignore[operator]

    assert (body.reads, body.writes) == ({}, {"out.csv": 1})


def test_a_folder_that_is_written_beside_its_place_takes_its_files_along(body: Body) -> None:
    with body.runs():
        Path("tmp").mkdir()
        Path("tmp/1.csv").write_text("x", "utf-8")
        Path("tmp").rename("final")

    assert body.writes == {"final/1.csv": 1}


def test_what_is_moved_was_read_and_written(body: Body) -> None:
    with body.runs():
        Path("in.csv").rename("taken.csv")

    assert (body.reads, body.writes) == ({"in.csv": 1}, {"taken.csv": 1})


@pytest.mark.parametrize("folder_too", [True, False])
def test_what_is_read_and_then_removed_was_read(body: Body, *, folder_too: bool) -> None:
    Path("incoming").mkdir()
    Path("incoming/1.csv").touch()
    with body.runs():
        Path("incoming/1.csv").read_bytes()
        if folder_too:
            shutil.rmtree("incoming")
        else:
            Path("incoming/1.csv").unlink()

    assert body.reads == {"incoming/1.csv": 1}


def test_a_database_is_read_if_it_was_there_and_written_if_it_changed(body: Body) -> None:
    for name in ("read.db", "written.db"):
        with sqlite3.connect(name) as made:
            made.execute("CREATE TABLE t (a)")
        made.close()
    with body.runs():
        for name, statement in (
            ("read.db", "SELECT * FROM t"),
            ("written.db", "INSERT INTO t VALUES (1)"),
            ("new.db", "CREATE TABLE t (a)"),
        ):
            with sqlite3.connect(name) as used:
                used.execute(statement).fetchall()
            used.close()
        sqlite3.connect(":memory:").close()

    assert body.reads == {"read.db": 1, "written.db": 1}
    assert body.writes == {"written.db": 1, "new.db": 1}


@pytest.mark.parametrize(
    "name", ["a b.csv", "ä.csv", "%2e%2e.csv", "*?[].csv", "x;drop.csv", "…\n.csv", "a://b"]
)
def test_a_name_may_be_anything(body: Body, name: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("x", "utf-8")
    with body.runs():
        Path(name).read_bytes()

    assert len(body.reads) == 1
    assert body.touched.faults == 0


def test_a_name_that_is_no_text_is_told_as_text(body: Body) -> None:
    name = b"caf\xe9.csv"
    with open(name, "wb"):
        pass
    with body.runs(), open(name, "rb"):
        pass

    assert list(body.reads) == ["caf\N{REPLACEMENT CHARACTER}.csv"]


def test_what_is_excluded_is_not_told(body: Body) -> None:
    Path("logs").mkdir()
    Path("logs/1.log").touch()
    body.rules = Rules(folders=(str(body.folder / "logs"),), patterns=("*/in.*",))
    with body.runs():
        Path("logs/1.log").read_bytes()
        Path("in.csv").read_bytes()
        import json.tool  # noqa: F401 - Python's own files

    assert body.reads == {}


def test_other_programs_are_named_because_nobody_sees_their_files(body: Body) -> None:
    with body.runs():
        subprocess.run([sys.executable, "-c", ""], check=True)

    assert body.touched.started == (Path(sys.executable).name,)


def test_a_fault_of_ours_breaks_nothing_and_is_counted(
    body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Session, "opening", broken)
    with body.runs():
        assert Path("in.csv").read_text("utf-8") == "a,b\n1,2\n"

    assert body.touched.faults > 0


def test_beyond_what_can_be_remembered_folders_are(body: Body) -> None:
    session = Session(most_files=1)
    for name in ("in.csv", "other.csv"):
        session.opening(str(body.folder / name), os.O_RDONLY)

    assert [path for path, _ in session.seen] == [str(body.folder / "in.csv"), str(body.folder)]
