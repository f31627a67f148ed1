"""Tells whom it concerns that a gate blocked a run, by whatever notifier Airflow has for them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from lineage_plugin.airflow import addresses

if TYPE_CHECKING:
    from lineage_plugin.model import Decision, Subject

log = logging.getLogger(__name__)

#: Reasons that a message tells; its link leads to all of them.
_MOST_TOLD = 5

#: Decisions of one task instance that are looked at: one for each purpose and try.
_MOST_ASKED = 50

#: What takes the context and sends what it says.
Send = Callable[[Any], Any]


class BlockedNotifier(BaseNotifier):
    """Sends on what stands in the way when a gate blocked a task; for ``on_failure_callback``.

    The message reaches *send* in the context: ``context["provenance"]`` with ``title``, ``text``,
    ``link``, ``mentions``, ``reasons`` and ``decision``, so that templates of another notifier may
    name them, as in ``SlackNotifier(text="{{ provenance.title }} {{ provenance.text }}")``.  Never
    raises: a message that cannot be sent is a line in the log.

    Args:
        send: Another notifier, or a function that is given the context.
        only_blocked: Whether an ordinary failure, which no gate caused, sends nothing; else it is
            sent on as it came.

    Example::

        @dag(on_failure_callback=BlockedNotifier(send=SlackNotifier(text="{{ provenance.text }}")))
    """

    def __init__(self, *, send: Send, only_blocked: bool = True) -> None:
        super().__init__()
        self.send = send
        self.only_blocked = only_blocked

    def notify(self, context: Any) -> None:
        """Send a message if a gate blocked what failed."""
        try:
            told = blocked(context)
            if told is None and self.only_blocked:
                return
            if told is not None:
                context["provenance"] = told
            self.send(context)
        except Exception:
            log.exception("lineage_plugin could not tell anybody what a gate blocked")


def blocked(context: Any) -> dict[str, Any] | None:
    """Return the message about what blocked a task instance, or any of a DAG run; else nothing."""
    from lineage_plugin.model import Outcome, Subject

    instance = context.get("ti") or context["task_instance"]
    if "exception" in context:
        asker = Subject(
            dag_id=instance.dag_id,
            task_id=instance.task_id,
            dag_run_id=instance.run_id,
            map_index=instance.map_index,
        )
        found = [d for d in _said_to(asker) if d.subject.map_index == asker.map_index]
    else:
        # A DAG's callback is told of one of the tasks that failed, and speaks for all.
        found = _said_to(Subject(dag_id=instance.dag_id, dag_run_id=instance.run_id))
    found = [decision for decision in found if decision.outcome is not Outcome.ALLOWED]
    return _message(found[0], _owners(context)) if found else None


def _said_to(asker: Subject) -> list[Decision]:
    from lineage_plugin.settings import load
    from lineage_plugin.store import open_store

    here = load()
    timeout_ms = here.append_budget_ms
    with closing(
        open_store(here.store_url, busy_timeout_ms=timeout_ms, read_only=True, create=False)
    ) as store:
        return store.decisions(limit=_MOST_ASKED, asker=asker)


def _owners(context: Any) -> list[str]:
    """Return who owns the task, or the DAG: Airflow separates several by commas."""
    dag, task = context.get("dag"), context.get("task")
    named = getattr(task, "owner", "") or getattr(dag, "owner", "") or ""
    return [owner.strip() for owner in named.split(",") if owner.strip()]


def _message(decision: Decision, owners: Sequence[str]) -> dict[str, Any]:
    from lineage_plugin.airflow.wording import printable

    # Who declared the data speaks for it, and is who can mend it.
    speakers = [
        who
        for reason in decision.reasons
        for who in (*(said.authority for said in reason.testimony), *reason.said_by.split())
    ]
    mentions = [printable(name) for name in dict.fromkeys((*owners, *speakers))]
    link = addresses.of_decision(decision.id)
    reasons = [
        printable(f"{each.dataset or 'the gate'}: {each.why} [{each.id}]; to do: {each.remedy}")
        for each in decision.reasons[:_MOST_TOLD]
    ]
    left = len(decision.reasons) - _MOST_TOLD
    lines = [
        *(f"- {reason}" for reason in reasons),
        *([f"- and {left} more"] if left > 0 else []),
        f"Why, and what would change it: {link or f'lineage-plugin explain {decision.id}'}",
        *([f"For: {', '.join(mentions)}"] if mentions else []),
    ]
    return {
        "title": printable(
            f"{decision.subject.job_name} was blocked: {decision.outcome.value} for {decision.aim}"
        ),
        "text": "\n".join(lines),
        "link": link,
        "mentions": mentions,
        "reasons": reasons,
        "decision": decision.id,
    }
