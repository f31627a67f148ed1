"""When a gated body has ended: asked again for what it was allowed, and for what it read besides.

What does not pass now did not keep the body from running, but what the body wrote is held back.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from lineage_plugin.airflow import addresses, gate_task, inputs, wording
from lineage_plugin.airflow.capturing import Touched, besides
from lineage_plugin.airflow.hook import Requirement, TaskHook
from lineage_plugin.airflow.identity import subject_of
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Outcome,
    Statement,
    StatementKind,
    Subject,
    in_force,
)
from lineage_plugin.settings import Settings, load

log = logging.getLogger(__name__)

#: Who holds back what a run wrote, and lets go of what a later try replaced.
GATE = "lineage_plugin"


def judge(
    hook: TaskHook,
    context: Any,
    touched: Touched,
    *,
    opener: gate_task.Opener | None = None,
) -> list[Statement]:
    """Ask the gates of a body that has ended, and hold back what it wrote if one does not pass.

    Args:
        hook: What hangs on the task.
        context: Its context.
        touched: What the body was seen to touch.
        opener: Opens another gate than that of the settings.

    Returns:
        What holds the outputs back now.
    """
    decisions = _decisions(hook.requirements, context, touched, opener)
    blocked = [each for each in decisions if each[0].outcome is not Outcome.ALLOWED]
    settings = load()
    outputs = _outputs(context, touched)
    if blocked:
        return [_hold(said, more, outputs, context, settings) for said, more in blocked]
    if hook.overwrites and context["ti"].map_index < 0:
        _let_go(subject_of(context), outputs, settings)
    return []


def _decisions(
    requirements: Sequence[Requirement],
    context: Any,
    touched: Touched,
    opener: gate_task.Opener | None,
) -> list[tuple[Decision, tuple[DatasetRef, ...]]]:
    """Ask for each purpose, about what the body read besides (returned with the answer) too.

    What was let pass and still would be is not recorded once more.
    """
    decisions = []
    for requirement in requirements:
        named = inputs.reads_of(context, [requirement])
        more = besides(touched.reads, named.refs)
        read = inputs.Touched((*named.refs, *more), named.unresolved)
        said = gate_task.ask(requirement, read, context, opener=opener, record=bool(more))
        decisions.append((said, more))
    return decisions


def _outputs(context: Any, touched: Touched) -> tuple[DatasetRef, ...]:
    named = inputs.writes_of(context).refs
    return (*named, *besides(touched.writes, named))


def _hold(
    decision: Decision,
    more: Sequence[DatasetRef],
    outputs: Sequence[DatasetRef],
    context: Any,
    settings: Settings,
) -> Statement:
    from lineage_plugin.gate.sync import put_on_record

    now_us = time.time_ns() // 1000
    statement = Statement(
        str(uuid.uuid4()),
        StatementKind.QUARANTINE,
        GATE,
        wording.summary(decision),
        now_us,
        datasets=tuple(ref.uri for ref in outputs),
        purpose=decision.purpose,
        subject=subject_of(context),
        decision=decision.id,
    )
    put_on_record(statement, settings, recorded_us=now_us)
    page = addresses.of_decision(decision.id)
    for line in wording.held_back(decision, statement, page, more=more):
        log.error("%s", line)
    return statement


def _let_go(subject: Subject, outputs: Sequence[DatasetRef], settings: Settings) -> None:
    """End what holds an earlier try of the same run, which this one has replaced wholly."""
    from lineage_plugin.gate.sync import put_on_record
    from lineage_plugin.store import open_store

    now_us = time.time_ns() // 1000
    try:
        with closing(
            open_store(settings.store_url, busy_timeout_ms=settings.append_budget_ms, create=False)
        ) as store:
            said = store.statements(kinds=(StatementKind.QUARANTINE,))
    except Exception as error:  # noqa: BLE001 - what is held stays held
        log.warning("Whether an earlier try is held back cannot be told: %s", error)
        return
    run = (subject.job_namespace, subject.job_name, subject.group)
    uris = {ref.uri for ref in outputs}
    for held in in_force(said, now_us):
        holder = held.subject
        same = (holder.job_namespace, holder.job_name, holder.group) == run
        if same and held.actor == GATE and uris.issuperset(held.datasets):
            why = "a later try replaced all of it, and what that read passed its gate"
            put_on_record(
                Statement(
                    str(uuid.uuid4()),
                    StatementKind.END,
                    GATE,
                    why,
                    now_us,
                    datasets=held.datasets,
                    subject=subject,
                    ends=held.id,
                ),
                settings,
                recorded_us=now_us,
            )
            log.info("No longer held back, %s: %s", why, ", ".join(held.datasets))
