"""What gates said in this process, by task instance.

The fork that emits a task's last event inherits it; a task without a gate pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from lineage_plugin.airflow.hook import Requirement
from lineage_plugin.model import Decision, Outcome

_SAID: dict[str, list[Said]] = {}


class Said(NamedTuple):
    """What a gate said about a requirement, and whether it did before anything of the body ran."""

    requirement: Requirement
    decision: Decision
    at_entry: bool


def remember(task_instance: Any, said: Iterable[Said]) -> None:
    """Keep what gates said about a task instance."""
    _SAID.setdefault(str(task_instance.id), []).extend(said)


def said_for(task_instance: Any) -> list[Said]:
    """Return what gates said in this process about a task instance."""
    return _SAID.get(str(getattr(task_instance, "id", "")), [])


def was_refused(task_instance: Any) -> bool:
    """Whether a gate kept a body from running: it refused before anything of the body ran."""
    return any(
        said.at_entry and said.decision.outcome is not Outcome.ALLOWED
        for said in said_for(task_instance)
    )


def not_passed(requirements: Sequence[Requirement], context: Any) -> list[Requirement]:
    """Return the *requirements* for which no gate let this task instance pass yet."""
    passed = [
        said.requirement
        for said in said_for(context["ti"])
        if said.decision.outcome is Outcome.ALLOWED
    ]
    return [asked for asked in requirements if not any(p.covers(asked) for p in passed)]
