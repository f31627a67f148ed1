"""What libraries read and write whose native code opens files past Python."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.unit.capture.conftest import Body

# They have no types.
duckdb: Any = import_module("duckdb")
pa: Any = import_module("pyarrow")
pd: Any = import_module("pandas")
pq: Any = import_module("pyarrow.parquet")
for _name in ("csv", "dataset", "feather", "fs", "ipc"):
    import_module(f"pyarrow.{_name}")

TABLE = pa.table({"a": [1, 2]})


@pytest.fixture(autouse=True)
def _files(body: Body) -> None:
    pq.write_table(TABLE, "in.parquet")
    pa.feather.write_feather(TABLE, "in.feather")
    Path("parts").mkdir()
    for n in range(3):
        pq.write_table(TABLE, f"parts/{n}.parquet")


def _map() -> None:
    with pa.memory_map("in.feather") as source:
        pa.ipc.open_file(source).read_all()


READS: dict[str, tuple[Any, set[str]]] = {
    "pandas csv": (lambda: pd.read_csv("in.csv"), {"in.csv"}),
    "pandas parquet": (lambda: pd.read_parquet("in.parquet"), {"in.parquet"}),
    "parquet table": (lambda: pq.read_table("in.parquet"), {"in.parquet"}),
    "parquet file": (lambda: pq.ParquetFile("in.parquet").read(), {"in.parquet"}),
    "parquet folder": (lambda: pq.read_table("parts"), {f"parts/{n}.parquet" for n in range(3)}),
    "dataset": (
        lambda: pa.dataset.dataset("parts").to_table(),
        {f"parts/{n}.parquet" for n in range(3)},
    ),
    "csv": (lambda: pa.csv.read_csv("in.csv"), {"in.csv"}),
    "feather": (lambda: pa.feather.read_table("in.feather"), {"in.feather"}),
    "memory map": (_map, {"in.feather"}),
    "os file": (lambda: pa.OSFile("in.parquet").close(), {"in.parquet"}),
    "input stream": (lambda: pa.input_stream("in.csv").close(), {"in.csv"}),
    "filesystem": (
        lambda: pa.fs.LocalFileSystem().open_input_file(str(Path("in.csv").resolve())).close(),
        {"in.csv"},
    ),
    "duckdb literal": (lambda: duckdb.sql("SELECT * FROM 'in.parquet'").fetchall(), {"in.parquet"}),
    "duckdb glob": (
        lambda: (
            duckdb.connect().execute("SELECT * FROM read_parquet('parts/*.parquet')").fetchall()
        ),
        {f"parts/{n}.parquet" for n in range(3)},
    ),
    "duckdb parameter": (
        lambda: duckdb.connect().execute("SELECT * FROM read_csv(?)", ["in.csv"]).fetchall(),
        {"in.csv"},
    ),
    "duckdb function": (lambda: duckdb.read_parquet("in.parquet").fetchall(), {"in.parquet"}),
}


@pytest.mark.parametrize("reader", READS)
def test_what_is_read_is_seen(body: Body, reader: str) -> None:
    read, names = READS[reader]
    with body.runs():
        read()

    assert (set(body.reads), body.writes, body.touched.faults) == (names, {}, 0)


WRITES: dict[str, tuple[Any, str]] = {
    "pandas csv": (lambda: pd.DataFrame({"a": [1]}).to_csv("out"), "out"),
    "pandas parquet": (lambda: pd.DataFrame({"a": [1]}).to_parquet("out"), "out"),
    "parquet": (lambda: pq.write_table(TABLE, "out"), "out"),
    "csv": (lambda: pa.csv.write_csv(TABLE, "out"), "out"),
    "csv writer": (lambda: pa.csv.CSVWriter("out", TABLE.schema).close(), "out"),
    "feather": (lambda: pa.feather.write_feather(TABLE, "out"), "out"),
    "ipc": (lambda: pa.ipc.new_file("out", TABLE.schema).close(), "out"),
    "dataset": (
        lambda: pa.dataset.write_dataset(TABLE, "folder", format="parquet"),
        "folder",
    ),
    "output stream": (lambda: pa.output_stream("out").close(), "out"),
    "duckdb copy": (lambda: duckdb.execute("COPY (SELECT 1 AS a) TO 'out' (FORMAT csv)"), "out"),
    "duckdb relation": (lambda: duckdb.sql("SELECT 1 AS a").write_parquet("out"), "out"),
}


@pytest.mark.parametrize("writer", WRITES)
def test_what_is_written_is_seen(body: Body, writer: str) -> None:
    write, name = WRITES[writer]
    with body.runs():
        write()

    assert (body.reads, set(body.writes), body.touched.faults) == ({}, {name}, 0)


def test_a_database_of_duckdb_is_read_if_it_was_there(body: Body) -> None:
    with duckdb.connect("there.duckdb") as made:
        made.execute("CREATE TABLE t (a INT)")
    with body.runs():
        with duckdb.connect("there.duckdb", read_only=True) as used:
            used.execute("SELECT * FROM t").fetchall()
        duckdb.connect("new.duckdb").close()

    assert (set(body.reads), set(body.writes)) == ({"there.duckdb"}, {"new.duckdb"})


def test_text_in_a_statement_that_names_no_file_is_not_read(body: Body) -> None:
    with body.runs():
        duckdb.execute("SELECT 'hello', 'no/such/file.csv' -- 'in.csv'\n")

    assert body.reads == {}


def test_classes_stay_what_they_were_for_their_users(body: Body) -> None:
    with body.runs():
        local = pa.fs.LocalFileSystem()

    again = pickle.loads(pickle.dumps(local))  # noqa: S301 - made here
    assert again == local
    assert isinstance(again, pa.fs.LocalFileSystem)
    assert issubclass(pa.fs.LocalFileSystem, pa.fs.FileSystem)
    with pa.OSFile("in.csv") as native:
        assert isinstance(native, pa.OSFile)


def test_a_module_that_is_imported_in_the_body_is_watched_too() -> None:
    told = """
from lineage_plugin import capture
from lineage_plugin.capture.touched import Rules, touches
session = capture.begin()
import pyarrow.parquet
pyarrow.parquet.read_table("in.parquet")
capture.end()
print([found.ref.name.rpartition("/")[2] for found in touches(session, Rules()).reads])
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['in.parquet']"
