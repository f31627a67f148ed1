"""What a task's log and facet say where something is let pass."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException
from click.testing import CliRunner

from lineage_plugin.airflow.decorators import requires
from lineage_plugin.airflow.gate_task import pass_gates
from lineage_plugin.airflow.hook import Requirement, hook_of
from lineage_plugin.airflow.run_facets import declared
from lineage_plugin.airflow.said import said_for
from lineage_plugin.cli import command
from lineage_plugin.facets import codec, names
from lineage_plugin.model import Mode, Outcome
from tests.support.airflow_context import NOON, context_of

TRAIN = Requirement("model-training")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return tmp_path


def reading() -> PythonOperator:
    return PythonOperator(task_id="t", python_callable=print, inlets=[Asset("s3://lake/raw")])


def monday() -> dict[str, Any]:
    dag_run = SimpleNamespace(logical_date=NOON, run_after=NOON, clear_number=0, run_id="monday")
    return context_of(reading(), dag_run=dag_run)


def test_glass_that_a_person_broke_lets_the_task_go_on_loudly(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "lineage_plugin" / "record.db").mkdir(parents=True)
    with pytest.raises(AirflowFailException, match=r"store.unavailable"):
        pass_gates([TRAIN], monday())
    asked = [
        "break-glass",
        "--dag",
        "dag",
        "--task",
        "t",
        "--run",
        "monday",
        "--by",
        "Ada",
        "--why",
        "disk",
    ]
    broken = CliRunner(env={"AIRFLOW_HOME": str(home)}).invoke(command, asked)
    assert broken.exit_code == 0, broken.output
    context = monday()
    caplog.clear()
    (decision,) = pass_gates([TRAIN], context)

    assert decision.break_glass == broken.stdout.strip()
    loud = [r.message for r in caplog.records if r.levelno == logging.CRITICAL]
    assert loud[0].startswith(f"BREAK-GLASS {decision.break_glass}: no gate could say anything")
    facet = codec.gate_facet(said_for(context["ti"])[0].decision)
    assert (facet.outcome, facet.wouldBe, facet.breakGlass) == (
        "ALLOWED",
        "UNDECIDED",
        decision.break_glass,
    )


@pytest.mark.parametrize(
    ("mode", "level"), [("observe", logging.INFO), ("warn", logging.WARNING)], ids=str
)
def test_a_mode_lets_the_task_go_on_and_the_log_and_facet_say_so(
    home: Path, caplog: pytest.LogCaptureFixture, mode: str, level: int
) -> None:
    (home / "policy.yaml").write_text(f"version: 1\nmodes: [{{mode: {mode}, dag: d?g}}]\n")
    context = monday()
    with caplog.at_level(logging.INFO, "lineage_plugin"):
        (decision,) = pass_gates([TRAIN], context)
    facet: Any = declared(context["ti"], None)[names.GATE]

    assert (decision.outcome, decision.mode) == (Outcome.ALLOWED, Mode(mode))
    told = [r for r in caplog.records if "without modes and baseline" in r.message]
    assert [r.levelno for r in told] == [level]
    assert ("lineage.unknown-producer" in caplog.text) == (mode == "warn")
    assert (facet.mode, facet.wouldBe) == (mode, "UNDECIDED")
    assert facet.owedCount == len(decision.owed) > 0


def test_observing_is_loud_where_nobody_judged(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "policy.yaml").write_text("version: 1\nmodes: [{mode: observe}]\n")
    (home / "lineage_plugin" / "record.db").mkdir(parents=True)
    (decision,) = pass_gates([TRAIN], monday())

    assert decision.outcome is Outcome.ALLOWED
    assert any(r.levelno == logging.CRITICAL for r in caplog.records)
    assert "store.unavailable" in caplog.text


def test_an_author_can_only_be_stricter(home: Path) -> None:
    (home / "policy.yaml").write_text("version: 1\nmodes: [{mode: warn}]\n")
    strict = hook_of(requires("model-training", mode="block")(monday()["task"])).requirements
    mild = hook_of(requires("model-training", mode="observe")(monday()["task"])).requirements

    with pytest.raises(AirflowFailException):
        pass_gates(strict, monday())
    (decision,) = pass_gates(mild, monday())
    assert decision.mode is Mode.WARN
    with pytest.raises(ValueError, match=r"unknown mode 'blok'.*did you mean 'block'"):
        requires("model-training", mode="blok")


def test_two_who_require_the_same_are_as_strict_as_the_stricter() -> None:
    task = reading()
    for mode in ("block", "warn", ""):
        requires("model-training", mode=mode)(task)

    (requirement,) = hook_of(task).requirements
    assert requirement.mode == "block"
