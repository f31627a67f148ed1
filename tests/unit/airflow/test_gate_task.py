"""The gate in front of a body."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException

from lineage_plugin.airflow.gate_task import enter, pass_gates
from lineage_plugin.airflow.hook import Requirement, TaskHook
from lineage_plugin.airflow.said import said_for
from lineage_plugin.model import DatasetRef, Outcome
from tests.support.airflow_context import ToldGate, context_of

TRAIN = Requirement("model-training", ("more",))
PUBLISH = Requirement("publication")
RAW = Asset("s3://lake/raw")


def reading(*inlets: Any) -> dict[str, Any]:
    return context_of(EmptyOperator(task_id="t", inlets=list(inlets)))


def test_an_allowed_task_goes_on() -> None:
    context = reading(RAW)
    gate = ToldGate(model_training=Outcome.ALLOWED)

    decisions = pass_gates([TRAIN], context, opener=gate.opener)

    assert [decision.outcome for decision in decisions] == [Outcome.ALLOWED]
    assert gate.asked[0]["inputs"] == (DatasetRef("s3://lake", "raw"),)
    assert gate.asked[0]["suites"] == ("more",)
    assert gate.asked[0]["subject"].job_name == "dag.t"
    assert [said.decision for said in said_for(context["ti"])] == decisions


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.UNDECIDED], ids=str)
def test_anything_but_allowed_fails_without_retries(outcome: Outcome) -> None:
    gate = ToldGate(model_training=outcome)

    with pytest.raises(AirflowFailException, match=f"{outcome.value} for model-training"):
        pass_gates([TRAIN], reading(RAW), opener=gate.opener)


def test_all_purposes_are_judged_before_the_task_fails(caplog: pytest.LogCaptureFixture) -> None:
    gate = ToldGate(model_training=Outcome.DENIED, publication=Outcome.UNDECIDED)

    with (
        caplog.at_level(logging.INFO),
        pytest.raises(AirflowFailException, match=r"(?s)DENIED for model.*UNDECIDED for publi"),
    ):
        pass_gates([TRAIN, PUBLISH], reading(RAW), opener=gate.opener)

    assert "DENIED  s3://lake/raw  for model-training" in caplog.messages
    assert "UNDECIDED  s3://lake/raw  for publication" in caplog.messages


def test_one_purpose_that_is_not_allowed_is_enough() -> None:
    gate = ToldGate(model_training=Outcome.ALLOWED, publication=Outcome.DENIED)

    with pytest.raises(AirflowFailException, match=r"^DENIED for publication"):
        pass_gates([TRAIN, PUBLISH], reading(RAW), opener=gate.opener)


@pytest.mark.parametrize(
    "error", [OSError("disk"), RecursionError(), SystemExit(0)], ids=lambda e: type(e).__name__
)
def test_a_gate_that_breaks_does_not_let_pass(error: BaseException) -> None:
    def broken(_: Any) -> Any:
        raise error

    context = reading(RAW)
    with pytest.raises(AirflowFailException, match="UNDECIDED for model-training") as caught:
        pass_gates([TRAIN], context, opener=broken)

    assert caught.value.__cause__ is error
    assert said_for(context["ti"])[0].decision.inputs == (DatasetRef("s3://lake", "raw"),)


def test_an_interrupted_gate_is_interrupted() -> None:
    def interrupted(_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pass_gates([TRAIN], reading(RAW), opener=interrupted)


def test_a_context_that_tells_nothing_does_not_let_pass() -> None:
    with pytest.raises(AirflowFailException, match="UNDECIDED"):
        pass_gates([TRAIN], {}, opener=ToldGate(model_training=Outcome.ALLOWED).opener)


def test_a_gate_that_says_nothing_does_not_let_pass() -> None:
    class Silent(ToldGate):
        def decide(self, *_: Any, **__: Any) -> Any:
            return None

    with pytest.raises(AirflowFailException, match="UNDECIDED"):
        pass_gates([TRAIN], reading(RAW), opener=Silent().opener)


@pytest.mark.parametrize(
    "inlet", [AssetAlias("a"), Asset.ref(name="n"), object()], ids=["alias", "ref", "object"]
)
def test_what_cannot_be_named_is_undecided_and_said(inlet: Any) -> None:
    context = reading(RAW, inlet)
    gate = ToldGate(model_training=Outcome.ALLOWED)

    with pytest.raises(AirflowFailException, match=r"UNDECIDED.*names no dataset"):
        pass_gates([TRAIN], context, opener=gate.opener)

    assert said_for(context["ti"])[0].decision.reasons[0].id == "input.unresolved"
    assert [reason.id for reason in gate.asked[0]["obstacles"]] == ["input.unresolved"]


def test_a_prohibition_stays_one_beside_what_cannot_be_named() -> None:
    gate = ToldGate(model_training=Outcome.DENIED)

    with pytest.raises(AirflowFailException, match=r"DENIED.*and 1 more"):
        pass_gates([TRAIN], reading(RAW, AssetAlias("a")), opener=gate.opener)


def test_hooks_that_were_there_run_and_generators_are_run_to_their_end() -> None:
    ran: list[str] = []

    def plain(context: Any) -> None:
        ran.append("plain")

    def generator(context: Any) -> Iterator[None]:
        ran.append("generator")
        yield None

    enter(TaskHook(then=(plain, generator)), reading())

    assert ran == ["plain", "generator"]
