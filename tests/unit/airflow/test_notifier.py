"""Who is told what when a gate blocked something, and that nobody else is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lineage_plugin import BlockedNotifier
from lineage_plugin.model import Decision, Subject
from tests.support.gatehouse import Gatehouse, roots
from tests.support.report_story import PHOTOS


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decision:
    """What a gate said to the map index 1 of faces.train."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    house = Gatehouse(tmp_path).catalog(roots(photos=PHOTOS))
    asker = Subject("airflow", "faces.train", "g", "r", "faces", "train", "monday", 1)
    return house.ask("photos", purpose="face-recognition", subject=asker)


def context(map_index: int = 1, run_id: str = "monday", **more: Any) -> dict[str, Any]:
    """Return what Airflow gives the callback of a task that failed."""
    instance = SimpleNamespace(
        dag_id="faces", task_id="train", run_id=run_id, map_index=map_index, try_number=1
    )
    task = SimpleNamespace(owner="team-faces, on-call")
    return {"ti": instance, "task": task, "exception": ValueError(), **more}


def told(asked: dict[str, Any], **more: Any) -> list[Any]:
    """Return what is sent."""
    sent: list[Any] = []
    BlockedNotifier(send=lambda context: sent.append(context.get("provenance")), **more).notify(
        asked
    )
    return sent


def test_a_blocked_task_is_told_to_its_owners_and_to_who_declared_the_data(
    blocked: Decision,
) -> None:
    (message,) = told(context())

    assert message["decision"] == blocked.id
    assert message["title"] == "faces.train was blocked: DENIED for face-recognition"
    assert message["mentions"] == ["team-faces", "on-call", "team-vision"]
    assert "obtain the signed agreement" in message["text"]
    assert f"lineage-plugin explain {blocked.id}" in message["text"]


@pytest.mark.usefixtures("blocked")
def test_what_no_gate_blocked_is_told_to_nobody_unless_that_is_asked_for() -> None:
    assert told(context(map_index=0)) == []
    assert told(context(run_id="tuesday")) == []
    assert told(context(run_id="tuesday"), only_blocked=False) == [None]


@pytest.mark.usefixtures("blocked")
def test_the_callback_of_a_dag_speaks_for_every_task_of_the_run() -> None:
    of_dag = context(map_index=-1)
    del of_dag["exception"]
    of_dag["ti"].task_id = "another"

    assert len(told(of_dag)) == 1


def test_nothing_that_goes_wrong_reaches_the_callback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "no record here"))

    assert told(context()) == []
    BlockedNotifier(send=lambda _: None)({})
    assert "could not tell anybody what a gate blocked" in caplog.text
