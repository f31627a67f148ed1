"""What capturing adds to the CPU time of a body that opens many files and reads much Parquet.

The same body with and without, interleaved in one process; the goal is a ratio of at most 1.05.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from lineage_plugin import capture
from lineage_plugin.capture.touched import Rules, touches

Row = tuple[str, float, float | None, str]

FILES = 10_000
#: Rows of eight bytes: one file of this size is read this often, a gigabyte in all.
ROWS, READS = 16_000_000, 8
PAIRS = 5


def rows() -> list[Row]:
    """Measure pairs, and tell their medians."""
    pa: Any = import_module("pyarrow")
    pq: Any = import_module("pyarrow.parquet")
    numpy: Any = import_module("numpy")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "photos").mkdir()
        for n in range(FILES):
            (home / f"photos/{n}.jpg").write_bytes(b"x" * 1_000)
        values = numpy.random.default_rng(0).random(ROWS)
        table = pa.table({"a": values})
        pq.write_table(table, home / "big.parquet", compression="none", use_dictionary=False)
        del values, table

        def files() -> None:
            for n in range(FILES):
                with open(f"{home}/photos/{n}.jpg", "rb") as file:  # noqa: PTH123 - as bodies do
                    file.read()

        def both() -> None:
            files()
            for _ in range(READS):
                pq.read_table(home / "big.parquet", memory_map=False)

        return [
            (f"open {FILES:,} files, read 1 GB of Parquet, CPU", *_pairs(both), "s"),
            (f"open {FILES:,} files and nothing else, CPU", *_pairs(files), "s"),
        ]


def _pairs(body: Any) -> tuple[float, float]:
    spent: dict[bool, list[float]] = {True: [], False: []}
    for pair in range(PAIRS + 1):
        for watched in (True, False) if pair % 2 else (False, True):
            took = _cpu_s(body, watched=watched)
            if pair:  # the first warms caches and patches modules
                spent[watched].append(took)
    return statistics.median(spent[True]), statistics.median(spent[False])


def _cpu_s(body: Any, *, watched: bool) -> float:
    began = time.process_time()
    if watched:
        session = capture.begin()
        body()
        capture.end()
        found = touches(session, Rules())
        took = time.process_time() - began
        assert sum(each.files for each in found.reads) >= FILES
        return took
    body()
    return time.process_time() - began
