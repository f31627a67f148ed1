"""When a gated body has ended."""
# Here operators are called for what they stand for.
# ruff: noqa: AIR001

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import Asset

from lineage_plugin import settings
from lineage_plugin.airflow import capturing
from lineage_plugin.airflow.closing import judge
from lineage_plugin.airflow.decorators import provenance, requires
from lineage_plugin.airflow.hook import hook_of
from lineage_plugin.airflow.identity import subject_of
from lineage_plugin.capture import audit
from lineage_plugin.model import DatasetRef, Outcome, Statement, StatementKind, in_force
from lineage_plugin.store import open_store
from lineage_plugin.store.spool import Spool
from tests.support.airflow_context import ToldGate, context_of

MAPS = Asset("s3://lake/maps")
MODEL = Asset("s3://models/m")
SEEN = capturing.Touched(reads=(DatasetRef("file", "/data/other.csv"),))
LATE = 1 << 52


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    yield tmp_path
    audit.stop()


def task(**more: Any) -> Any:
    body = more.pop("body", lambda: None)
    made = PythonOperator(
        task_id="train", python_callable=body, inlets=[MAPS], outlets=[MODEL], **more
    )
    return requires("model-training")(made)


def statements() -> list[Statement]:
    here = settings.load()
    with closing(open_store(here.store_url)) as store:
        return store.statements(kinds=(StatementKind.QUARANTINE,))


def judged(context: Any, outcome: Outcome, touched: capturing.Touched = SEEN) -> ToldGate:
    gate = ToldGate(model_training=outcome)
    judge(hook_of(context["task"]), context, touched, opener=gate.opener)
    return gate


def test_what_was_read_besides_is_asked_about_and_recorded() -> None:
    gate = judged(context_of(task()), Outcome.ALLOWED)

    (asked,) = gate.asked
    assert [ref.uri for ref in asked["inputs"]] == ["s3://lake/maps", "file:///data/other.csv"]
    assert asked["record"] is True
    assert statements() == []


def test_what_still_passes_is_not_recorded_once_more() -> None:
    inside = capturing.Touched(reads=(DatasetRef("s3://lake", "maps/1.png"),))

    gate = judged(context_of(task()), Outcome.ALLOWED, inside)

    assert [asked["record"] for asked in gate.asked] == [False]
    assert [ref.uri for ref in gate.asked[0]["inputs"]] == ["s3://lake/maps"]


def test_what_was_written_is_held_back_if_it_does_not_pass() -> None:
    context = context_of(task())

    judged(context, Outcome.DENIED)

    (held,) = statements()
    assert held.datasets == ("s3://models/m",)
    assert held.subject == subject_of(context)
    assert held.decision
    assert held.why.startswith("DENIED for model-training")


def test_a_refusal_of_what_was_judged_before_is_recorded() -> None:
    gate = judged(context_of(task()), Outcome.UNDECIDED, capturing.Touched())

    assert [asked["record"] for asked in gate.asked] == [False, True]
    assert len(statements()) == 1


def test_a_broken_gate_holds_back() -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError

    context = context_of(task())
    judge(hook_of(context["task"]), context, SEEN, opener=broken)

    assert len(statements()) == 1


def test_a_later_try_that_replaces_all_lets_go_of_an_earlier_one() -> None:
    replacing = provenance(overwrite=True)(task())
    context = context_of(replacing)
    judged(context, Outcome.DENIED)
    assert len(in_force(statements(), LATE)) == 1

    judged(context, Outcome.ALLOWED)

    assert in_force(statements(), LATE) == ()


@pytest.mark.parametrize("same_run", [True, False])
def test_nothing_else_lets_go(*, same_run: bool) -> None:
    context = context_of(task())
    judged(context, Outcome.DENIED)
    other = task() if same_run else provenance(overwrite=True)(task())
    later = context if same_run else context_of(other)
    if not same_run:
        later["dag_run"].logical_date = later["dag_run"].logical_date.replace(day=11)

    judged(later, Outcome.ALLOWED)

    assert len(in_force(statements(), LATE)) == 1


def test_where_the_record_is_gone_what_holds_back_waits(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__STORE_URL", "sqlite:////proc/nowhere/record.db")

    judged(context_of(task()), Outcome.DENIED)

    assert Spool(settings.load().state_dir).pending() == 1


# --- around the body


def ran(operator: Any, context: Any) -> Any:
    """Run an operator's hooks and its body as Airflow does."""
    capturing.surround(context)
    operator._pre_execute_hook(context)
    try:
        operator.python_callable()
    except ZeroDivisionError:
        for callback in operator.on_failure_callback:
            callback(context)
    else:
        operator._post_execute_hook(context, None)


def test_a_body_is_watched_and_nothing_else(home: Path) -> None:
    data = home / "data.csv"
    data.write_text("x", "utf-8")
    seen: list[bool] = []

    def body() -> None:
        seen.append(audit.is_on())
        data.read_text("utf-8")

    operator = PythonOperator(
        task_id="t",
        python_callable=body,
        pre_execute=lambda _: seen.append(audit.is_on()),
        post_execute=lambda *_: None,
    )
    context = context_of(operator)

    ran(operator, context)

    assert seen == [False, True]
    assert not audit.is_on()
    assert [r.uri for r in capturing.touched_by(context["ti"]).reads] == [f"file://{data}"]


def test_a_body_that_fails_is_watched_until_then(home: Path) -> None:
    data = home / "data.csv"
    data.write_text("x", "utf-8")

    def fail() -> None:
        data.read_text("utf-8")
        raise ZeroDivisionError

    operator = PythonOperator(task_id="t", python_callable=fail)
    context = context_of(operator)

    ran(operator, context)

    assert len(capturing.touched_by(context["ti"]).reads) == 1


def test_a_task_is_surrounded_once() -> None:
    operator = PythonOperator(task_id="t", python_callable=lambda: None)
    context = context_of(operator)
    capturing.surround(context)
    hooks = (operator._pre_execute_hook, operator._post_execute_hook)

    capturing.surround(context)

    assert (operator._pre_execute_hook, operator._post_execute_hook) == hooks


def test_what_hangs_on_a_task_is_found_behind_what_surrounds_it() -> None:
    operator = task()
    capturing.surround(context_of(operator))

    assert [r.purpose for r in hook_of(operator).requirements] == ["model-training"]


def test_capturing_can_be_switched_off(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__CAPTURE", "off")
    seen: list[bool] = []
    operator = PythonOperator(task_id="t", python_callable=lambda: seen.append(audit.is_on()))
    context = context_of(operator)

    ran(operator, context)

    assert seen == [False]
    assert capturing.touched_by(context["ti"]) == capturing.Touched()


def test_a_setting_that_cannot_be_read_breaks_no_body(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__LINEAGE_PLUGIN__CAPTURE", "perhaps")
    done: list[bool] = []
    operator = PythonOperator(task_id="t", python_callable=lambda: done.append(True))

    ran(operator, context_of(operator))

    assert done == [True]


def test_a_context_of_no_task_is_left_alone() -> None:
    capturing.surround({})
    capturing.surround({"ti": None, "task": object()})


def test_what_surrounds_a_task_does_not_show_its_context() -> None:
    operator = PythonOperator(task_id="t", python_callable=lambda: None)
    context = context_of(operator, params={"token": "s3cret"})

    capturing.surround(context)

    assert not any("s3cret" in repr(value) for value in vars(operator).values())
