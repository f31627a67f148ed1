"""Receipts in Airflow's asset events."""
# Here operators are called for what they stand for.

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time import context as execution
from airflow.sdk.execution_time.context import OutletEventAccessors

from lineage_plugin.airflow import receipts
from lineage_plugin.airflow.hook import Requirement
from lineage_plugin.airflow.identity import subject_of
from tests.support.airflow_context import NOON, context_of

MAPS, MODEL = Asset("s3://lake/maps"), Asset("s3://models/m")
PURPOSE = Requirement("model-training")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))


def test_a_run_leaves_a_receipt_beside_what_its_author_says_of_an_outlet() -> None:
    events = OutletEventAccessors()
    events[MODEL].extra["rows"] = 3
    context = context_of(EmptyOperator(task_id="t", outlets=[MODEL]), outlet_events=events)

    receipts.leave(context)

    extra = events[MODEL].extra
    left: Any = extra[receipts.KEY]
    assert extra["rows"] == 3
    assert left["run"] == subject_of(context).run_id
    assert (left["seq"], left["head"]) == (0, ""), "there is no record yet"


def test_what_is_reported_under_an_alias_gets_one_too() -> None:
    events, alias = OutletEventAccessors(), AssetAlias("faces")
    events[alias].add(MODEL, extra={})
    context = context_of(EmptyOperator(task_id="t", outlets=[alias]), outlet_events=events)

    receipts.leave(context)

    (event,) = events[alias].asset_alias_events
    assert receipts.KEY in event.extra


def told(extra: Any, task: str | None = "write") -> Any:
    return SimpleNamespace(
        timestamp=NOON,
        extra=extra,
        source_dag_id="dag" if task else None,
        source_task_id=task,
        source_run_id="manual__1" if task else None,
    )


def answers(monkeypatch: pytest.MonkeyPatch, *events: Any) -> list[Any]:
    """Let Airflow tell these events; what it is asked is noted."""
    asked: list[Any] = []

    class Accessor:
        def __init__(self, **names: Any) -> None:
            asked.append(names)

        def ascending(self, *, ascending: bool) -> Accessor:
            asked.append(ascending)
            return self

        def limit(self, limit: int) -> Any:
            asked.append(limit)
            if not events:
                raise ConnectionError
            return events

    monkeypatch.setattr(execution, "InletEventsAccessor", Accessor)
    return asked


def inlets(*assets: Any) -> Any:
    return context_of(EmptyOperator(task_id="t", inlets=[*assets]), inlet_events={})


@pytest.mark.parametrize(
    ("extra", "run", "seq"),
    [
        ({"lineage_plugin": {"run": "r", "seq": 7, "head": "h"}}, "r", 7),
        ({"lineage_plugin": {"run": "r", "seq": "7", "head": 1}}, "r", 0),
        ({"lineage_plugin": "forged"}, "", 0),
        ({}, "", 0),
        (None, "", 0),
    ],
)
def test_a_gate_is_told_what_airflow_knows(
    extra: Any, run: str, seq: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, told(extra))

    (event,) = receipts.reported(inlets(MAPS), PURPOSE).events

    assert asked == [{"asset_name": MAPS.name, "asset_uri": MAPS.uri}, False, receipts.LAST_EVENTS]
    assert (event.ref.uri, event.job_name, event.airflow_run) == (
        "s3://lake/maps",
        "dag.write",
        "manual__1",
    )
    assert (event.run_id, event.seq) == (run, seq)
    assert dt.datetime.fromtimestamp(event.at_us / 1e6, dt.UTC) == NOON


def test_an_event_without_task_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, told({}, task=None))

    (event,) = receipts.reported(inlets(MAPS), PURPOSE).events

    assert (event.job_name, event.airflow_run) == ("", "")


def test_where_airflow_cannot_say_the_gate_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)

    found = receipts.reported(inlets(MAPS), PURPOSE)

    assert found.events == ()
    assert [reason.id for reason in found.obstacles] == ["record.events-unreadable"]
    assert not found.obstacles[0].is_definite
