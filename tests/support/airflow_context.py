"""The context of a task instance, as gates see it, and gates that say what they are told."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from lineage_plugin.model import DatasetRef, Decision, Outcome, Reason, Subject
from lineage_plugin.settings import Settings

#: The moment of every DAG run here.
NOON = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)


def context_of(task: Any, **more: Any) -> dict[str, Any]:
    """Return what Airflow would give a hook of *task*."""
    instance = SimpleNamespace(
        id=uuid.uuid4(), dag_id="dag", task_id=task.task_id, try_number=1, map_index=-1
    )
    dag_run = SimpleNamespace(logical_date=NOON, run_after=NOON, clear_number=0)
    context = {
        "task": task,
        "ti": instance,
        "dag_run": dag_run,
        "outlet_events": {},
        "dag": SimpleNamespace(fileloc=__file__),
        **more,
    }
    instance.get_template_context = lambda: context
    return context


def says(
    outcome: Outcome, purpose: str = "model-training", *reasons: Reason, **more: Any
) -> Decision:
    """Return a decision."""
    return Decision(
        id=str(uuid.uuid4()),
        outcome=outcome,
        purpose=purpose,
        inputs=more.pop("inputs", ()),
        subject=Subject(),
        reasons=reasons,
        at_us=0,
        valid_until_us=None,
        frame_digest="",
        policy_digest="",
        known_seq=0,
        **more,
    )


class ToldGate:
    """A gate that says what it was told to, purpose by purpose, and remembers what it was asked."""

    def __init__(self, **outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.asked: list[dict[str, Any]] = []

    def decide(self, inputs: Sequence[DatasetRef], purpose: str, **how: Any) -> Decision:
        self.asked.append({"inputs": tuple(inputs), "purpose": purpose, **how})
        outcome = self.outcomes[purpose.replace("-", "_")]
        why = Reason("test.rule", "s3://lake/x", "because", "do this")
        reasons = () if outcome is Outcome.ALLOWED else (why,)
        obstacles = tuple(how.get("obstacles", ()))
        if obstacles and outcome is Outcome.ALLOWED:
            outcome = Outcome.UNDECIDED
        return says(outcome, purpose, *reasons, *obstacles, inputs=tuple(inputs))

    @property
    def opener(self) -> Callable[[Settings], contextlib.AbstractContextManager[ToldGate]]:
        """Opens this gate."""

        @contextlib.contextmanager
        def opened(_: Settings) -> Iterator[ToldGate]:
            yield self

        return opened
