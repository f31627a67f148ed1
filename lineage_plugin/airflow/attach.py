"""Hanging a hook on a task, whatever form the task has when a decorator meets it."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from types import FunctionType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from lineage_plugin.airflow.hook import CARRIED, TaskHook, carried

_T = TypeVar("_T")

#: The functions that decorators of Airflow leave in place of a dag's function live here.
_AIRFLOW = "airflow.sdk."

#: What our wrappers were put around.  An attribute would not do: ``functools.wraps`` copies it, and
#: a decorator of somebody else's between two of ours would be skipped.
_BODIES: WeakKeyDictionary[Callable[..., Any], Callable[..., Any]] = WeakKeyDictionary()


def attach(task: _T, hook: TaskHook, name: str) -> _T:
    """Hang *hook* on *task*, merged with what hangs there already, and return the task.

    Args:
        task: A function, what ``@task`` makes of one, an operator, its ``partial``, a mapped
            operator, or what calling a task returns.
        hook: What to add.
        name: How the decorator calls itself in messages.

    Raises:
        TypeError: *task* is something else.
    """
    if isinstance(task, FunctionType):
        if task.__globals__.get("__name__", "").startswith(_AIRFLOW):
            raise _misplaced(name, "a dag or another function of Airflow")
        carrier: _T = _carry(task, hook)
        return carrier
    if isinstance(task, type):
        raise _misplaced(name, f"the class {task.__name__}; put it around an instance of it")
    _hang(task, hook, name)
    return task


def _hang(task: Any, hook: TaskHook, name: str) -> None:
    from airflow.sdk.bases.decorator import _TaskDecorator
    from airflow.sdk.bases.operator import BaseOperator
    from airflow.sdk.definitions.mappedoperator import MappedOperator, OperatorPartial
    from airflow.sdk.definitions.xcom_arg import PlainXComArg

    _reach_worker(getattr(task, "operator_class", type(task)), hook, name)
    if isinstance(task, PlainXComArg):
        _hang(task.operator, hook, name)
    elif isinstance(task, _TaskDecorator):
        _stay_in_worker(task.operator_class, task.kwargs, hook, name)
        _add(task.kwargs, carried(task.function).merged(hook))
        _outlast_override(task, hook, name)
        if isinstance(task.function, FunctionType) and _calls_here(task.operator_class):
            # A policy of the user's may take the hook away.
            task.function = _carry(task.function, hook, ships=False)
    elif isinstance(task, OperatorPartial):
        _stay_in_worker(task.operator_class, task.kwargs, hook, name)
        _add(task.kwargs, hook)
    elif isinstance(task, (MappedOperator, BaseOperator)):
        hang(task, hook)
    else:
        raise _misplaced(name, f"{type(task).__name__} {task!r:.80}")


def _outlast_override(task: Any, hook: TaskHook, name: str) -> None:
    """Hang *hook* on what ``.override()`` makes of *task* too, whatever it overrides."""
    override = task.override

    def overridden(**kwargs: Any) -> Any:
        other = override(**kwargs)
        _hang(other, hook, name)
        return other

    task.override = overridden


def hang(operator: Any, hook: TaskHook) -> None:
    """Hang *hook* on an operator, mapped or not; what has a gate starts in a worker."""
    partial = getattr(operator, "partial_kwargs", None)
    if partial is None:
        present = operator._pre_execute_hook  # noqa: SLF001 - no other door
        operator._pre_execute_hook = hook.around(present)  # noqa: SLF001
    else:
        _add(partial, hook)
        if hook.requirements and "start_from_trigger" in partial:
            partial["start_from_trigger"] = False
    if hook.requirements:
        operator.start_from_trigger = False


def _add(kwargs: dict[str, Any], hook: TaskHook) -> None:
    kwargs["pre_execute"] = hook.around(kwargs.get("pre_execute"))


def _calls_here(operator_class: Any) -> bool:
    """Whether an operator calls its function in the task's process and never ships its source."""
    from airflow.providers.standard.operators.python import PythonOperator

    run = getattr(operator_class, "execute_callable", None)
    return run is PythonOperator.execute_callable


def _reach_worker(operator_class: Any, hook: TaskHook, name: str) -> None:
    """A task that the scheduler itself marks as done would pass every gate."""
    is_empty = getattr(operator_class, "inherits_from_empty_operator", None) is True
    if hook.requirements and is_empty:
        what = f"{operator_class.__name__}, which succeeds without being run"
        raise _misplaced(name, f"{what}; use a ProvenanceGateOperator")


def _stay_in_worker(operator_class: Any, kwargs: dict[str, Any], hook: TaskHook, name: str) -> None:
    """A task that starts in the triggerer would run its trigger before any gate."""
    if not hook.requirements:
        return
    if "start_from_trigger" in kwargs:
        kwargs["start_from_trigger"] = False
    elif getattr(operator_class, "start_from_trigger", False):
        what = f"{operator_class.__name__}, which starts in the triggerer, before it is a task"
        raise _misplaced(name, f"{what}; put it around the task itself")


def _misplaced(name: str, what: str) -> TypeError:
    message = (
        f"{name} goes on a task (a function, above or below @task, or an operator), not on {what}"
    )
    return TypeError(message)


def _carry(function: Any, hook: TaskHook, *, ships: bool = True) -> Any:
    """Return *function* so that it carries *hook*, and runs its gates if it has any.

    Args:
        function: A function, ours or not.
        hook: What it carries from now on, besides what it carries already.
        ships: Whether an operator may yet be made of it that ships its source elsewhere.
    """
    whole = carried(function).merged(hook)
    body = _body_of(function)
    around = _guarded(body, whole) if whole.requirements else _plain(body)
    if ships and whole.requirements:
        # Operators that ship a function's source look through __wrapped__; they would ship the body
        # without its gate.  Without it they ship this file's wrapper, which fails where it arrives.
        del around.__wrapped__
    setattr(around, CARRIED, whole)
    _BODIES[around] = body
    return around


def _body_of(function: Any) -> Any:
    return _BODIES.get(function, function) if isinstance(function, FunctionType) else function


def _plain(body: Callable[..., Any]) -> Any:
    """Copy *body*, so that two tasks made of one function do not share what is declared."""
    copy = FunctionType(
        body.__code__, body.__globals__, body.__name__, body.__defaults__, body.__closure__
    )
    copy.__kwdefaults__ = body.__kwdefaults__
    return functools.update_wrapper(copy, body)


def _guarded(body: Callable[..., Any], hook: TaskHook) -> Any:
    gated = _gated(body, hook)
    functools.update_wrapper(gated, body)
    gated.__annotations__ = _annotations(body)
    gated.__signature__ = inspect.signature(body)
    return gated


def _gated(body: Any, hook: TaskHook) -> Any:
    """Wrap *body* in a function of its own kind, by which Airflow knows how to run it."""
    if inspect.iscoroutinefunction(body):

        async def gated(*args: Any, **kwargs: Any) -> Any:
            _admit(hook, body)
            return await body(*args, **kwargs)

        return gated
    if inspect.isasyncgenfunction(body):

        async def gated_async_generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            _admit(hook, body)
            async for item in body(*args, **kwargs):
                yield item

        return gated_async_generator
    if inspect.isgeneratorfunction(body):

        def gated_generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            _admit(hook, body)
            return (yield from body(*args, **kwargs))

        return gated_generator

    def gated_function(*args: Any, **kwargs: Any) -> Any:
        _admit(hook, body)
        return body(*args, **kwargs)

    return gated_function


def _annotations(body: Callable[..., Any]) -> dict[str, Any]:
    """Resolve the return type: ``@task`` reads it with the globals of the function that it got."""
    found = dict(body.__annotations__)
    if isinstance(found.get("return"), str):
        # Airflow too takes what it cannot resolve as unknown.
        with contextlib.suppress(Exception):
            found["return"] = eval(found["return"], body.__globals__)  # noqa: S307 - the author's code
    return found


def _admit(hook: TaskHook, body: Callable[..., Any]) -> None:
    from airflow.sdk import get_current_context

    from lineage_plugin.airflow.gate_task import pass_gates
    from lineage_plugin.airflow.said import not_passed

    purposes = ", ".join(repr(requirement.purpose) for requirement in hook.requirements)
    try:
        context = get_current_context()
    except Exception as error:
        message = (
            f"{body.__qualname__}() requires {purposes} and runs only as a task; "
            "was it called at parse time, or is the decorator on a dag?"
        )
        raise RuntimeError(message) from error
    if left := not_passed(hook.requirements, context):
        called = getattr(context["task"], "python_callable", None)
        pass_gates(left, context, at_entry=_body_of(called) is body)
