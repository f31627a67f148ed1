"""The gate in front of a task's body: decide, say why, and let the body run or not.

Whatever goes wrong in here keeps the body from running, without retries: a gate that cannot tell
does not let pass.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

from lineage_plugin.airflow import addresses, receipts, wording
from lineage_plugin.airflow.hook import Requirement, TaskHook, call_hook
from lineage_plugin.airflow.inputs import Touched, reads_of
from lineage_plugin.airflow.said import Said, remember
from lineage_plugin.airflow.source import ship_without_decorators
from lineage_plugin.capture import audit
from lineage_plugin.errors import LineagePluginError
from lineage_plugin.gate import limit
from lineage_plugin.gate.receipts import Reported
from lineage_plugin.model import DatasetRef, Decision, Mode, Outcome, Reason, Subject
from lineage_plugin.settings import Settings, load

log = logging.getLogger(__name__)

#: What goes wrong in here, other than on purpose: a suite may also exit, or take too long.
_FAILING = (Exception, SystemExit, limit.Stopped)


class Gate(Protocol):
    """What :class:`lineage_plugin.gate.service.Gate` does here."""

    def decide(  # noqa: PLR0913 - one argument for each thing that bears on it
        self,
        inputs: Sequence[DatasetRef],
        purpose: str,
        *,
        subject: Subject = ...,
        suites: Sequence[str] = ...,
        obstacles: Sequence[Reason] = ...,
        recipient: str = ...,
        at_least: Mode = ...,
        record: bool = ...,
        reported: Sequence[Reported] = ...,
    ) -> Decision:
        """Say whether *inputs* may be used for *purpose*."""


#: Opens the gate that the settings describe.
Opener = Callable[[Settings], AbstractContextManager[Gate]]


def enter(hook: TaskHook, context: Any) -> None:
    """Do what a :class:`TaskHook` does before a body: its gates, then the hooks it stands before.

    Raises:
        AirflowFailException: A gate did not say ``ALLOWED``.
    """
    if hook.requirements:
        pass_gates(hook.requirements, context)
    ship_without_decorators(context["task"])
    for present in hook.then:
        call_hook(present, context)


def pass_gates(
    requirements: Sequence[Requirement],
    context: Any,
    *,
    at_entry: bool = True,
    opener: Opener | None = None,
) -> list[Decision]:
    """Ask the gate for every purpose, tell the task's log, and return what it said.

    Args:
        requirements: The purposes.
        context: The task's context.
        at_entry: Whether nothing of the body ran yet in this process.
        opener: Opens another gate than that of the settings.

    Raises:
        AirflowFailException: It did not say ``ALLOWED`` to every one.
    """
    from airflow.sdk.exceptions import AirflowFailException

    cause: BaseException | None = None
    reads: list[Touched] = []
    opener = opener or _open_gate
    try:
        with audit.paused():
            settings = load()
            reads.extend(
                limit.within(
                    settings.gate_timeout_s,
                    lambda: [reads_of(context, [requirement]) for requirement in requirements],
                )
            )
            decisions = _decide(requirements, reads, context, opener, settings)
        _publish(requirements, decisions, context, at_entry)
    except _FAILING as error:  # fail closed, and without retries
        cause = error
        known = reads if len(reads) == len(requirements) else [Touched(())] * len(requirements)
        decisions = [
            _fault(*asked, error, context, opener)
            for asked in zip(requirements, known, strict=True)
        ]
        with suppress(Exception):
            _publish(requirements, decisions, context, at_entry)
    blocked = [decision for decision in decisions if decision.outcome is not Outcome.ALLOWED]
    if blocked or len(decisions) < len(requirements):
        message = "\n".join(wording.summary(decision) for decision in blocked)
        raise AirflowFailException(message or "the provenance gate said nothing") from cause
    return decisions


def ask(
    requirement: Requirement,
    reads: Touched,
    context: Any,
    *,
    opener: Opener | None = None,
    record: bool = True,
) -> Decision:
    """Ask the gate about a body that has run; never raises.

    Args:
        requirement: The purpose.
        reads: What the body read.
        context: The task's context.
        opener: Opens another gate than that of the settings.
        record: Whether a decision that lets pass is recorded; one that does not always is.
    """
    from lineage_plugin.airflow.identity import subject_of

    opener = opener or _open_gate
    try:
        with audit.paused(), opener(load()) as gate:
            subject = subject_of(context)
            decision = _decide_one(gate, requirement, reads, subject, record=record)
            if decision.outcome is not Outcome.ALLOWED and not record:
                decision = _decide_one(gate, requirement, reads, subject)
    except _FAILING as error:  # a gate that cannot tell does not pass
        decision = _fault(requirement, reads, error, context, opener)
    remember(context["ti"], [Said(requirement, decision, at_entry=False)])
    return decision


def _open_gate(settings: Settings) -> AbstractContextManager[Gate]:
    from lineage_plugin.gate.service import open_gate

    return open_gate(settings)


def _decide(
    requirements: Sequence[Requirement],
    reads: Sequence[Touched],
    context: Any,
    opener: Opener,
    settings: Settings,
) -> list[Decision]:
    from lineage_plugin.airflow.identity import subject_of

    subject = subject_of(context)
    told = limit.within(
        settings.gate_timeout_s,
        lambda: [receipts.reported(context, requirement) for requirement in requirements],
    )
    with opener(settings) as gate:
        return [
            _decide_one(gate, requirement, read, subject, told=airflow)
            for requirement, read, airflow in zip(requirements, reads, told, strict=True)
        ]


def _decide_one(
    gate: Gate,
    requirement: Requirement,
    reads: Touched,
    subject: Subject,
    *,
    told: receipts.Told = receipts.NOTHING,
    record: bool = True,
) -> Decision:
    from lineage_plugin.gate.decide import undecided

    obstacles = [
        undecided("input.unresolved", f"the task reads something that names no dataset: {what}")
        for what in reads.unresolved
    ]
    return gate.decide(
        reads.refs,
        requirement.purpose,
        subject=subject,
        suites=requirement.suites,
        obstacles=(*obstacles, *told.obstacles),
        recipient=requirement.recipient,
        at_least=_mode_of(requirement),
        record=record,
        reported=told.events,
    )


def _mode_of(requirement: Requirement) -> Mode:
    return Mode(requirement.mode) if requirement.mode else Mode.OBSERVE


def _fault(
    requirement: Requirement,
    reads: Touched,
    error: BaseException,
    context: Any,
    opener: Opener,
) -> Decision:
    """Return the decision that a broken gate comes to, recorded if the record can be reached."""
    from lineage_plugin.airflow.identity import subject_of

    reason = _reason_of(error)
    with suppress(*_FAILING), opener(load()) as gate:
        decision = gate.decide(
            reads.refs,
            requirement.purpose,
            subject=subject_of(context),
            obstacles=[reason],
            recipient=requirement.recipient,
            at_least=_mode_of(requirement),
        )
        if decision.outcome is not Outcome.ALLOWED or decision.would_be is not None:
            return decision
    now_us = time.time_ns() // 1000
    return Decision(
        id=str(uuid.uuid4()),
        outcome=Outcome.UNDECIDED,
        purpose=requirement.purpose,
        inputs=reads.refs,
        subject=Subject(),
        reasons=(reason,),
        at_us=now_us,
        valid_until_us=now_us,
        frame_digest="",
        policy_digest="",
        known_seq=0,
        recipient=requirement.recipient,
    )


def _reason_of(error: BaseException) -> Reason:
    if isinstance(error, LineagePluginError | limit.Stopped):
        with suppress(Exception):
            from lineage_plugin.gate.faults import reason_for

            return reason_for(error)
    # Nothing is imported for it: whatever failed may be what cannot be imported.
    return Reason(
        "gate.error",
        "",
        f"the gate itself failed: {type(error).__name__}: {error}",
        "see the traceback below; until it is mended nothing passes this gate",
        is_definite=False,
    )


def _publish(
    requirements: Sequence[Requirement],
    decisions: Sequence[Decision],
    context: Any,
    at_entry: bool,  # noqa: FBT001
) -> None:
    """Keep decisions for the task's last event, and write them to its log."""
    instance = context["ti"]
    first = at_entry and not _was_here_before(instance)
    told = zip(requirements, decisions, strict=True)
    remember(instance, [Said(*pair, first) for pair in told])
    for decision in decisions:
        _tell(decision)


def _was_here_before(instance: Any) -> bool:
    """Whether the body ran in an earlier process of this run: it was deferred or rescheduled."""
    started = getattr(instance, "_ti_context_from_server", None)
    return bool(
        getattr(started, "next_method", None) or getattr(started, "task_reschedule_count", 0)
    )


def _tell(decision: Decision) -> None:
    for line in wording.waived(decision):
        log.warning("%s", line)
    level = wording.level(decision)
    for line in wording.lines(decision, addresses.of_decision(decision.id)):
        log.log(level, "%s", line)
