"""Builders of what is put into records, and shorthands for what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    License,
    Outcome,
    Output,
    Reason,
    RunFacts,
    RunState,
    Statement,
    StatementKind,
    Subject,
)
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Activity, History, Store

LAKE = "s3://lake"
START, COMPLETE, FAIL = RunState.START, RunState.COMPLETE, RunState.FAIL


def ref(name: str) -> DatasetRef:
    """Return a dataset of the lake."""
    return DatasetRef(LAKE, name)


def event(
    job: str,
    state: RunState,
    at_us: int,
    *,
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    overwrites: Iterable[str] = (),
    dag_run: str = "monday",
    **more: Any,
) -> RunFacts:
    """Return an event of a task in a DAG run."""
    known = {
        "run_id": f"{dag_run}/{job}/{more.get('slot', -1)}/{more.get('attempt', 1)}",
        "job_namespace": "default",
        "job_name": job,
        "group": dag_run,
        "parent_run_id": dag_run,
        "attempt": 1,
    }
    return RunFacts(
        **{**known, **more},
        state=state,
        at_us=at_us,
        inputs=tuple(map(ref, reads)),
        outputs=(
            *(Output(ref(name)) for name in writes),
            *(Output(ref(name), overwrites=True) for name in overwrites),
        ),
    )


def dag_event(state: RunState, at_us: int, dag_run: str = "monday") -> RunFacts:
    """Return an event of the DAG run itself, which touches nothing."""
    return RunFacts(dag_run, "default", "dag", state, at_us, group=dag_run)


def decision(number: int = 1, **more: Any) -> Decision:
    """Return a decision about ``faces`` for one task of Monday's run."""
    known: dict[str, Any] = {
        "id": f"decision-{number}",
        "outcome": Outcome.DENIED,
        "purpose": "face-recognition",
        "inputs": (ref("faces"),),
        "subject": Subject("default", "train", "monday", "monday/train/-1/1"),
        "reasons": (Reason("consent.absent", "s3://lake/faces", "nobody said", "ask"),),
        "at_us": 100 + number,
        "valid_until_us": 1000,
        "frame_digest": "f",
        "policy_digest": "p",
        "known_seq": 0,
    }
    return Decision(**{**known, **more})


def statement(number: int = 1, **more: Any) -> Statement:
    """Return a waiver for ``faces``."""
    known: dict[str, Any] = {
        "id": f"statement-{number}",
        "kind": StatementKind.WAIVER,
        "actor": "Ada",
        "why": "the letter is on its way",
        "at_us": 100 + number,
        "datasets": ("s3://lake/faces",),
    }
    return Statement(**{**known, **more})


def said(
    pattern: str, license_id: str = "MIT", authority: str = "team", **more: Any
) -> Declaration:
    """Return a declaration of *authority*."""
    return Declaration(authority, pattern, license=License(license_id), **more)


def record(store: Store, *events: RunFacts, raw: str = "{}") -> int:
    """Append *events* in one go."""
    return store.append_runs([(facts, raw) for facts in events], recorded_us=events[-1].at_us)


def uris(history: History) -> set[str]:
    """Return the URIs of all datasets in *history*."""
    return {found.uri for found in history.datasets.values()}


def activity(store: Store, job: str, dataset: str, **more: Any) -> Activity:
    """Return the activity of *job* that wrote *dataset*."""
    history = store.history([ref(dataset)], **more)
    return next(a for a in history.activities.values() if a.job_name == job)


def related(history: History, name: str) -> set[str]:
    """Return the URIs of what contains the dataset *name* or is contained in it."""
    numbers = {found.uri: number for number, found in history.datasets.items()}
    others = history.related.get(numbers[ref(name).uri], ())
    return {history.datasets[number].uri for number in others}


def append_many(store_url: str, writer: int, count: int) -> None:
    """Append *count* events, each in its own transaction, as one of many processes."""
    store = open_store(store_url, busy_timeout_ms=60_000)
    for number in range(count):
        record(store, event(f"job-{writer}", COMPLETE, number, writes=[f"out/{writer}/{number}"]))
    store.close()


def declare(
    store: Store,
    declarations: list[Declaration],
    *,
    digest: str,
    authority: str = "team",
    origin: str = "catalog:x",
) -> int:
    """Append what *authority* says by way of *origin*."""
    return store.append_declarations(
        authority, declarations, recorded_us=1, origin=origin, digest=digest
    )
