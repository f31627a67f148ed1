"""Pages over a record of 100,000 datasets, beside a bare SELECT of what they show."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from functools import partial
from statistics import quantiles
from typing import Any

from lineage_plugin import settings
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Outcome,
    Output,
    Reason,
    RunFacts,
    RunState,
    Subject,
)
from lineage_plugin.store import open_store

#: Datasets, decisions and jobs of the record.
_DATASETS, _DECISIONS, _JOBS = 100_000, 5_000, 1_000

#: Before a page is timed (seconds), for what it began in the background to be under way.
_PAUSE_S = 0.5

#: Requests of one page; the 95th of a hundred is told.
_TIMES = 40

_LAKE = "s3://lake"


def rows() -> list[tuple[str, float, float | None, str]]:
    """Time each page over ASGI in this process."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AIRFLOW_HOME"] = folder
        here = settings.load()
        _fill(here.store_url)
        client = _client()
        file = here.store_url.removeprefix("sqlite:///")
        bare = sqlite3.connect(file)
        middle = f"{_LAKE}/area/{_DATASETS // 2:06}"
        facts = "SELECT e.facts FROM decision d JOIN entry e ON e.seq = d.seq"
        said = "SELECT e.facts FROM statement s JOIN entry e ON e.seq = s.seq"
        uris = "SELECT uri FROM dataset"
        one = f"/dataset?uri={middle}&purpose=model-training"
        pages = (
            ("overview", "/", f"{facts} ORDER BY d.at_us DESC LIMIT 20"),
            ("datasets", "/datasets", f"{uris} ORDER BY uri LIMIT 50"),
            (
                "datasets, in the middle",
                f"/datasets?after={middle}",
                f"{uris} WHERE uri > '{middle}' ORDER BY uri LIMIT 50",
            ),
            (
                "datasets, by part of a name",
                "/datasets?q=99999",
                f"{uris} WHERE instr(lower(uri), '99999')",
            ),
            ("dataset, drawn", one, f"{uris} WHERE uri = '{middle}'"),
            ("decisions", "/decisions", f"{facts} ORDER BY d.at_us DESC LIMIT 50"),
            ("decision, explained", "/decisions/d-00100", f"{facts} WHERE d.id = 'd-00100'"),
            ("in force", "/force", said),
            ("coverage", "/coverage", "SELECT count(*) FROM touch"),
        )
        found: list[tuple[str, float, float | None, str]] = []
        for name, path, query in pages:
            client(path)  # what is imported and compiled once
            time.sleep(_PAUSE_S)
            ours = _p95(partial(client, path))
            theirs = _p95(partial(_all, bare, query))
            found.append((f"page: {name}, p95 (beside a bare SELECT)", ours, theirs, "ms"))
        bare.close()
        return found


def _client() -> Callable[[str], None]:
    """Return what loads a page, by a visitor who may see everything."""
    from starlette.testclient import TestClient

    from lineage_plugin.airflow import web, web_access
    from lineage_plugin.airflow.web_pages import Visit

    app: Any = web.build()
    app.dependency_overrides[web_access.visit] = lambda: Visit("", lambda _: True)
    client = TestClient(app)

    def load(path: str) -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            message = f"{path}: {answer.status_code}: {answer.text[-400:]}"
            raise RuntimeError(message)

    return load


def _all(bare: sqlite3.Connection, query: str) -> list[Any]:
    return bare.execute(query).fetchall()


def _p95(work: Callable[[], object]) -> float:
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1_000)
    return quantiles(took, n=20)[-1]


def _fill(store_url: str) -> None:
    store = open_store(store_url)
    each = _DATASETS // _JOBS
    events = []
    for job in range(_JOBS):
        names = [f"area/{number:06}" for number in range(job * each, (job + 1) * each)]
        before = f"area/{max(job * each - 1, 0):06}" if job % 20 else "outside"
        facts = RunFacts(
            f"run-{job}", "airflow", f"dag{job % 100}.task{job}", RunState.COMPLETE, job, f"g{job}",
            inputs=(DatasetRef(_LAKE, before),),
            outputs=tuple(Output(DatasetRef(_LAKE, name)) for name in names),
        )  # fmt: skip
        events.append((facts, "{}"))
    store.append_runs(events, recorded_us=1)
    for number in range(_DECISIONS):
        ref = DatasetRef(_LAKE, f"area/{number * (_DATASETS // _DECISIONS):06}")
        reason = Reason("license.absent", f"{_LAKE}/outside", "nobody declared a license", "ask",
                        path=(ref.uri, f"{_LAKE}/outside"))  # fmt: skip
        asker = Subject("airflow", f"dag{number % 100}.t", "g", "r", f"dag{number % 100}", "t", "m")
        store.append_decision(
            Decision(f"d-{number:05}", Outcome.DENIED, "model-training", (ref,), asker, (reason,),
                     number, None, "f", "p", _JOBS),
            recorded_us=number,
        )  # fmt: skip
    store.close()
