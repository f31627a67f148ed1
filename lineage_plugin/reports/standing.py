"""What a decision about several inputs says about one of them.  Pure."""

from __future__ import annotations

from dataclasses import replace

from lineage_plugin.model import Decision, Outcome
from lineage_plugin.reports.graph import Standing


def alone(decision: Decision, uri: str) -> Decision | None:
    """Return what a decision says about one of its inputs, or nothing if that cannot be told.

    A reason tells one way by which it arrives, and there may be others: that none leads to this
    input does not clear it.

    Example:
        >>> from lineage_plugin.model import DatasetRef, Reason, Subject
        >>> inputs = (DatasetRef("s3://lake", "a"), DatasetRef("s3://lake", "b"))
        >>> reason = Reason("license.absent", "s3://lake/a", "nobody said", "ask")
        >>> said = Decision("d", Outcome.DENIED, "x", inputs, Subject(), (reason,), 0, None, "",
        ...                 "", 0)
        >>> alone(said, "s3://lake/a").outcome.value, alone(said, "s3://lake/b")
        ('DENIED', None)
    """
    if decision.outcome is Outcome.ALLOWED or len(decision.inputs) == 1:
        return decision
    own = tuple(
        reason
        for reason in decision.reasons
        if uri in (reason.dataset, *reason.path[:1]) or not reason.dataset
    )
    if not own:
        return None
    definite = any(reason.is_definite for reason in own)
    outcome = Outcome.DENIED if definite else Outcome.UNDECIDED
    return replace(decision, outcome=outcome, reasons=own)


def standing(decision: Decision | None, uri: str) -> Standing:
    """Say how a dataset stands by the newest decision about it, if there is one."""
    own = alone(decision, uri) if decision else None
    if own is None:
        return Standing.UNJUDGED
    if own.outcome is Outcome.ALLOWED:
        return Standing.CLEAR
    if not any(reason.dataset for reason in own.reasons):
        return Standing.UNJUDGED
    has_own = any(reason.dataset == uri for reason in own.reasons)
    if own.outcome is Outcome.DENIED:
        return Standing.FORBIDDEN if has_own else Standing.FROM_FORBIDDEN
    return Standing.UNKNOWN if has_own else Standing.FROM_UNKNOWN
