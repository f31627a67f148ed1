"""Around every task's body: what it touches is captured, and judged once more when it has ended.

Nothing in here breaks a task.  A gated one whose reads do not pass when it ends has what it wrote
held back; where even that cannot be recorded, every gate is undecided.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineage_plugin import capture
from lineage_plugin.airflow.hook import call_hook, hook_of
from lineage_plugin.capture import audit
from lineage_plugin.model import DatasetRef

if TYPE_CHECKING:
    from lineage_plugin.capture.session import Session
    from lineage_plugin.capture.touched import Rules, Touches

log = logging.getLogger(__name__)

#: Lists of functions that Airflow calls when a body did not succeed.
_UNSUCCESSFUL = ("on_failure_callback", "on_retry_callback", "on_skipped_callback")


@dataclass
class _Body:
    """What is known about a body that runs, or has run, in this process."""

    session: Session | None
    rules: Rules | None
    started: bool = True
    touched: Touches | None = None


@dataclass(frozen=True)
class Touched:
    """What a body was seen to read and write, and how many files of each dataset, by URI."""

    reads: tuple[DatasetRef, ...] = ()
    writes: tuple[DatasetRef, ...] = ()
    files: Mapping[str, int] = field(default_factory=dict)


#: Bodies by task instance; the fork that emits a task's last event inherits them.
_BODIES: dict[str, _Body] = {}


def surround(context: Any) -> None:
    """Hang what captures and judges around the body of a task that is about to run.

    Airflow reads a task's hooks after this; what hangs there already comes first.
    """
    task, instance = context.get("task"), context.get("ti")
    if instance is None or not hasattr(task, "_pre_execute_hook") or _is_surrounded(task):
        return
    task._pre_execute_hook = functools.partial(_begin, task._pre_execute_hook)  # noqa: SLF001
    task._post_execute_hook = functools.partial(_end, task._post_execute_hook)  # noqa: SLF001
    for kind in _UNSUCCESSFUL:
        setattr(task, kind, [_fail, *(getattr(task, kind, None) or ())])
    if callable(defer := getattr(task, "defer", None)):
        task.defer = _Deferring(defer, context)


def touched_by(task_instance: Any) -> Touched:
    """Return what the body of a task instance was seen to touch in this process."""
    body = _BODIES.get(str(getattr(task_instance, "id", "")))
    if body is None:
        return Touched()
    found = _closed(body)
    if found is None:
        return Touched()
    return Touched(
        tuple(each.ref for each in found.reads),
        tuple(each.ref for each in found.writes),
        {each.ref.uri: each.files for each in (*found.reads, *found.writes)},
    )


def besides(refs: Iterable[DatasetRef], known: Iterable[DatasetRef]) -> tuple[DatasetRef, ...]:
    """Return those of *refs* that are not told by *known*: neither one of them nor inside one."""
    from lineage_plugin.capture.folders import is_inside

    told = [ref.uri for ref in known]
    return tuple(ref for ref in refs if not is_inside(ref.uri, told))


def _is_surrounded(task: Any) -> bool:
    return getattr(task._pre_execute_hook, "func", None) is _begin  # noqa: SLF001


def _begin(present: Callable[..., Any] | None, context: Any) -> None:
    if present is not None:
        call_hook(present, context)
    try:
        _BODIES[str(context["ti"].id)] = _started(context)
    except Exception:
        log.warning("What this task touches cannot be captured", exc_info=True)


def _started(context: Any) -> _Body:
    from lineage_plugin.airflow.capture_rules import rules_of
    from lineage_plugin.settings import load

    settings = load()
    if not settings.capture:
        return _Body(None, None)
    rules = rules_of(settings, context)
    return _Body(capture.begin(), rules)


def _end(present: Callable[..., Any] | None, context: Any, result: Any = None) -> None:
    from lineage_plugin.airflow import receipts

    if present is not None:
        call_hook(present, context, result)
    _close(context)
    try:
        receipts.leave(context)
    except Exception:
        log.warning("The receipt of this run cannot be left in Airflow", exc_info=True)


def _fail(context: Any) -> None:
    _close(context)


def _close(context: Any) -> None:
    """Capture no more, and judge what was read; once for each body."""
    body = _BODIES.get(str(context["ti"].id))
    if body is None or not body.started:
        return
    body.started = False
    try:
        _closed(body)
    except Exception:
        log.warning("What this task touched cannot be told", exc_info=True)
    hook = hook_of(context["task"])
    if not hook.requirements:
        return
    from lineage_plugin.airflow.closing import judge
    from lineage_plugin.airflow.said import was_refused

    # A gate inside the function, for a decorator below @task, refuses after the body "began".
    if not was_refused(context["ti"]):
        judge(hook, context, touched_by(context["ti"]))


def _closed(body: _Body) -> Touches | None:
    """Work out what was touched, once; where nothing was captured there is nothing."""
    if body.session is None or body.rules is None:
        return None
    if body.touched is None:
        from lineage_plugin.capture.touched import touches

        capture.end()
        body.touched = touches(body.session, body.rules)
        _tell(body.touched)
    return body.touched


def _tell(found: Touches) -> None:
    if found.started:
        log.info(
            "This task started other programs, whose files nobody saw: %s", ", ".join(found.started)
        )
    if found.faults:
        log.warning("%s times something that this task did could not be captured", found.faults)


class _Deferring:
    """Records what a body touched until it is deferred: what comes after is another process.

    No partial: whoever writes an operator's attributes down would write the context with it.
    """

    def __init__(self, defer: Callable[..., Any], context: Any) -> None:
        self._defer = defer
        self._context = context

    def __repr__(self) -> str:
        return "defer"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with audit.paused():
                _record_so_far(self._context)
        except Exception:
            log.warning("What this task touched so far is not recorded", exc_info=True)
        return self._defer(*args, **kwargs)


def _record_so_far(context: Any) -> None:
    from lineage_plugin.airflow.identity import subject_of
    from lineage_plugin.gate.sync import put_on_record
    from lineage_plugin.model import Output, RunFacts, RunState
    from lineage_plugin.settings import load

    instance = context["ti"]
    found = touched_by(instance)
    if not found.reads and not found.writes:
        return
    subject, now_us = subject_of(context), time.time_ns() // 1000
    facts = RunFacts(
        subject.run_id,
        subject.job_namespace,
        subject.job_name,
        RunState.RUNNING,
        now_us,
        subject.group,
        parent_run_id=subject.group,
        slot=instance.map_index,
        attempt=instance.try_number,
        inputs=found.reads,
        outputs=tuple(Output(ref) for ref in found.writes),
    )
    put_on_record(facts, load(), recorded_us=now_us)
