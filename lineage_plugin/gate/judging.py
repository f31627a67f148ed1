"""Suites judge rows, and what that comes to: an outcome with reasons.

A gate judges what it surveyed, a trial the rows of a file; both by the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_plugin.gate import decide, quarantine
from lineage_plugin.gate.suite_file import Suite
from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.model import Outcome, Reason
from lineage_plugin.policy.recipients import NOBODY, Recipient

_CONTRADICTION = decide.undecided(
    "suite.error",
    "a suite did not pass, but named no reason that blocks",
    "run: lineage-plugin catalog check",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What suites and the gate itself say.

    ``holds`` says whether the same rows would be judged the same again: what could not be judged
    may be mended without a trace in frame or policy, by an installation.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    holds: bool


def judge(
    suites: Sequence[Suite],
    judged: Sequence[tuple[Mapping[str, Any], int]],
    ancestry: Ancestry,
    *,
    columns: Sequence[str],
    purpose: str,
    recipient: Recipient = NOBODY,
) -> Judgement:
    """Judge rows of a frame.

    Args:
        suites: What judges.
        judged: The rows, each with the nearest version that has it.
        ancestry: The versions.
        columns: The columns that the suites are shown.
        purpose: What the inputs will be used for.
        recipient: To whom they are to be given.
    """
    # The only way to Great Expectations, which takes seconds to import.
    from lineage_plugin.gate.suite import run_suites

    run = run_suites(suites, [row for row, _ in judged], columns=columns)
    outcome, reasons, warnings = decide.explain(
        run.failures, judged, ancestry, purpose=purpose, recipient=recipient
    )
    if apart := quarantine.reasons(judged, ancestry):
        # Whatever the suites ask: who holds data back does not know by which gate it is used.
        known = {(reason.id, reason.dataset) for reason in reasons}
        more = [reason for reason in apart if (reason.id, reason.dataset) not in known]
        reasons = decide.in_order((*reasons, *more), ancestry)
        outcome = decide.outcome_of(reasons)
    if not run.passed and outcome is Outcome.ALLOWED:
        outcome, reasons = Outcome.UNDECIDED, (_CONTRADICTION,)
    holds = all(failure.kind == "failed" for failure in run.failures)
    return Judgement(outcome, reasons, warnings, holds)
