"""Decorators on every form that a task can have."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, Asset, BaseOperator, dag, task, task_group
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.context import set_current_context
from airflow.serialization.serialized_objects import BaseSerialization, DagSerialization

from lineage_plugin.airflow.decorators import provenance, requires
from lineage_plugin.airflow.gate_task import pass_gates
from lineage_plugin.airflow.hook import TaskHook, carried, hook_of
from lineage_plugin.airflow.task_decorator import provenance_gate
from lineage_plugin.model import Outcome
from tests.support.airflow_context import ToldGate, context_of

RAW = Asset("s3://lake/raw")


def operator_of(called: Any) -> Any:
    return called.operator


def purposes(hook: TaskHook) -> list[str]:
    return [requirement.purpose for requirement in hook.requirements]


def train(shard: int = 1) -> dict[str, int]:
    return {"shard": shard}


ORDERS = {
    "both above": lambda: requires("p")(provenance(edge="train")(task(train))),
    "both above, other order": lambda: provenance(edge="train")(requires("p")(task(train))),
    "both below": lambda: task(requires("p")(provenance(edge="train")(train))),
    "both below, other order": lambda: task(provenance(edge="train")(requires("p")(train))),
    "one above, one below": lambda: provenance(edge="train")(task(requires("p")(train))),
    "one below, one above": lambda: requires("p")(task(provenance(edge="train")(train))),
    "with task options": lambda: requires("p")(
        provenance(edge="train")(task(retries=2, inlets=[RAW])(train))
    ),
}


@pytest.mark.parametrize("decorate", ORDERS.values(), ids=ORDERS.keys())
def test_the_order_of_decorators_does_not_matter(decorate: Any) -> None:
    with DAG("d", schedule=None):
        operator = operator_of(decorate()())

    hook = hook_of(operator)
    assert (purposes(hook), hook.edge) == (["p"], "train")


@pytest.mark.parametrize("decorate", ORDERS.values(), ids=ORDERS.keys())
def test_a_decorated_task_can_be_mapped(decorate: Any) -> None:
    with DAG("d", schedule=None):
        operator = operator_of(decorate().expand(shard=[1, 2]))

    assert purposes(hook_of(operator)) == ["p"]


def test_requiring_twice_requires_both() -> None:
    with DAG("d", schedule=None):
        operator = operator_of(requires("a")(task(requires("b")(requires("c")(train))))())

    assert sorted(purposes(hook_of(operator))) == ["a", "b", "c"]


def test_two_tasks_of_one_function_do_not_share_what_is_declared() -> None:
    first, second = provenance(edge="copy")(train), provenance(edge="join")(train)

    assert carried(first).edge == "copy"
    assert carried(second).edge == "join"
    assert carried(train).edge == "unspecified"


def test_a_classic_operator_is_returned_with_its_hook() -> None:
    noted: list[Any] = []
    t = BashOperator(task_id="t", bash_command="true", pre_execute=noted.append)

    returned = requires("p")(provenance(edge="copy")(t))

    assert returned is t
    assert purposes(hook_of(t)) == ["p"]
    assert isinstance(t._pre_execute_hook, TaskHook)
    assert t._pre_execute_hook.then == (noted.append,)


def test_what_calling_a_task_returns_stands_for_the_task() -> None:
    with DAG("d", schedule=None):
        called = task(train)()
        requires("p")(called)

    assert purposes(hook_of(operator_of(called))) == ["p"]


def test_partials_and_mapped_operators_carry_hooks() -> None:
    with DAG("d", schedule=None):
        before = requires("p")(BashOperator.partial(task_id="a")).expand(bash_command=["1"])
        after = requires("p")(BashOperator.partial(task_id="b").expand(bash_command=["1"]))

    assert purposes(hook_of(before)) == purposes(hook_of(after)) == ["p"]


def test_a_gated_task_starts_in_a_worker() -> None:
    """A task that starts in the triggerer runs its trigger before any gate."""
    with DAG("d", schedule=None):
        plain = DateTimeSensorAsync(
            task_id="a", target_time="2026-01-10T00:00:00", start_from_trigger=True
        )
        partial = DateTimeSensorAsync.partial(task_id="b", start_from_trigger=True)
        mapped = requires("p")(partial).expand(target_time=["2026-01-10T00:00:00"])
        later = DateTimeSensorAsync.partial(task_id="c", start_from_trigger=True).expand(
            target_time=["2026-01-10T00:00:00"]
        )
    requires("p")(plain)
    requires("p")(later)

    for operator in (plain, mapped, later):
        assert operator.start_from_trigger is False
    assert later.partial_kwargs["start_from_trigger"] is False


def test_an_operator_that_always_starts_in_the_triggerer_is_refused_before_it_is_a_task() -> None:
    class Always(BaseOperator):
        start_from_trigger = True

    with DAG("d", schedule=None):
        partial = Always.partial(task_id="t")
        with pytest.raises(TypeError, match="starts in the triggerer"):
            requires("p")(partial)
        partial.expand(doc=["1"])


EMPTY = {
    "a task": lambda: EmptyOperator(task_id="t"),
    "a partial": lambda: EmptyOperator.partial(task_id="t"),
    "a mapped task": lambda: EmptyOperator.partial(task_id="t").expand(doc=["1"]),
}


@pytest.mark.filterwarnings("ignore:Task.*was never mapped")
@pytest.mark.parametrize("make", EMPTY.values(), ids=EMPTY.keys())
def test_an_operator_that_succeeds_without_being_run_cannot_be_gated(make: Any) -> None:
    with DAG("d", schedule=None):
        thing = make()

    with pytest.raises(TypeError, match="EmptyOperator, which succeeds without being run"):
        requires("p")(thing)


def running(operator: Any) -> Any:
    context: Any = context_of(operator)
    return set_current_context(context)


ABOVE = [
    lambda: requires("model-training")(task(train)),
    lambda: requires("model-training")(task(requires("model-training")(train))),
]


@pytest.mark.parametrize("decorate", ABOVE, ids=["above", "above and below"])
@pytest.mark.parametrize("pre_execute", [None, print], ids=["no hook", "another hook"])
def test_overriding_the_hook_of_a_task_keeps_its_gate(decorate: Any, pre_execute: Any) -> None:
    with DAG("d", schedule=None):
        operator = operator_of(decorate().override(pre_execute=pre_execute)(shard=2))

    assert purposes(hook_of(operator)) == ["model-training"]
    with running(operator), pytest.raises(AirflowFailException):
        operator.python_callable()


@pytest.mark.parametrize("kind", [task, task.bash, task.virtualenv, task.branch])
def test_overriding_the_hook_of_a_task_of_any_kind_keeps_its_gate(kind: Any) -> None:
    with DAG("d", schedule=None):
        gated = provenance(edge="train")(requires("model-training")(kind(train)))
        once = gated.override(pre_execute=print)
        operator = operator_of(once.override(task_id="again", pre_execute=None)(shard=2))
        mapped = operator_of(once.override(task_id="mapped").expand(shard=[1, 2]))

    hook = hook_of(operator)
    assert (purposes(hook), hook.edge, operator._pre_execute_hook.then) == (
        ["model-training"],
        "train",
        (),
    )
    assert purposes(mapped.partial_kwargs["pre_execute"]) == ["model-training"]
    assert mapped.partial_kwargs["pre_execute"].then == (print,)


def test_a_task_that_is_gated_from_above_looks_as_without_the_gate() -> None:
    plain: Any = task(train)
    gated: Any = requires("p")(task(train))

    assert gated.__wrapped__ is train
    assert gated.multiple_outputs is plain.multiple_outputs
    for look in (inspect.signature, inspect.getsource):
        assert look(gated.function) == look(plain.function)


def test_a_hook_that_is_present_and_did_not_let_pass_is_not_believed() -> None:
    gate: Any = requires("model-training")
    with DAG("d", schedule=None):
        operator = operator_of(gate(task(gate(train)))())

    with running(operator), pytest.raises(AirflowFailException):
        operator.python_callable()


def test_a_gate_that_let_pass_is_not_asked_again() -> None:
    with DAG("d", schedule=None):
        operator = operator_of(requires("model-training")(task(train))())

    with running(operator) as context:
        told = ToldGate(model_training=Outcome.ALLOWED)
        pass_gates(hook_of(operator).requirements, context, opener=told.opener)
        assert operator.python_callable() == {"shard": 1}


def test_a_decorator_between_two_of_ours_is_not_skipped() -> None:
    def doubled(function: Any) -> Any:
        @functools.wraps(function)
        def twice() -> Any:
            return function()["shard"] * 2

        return twice

    assert provenance(edge="copy")(doubled(provenance(license="MIT")(train)))() == 2


def test_conditions_around_and_inside_keep_the_gate() -> None:
    with DAG("d", schedule=None):
        conditional = task.run_if(lambda context: True)(
            requires("p")(task.run_if(lambda context: True)(task(train)))
        )
        operator = operator_of(conditional())

    assert purposes(hook_of(operator)) == ["p"]


def test_a_function_keeps_its_signature_and_name() -> None:
    gated = requires("p")(train)

    assert inspect.signature(gated) == inspect.signature(train)
    assert gated.__name__ == "train"


def test_what_a_function_returns_is_read_as_without_the_decorator() -> None:
    """Airflow pushes a mapping key by key, and learns that from the annotation."""
    with_gate: Any = task(requires("p")(train))
    without: Any = task(train)

    assert with_gate.multiple_outputs is without.multiple_outputs is True


def test_the_kind_of_a_function_stays() -> None:
    async def coroutine() -> None: ...

    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncGenerator[int, None]:
        yield 1

    assert inspect.iscoroutinefunction(requires("p")(coroutine))
    assert inspect.isgeneratorfunction(requires("p")(generator))
    assert inspect.isasyncgenfunction(requires("p")(async_generator))


def test_the_source_of_a_gated_function_is_not_that_of_its_body() -> None:
    """An operator that ships source would ship the body without the gate."""
    assert "shard" not in inspect.getsource(requires("p")(train))


def test_a_gated_function_does_not_run_outside_a_task() -> None:
    with pytest.raises(RuntimeError, match=r"train\(\) requires 'p' and runs only as a task"):
        requires("p")(train)()


def test_a_function_that_only_declares_runs_anywhere() -> None:
    assert provenance(edge="copy")(train)(2) == {"shard": 2}


def test_a_hook_is_serialised_as_the_same_text_every_time() -> None:
    with DAG("d", schedule=None) as first:
        requires("p")(task(train))()
    with DAG("d", schedule=None) as second:
        requires("q")(provenance(edge="copy")(task(train)))()

    tasks: list[Any] = [dag_.get_task("train") for dag_ in (first, second)]
    texts = [BaseSerialization.serialize(found._pre_execute_hook) for found in tasks]
    assert texts[0] == texts[1]
    assert DagSerialization.to_dict(first)


def test_the_registered_decorator_is_requires() -> None:
    with DAG("d", schedule=None):
        operator = operator_of(provenance_gate("p", suites=["s"])(task(train))())

    assert hook_of(operator).requirements[0].suites == ("s",)


@dag(schedule=None)
def some_dag() -> None: ...


@task_group
def some_group() -> None: ...


WRONG = {
    "a decorated dag": (some_dag, "not on a dag"),
    "a dag": (DAG("d", schedule=None), "not on DAG"),
    "a task group": (some_group, "not on _TaskGroupFactory"),
    "a class": (BashOperator, "the class BashOperator; put it around an instance"),
    "a list": ([train], "not on list"),
    "nothing": (None, "not on NoneType None"),
}


@pytest.mark.parametrize(("thing", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_task_is_refused_when_the_dag_is_parsed(thing: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        requires("p")(thing)
    with pytest.raises(TypeError, match=message):
        provenance(edge="copy")(thing)


MISTAKES = {
    "edge": (lambda: provenance(edge="trian"), ValueError, "did you mean 'train'"),
    "licence": (lambda: provenance(licence="MIT"), TypeError, "did you mean 'license'"),  # type: ignore[arg-type]
    "overwrite": (lambda: provenance(overwrite="no"), TypeError, "overwrite is True or False"),  # type: ignore[arg-type]
    "no purpose": (lambda: requires(train), TypeError, "name a purpose"),  # type: ignore[arg-type]
    "blank purpose": (lambda: requires(" "), TypeError, "name a purpose"),
    "a recipient that is no name": (
        lambda: requires("disclosure", recipient=["Acme"]),  # type: ignore[arg-type]
        TypeError,
        "the recipient is named by a string",
    ),
    "one suite": (lambda: requires("p", suites="s"), TypeError, "suites is a list"),
    "a suite that is no name": (lambda: requires("p", suites=[1]), TypeError, "not 1"),  # type: ignore[list-item]
    "one input": (lambda: requires("p", inputs="s3://x/y"), TypeError, "inputs is a list"),
}


@pytest.mark.parametrize(("write", "kind", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_show_when_the_dag_is_parsed(
    write: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        write()


@pytest.mark.parametrize("lineage", [["s3://a"], {"s3://a": "s3://b"}, "s3://a"], ids=str)
def test_lineage_maps_outputs_to_lists_of_inputs(lineage: Any) -> None:
    with pytest.raises(TypeError, match="lineage"):
        provenance(lineage=lineage)
