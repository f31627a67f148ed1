"""Record: events per second beside bare ``INSERT``s of the same bytes, one transaction each."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_plugin.codec import canonical, encode
from lineage_plugin.model import DatasetRef, Output, RunFacts, RunState
from lineage_plugin.store import open_store

#: Events for each measurement, shared out among the writers.
EVENTS = 1600

#: Rounds of measuring ours and the bare ones in turn.
ROUNDS = 3

#: Bytes of raw JSON beside each event: what Airflow's provider sends for a small task.
RAW_BYTES = 6000

#: Longest wait for another writer; nothing may be lost in it.
WAIT_MS = 60_000

_RAW = json.dumps({"run": "x" * RAW_BYTES})


def rows() -> list[tuple[str, float, float | None, str]]:
    """Measure with one writer and with eight, beside the bare ones at the same time of day."""
    return [_row(writers) for writers in (1, 8)]


def _row(writers: int) -> tuple[str, float, float | None, str]:
    ours, reference = [], []
    # In turn, because what the rest of the machine asks of the disk comes and goes.
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(_rate(_append, Path(folder, "record.db"), writers))
            reference.append(_rate(_insert, Path(folder, "bare.db"), writers))
    name = f"record: {writers} process{'es' if writers > 1 else ''} (beside bare INSERTs)"
    return name, statistics.median(ours), statistics.median(reference), "events/s"


def _rate(write: Callable[[Path, int, int], None], path: Path, writers: int) -> float:
    """Return events per second from the moment that all writers are ready."""
    write(path, -1, 1)  # makes the file
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(writers + 1)
    share = EVENTS // writers
    workers = [
        context.Process(target=_work, args=(write, path, number, share, start))
        for number in range(writers)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - began
    kept = _count(path)
    if kept != share * writers + 1 or any(worker.exitcode for worker in workers):
        message = f"{share * writers + 1 - kept} events were lost"
        raise RuntimeError(message)
    return share * writers / took


def _work(
    write: Callable[[Path, int, int], None], path: Path, number: int, share: int, start: Any
) -> None:
    start.wait()
    write(path, number, share)


def _append(path: Path, number: int, share: int) -> None:
    store = open_store(f"sqlite:///{path}", busy_timeout_ms=WAIT_MS)
    for index in range(share):
        store.append_runs([(_event(number, index), _RAW)], recorded_us=index)
    store.close()


def _insert(path: Path, number: int, share: int) -> None:
    connection = sqlite3.connect(path, timeout=WAIT_MS / 1000, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, facts, raw)")
    for index in range(share):
        facts = canonical(encode(_event(number, index)))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entry (facts, raw) VALUES (?, ?)", (facts, _RAW))
        connection.execute("COMMIT")
    connection.close()


def _count(path: Path) -> int:
    connection = sqlite3.connect(path)
    kept: int = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
    connection.close()
    return kept


def _event(number: int, index: int) -> RunFacts:
    """Return START and COMPLETE of one task in turn: two inputs, one output."""
    task = index // 2
    return RunFacts(
        run_id=f"01890000-0000-7000-8000-{number + 1:04x}{task:08x}",
        job_namespace="default",
        job_name=f"dag_{number}.task_{task % 50}",
        state=RunState.COMPLETE if index % 2 else RunState.START,
        at_us=index,
        group=f"01890000-0000-7000-9000-{number + 1:04x}{task // 50:08x}",
        parent_run_id=f"01890000-0000-7000-9000-{number + 1:04x}{task // 50:08x}",
        attempt=1,
        inputs=tuple(
            DatasetRef("s3://lake", f"stage_{number}/table_{(task + step) % 50}") for step in (1, 2)
        ),
        outputs=(Output(DatasetRef("s3://lake", f"stage_{number}/table_{task % 50}")),),
    )
