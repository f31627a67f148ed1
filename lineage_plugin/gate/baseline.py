"""What stood in the way when gates were introduced: owed until it is paid, and then never again.

Pure.  A baseline is a statement for each (dataset, reason id, purpose); it can only shrink.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from lineage_plugin.gate import waivers
from lineage_plugin.gate.modes import Debt
from lineage_plugin.model import (
    Decision,
    Reason,
    Statement,
    StatementKind,
    in_force,
)
from lineage_plugin.policy import reasons as table

#: Who ends what was paid.
GATE = "the gate"

#: What is over by itself in a moment is no debt, nor is what somebody holds back from now on.
_NEVER = frozenset({"lineage.writer-open", "quarantine.held"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline beside what stands in the way now."""

    owed: tuple[Statement, ...]
    paid: tuple[Statement, ...]
    new: tuple[Reason, ...]


def debts(statements: Iterable[Statement], purpose: str, at_us: int) -> dict[Debt, Statement]:
    """Return what is owed for a purpose at a moment, with the statement that says so."""
    return {
        (dataset, statement.reason_id): statement
        for statement in in_force(statements, at_us)
        if statement.kind is StatementKind.BASELINE and statement.purpose == purpose
        if _lasts(statement.reason_id)
        for dataset in statement.datasets
    }


def found_by(decision: Decision) -> tuple[Reason, ...]:
    """Return all that a decision found, whatever let it pass."""
    return (*waivers.found_by(decision), *decision.owed)


def settled(
    owed: Iterable[Statement], judged: Collection[str], decision: Decision
) -> list[Statement]:
    """Return which debts are paid: their dataset was judged, and nothing of the kind was found.

    Args:
        owed: The statements in force for the purpose.
        judged: URIs of all datasets that the decision is about, ancestors too.
        decision: What was found; every suite must have been evaluated.
    """
    found = {(reason.dataset, reason.id) for reason in found_by(decision)}
    return [
        each
        for each in owed
        if all(uri in judged and (uri, each.reason_id) not in found for uri in each.datasets)
    ]


def ended(paid: Statement, decision: Decision, new_id: str) -> Statement:
    """Return the statement that a debt is paid."""
    return Statement(
        id=new_id,
        kind=StatementKind.END,
        actor=GATE,
        why="it no longer stands in the way",
        at_us=decision.at_us,
        datasets=paid.datasets,
        purpose=paid.purpose,
        reason_id=paid.reason_id,
        decision=decision.id,
        ends=paid.id,
    )


def proposed(
    decision: Decision,
    earlier: Iterable[Statement],
    *,
    actor: str,
    why: str,
    until_us: int | None,
    new_id: Callable[[], str],
) -> list[Statement]:
    """Return the statements of a baseline: one for each debt that is neither owed nor paid yet."""
    known = list(earlier)
    taken = {*debts(known, decision.purpose, decision.at_us), *_paid(known, decision.purpose)}
    return [
        Statement(
            id=new_id(),
            kind=StatementKind.BASELINE,
            actor=actor,
            why=why,
            at_us=decision.at_us,
            until_us=until_us,
            datasets=(dataset,),
            purpose=decision.purpose,
            reason_id=reason_id,
        )
        for dataset, reason_id in _debts_in(decision)
        if (dataset, reason_id) not in taken
    ]


def compare(decision: Decision, statements: Iterable[Statement]) -> Comparison:
    """Lay a baseline beside a decision about everything that it is about."""
    known = debts(statements, decision.purpose, decision.at_us)
    found = {(reason.dataset, reason.id) for reason in found_by(decision)}
    blocking = {(r.dataset, r.id): r for r in (*decision.reasons, *decision.owed)}
    return Comparison(
        owed=tuple(each for debt, each in known.items() if debt in found),
        paid=tuple(each for debt, each in known.items() if debt not in found),
        new=tuple(
            reason for debt, reason in blocking.items() if debt not in known and may_be_owed(reason)
        ),
    )


def may_be_owed(reason: Reason) -> bool:
    """Whether a reason is of the kind that lasts: about a dataset, and not over by waiting."""
    return bool(reason.dataset) and _lasts(reason.id)


def _lasts(reason_id: str) -> bool:
    return reason_id not in _NEVER and not table.is_fault(reason_id)


def _debts_in(decision: Decision) -> Iterator[Debt]:
    found = (r for r in (*decision.reasons, *decision.owed) if not r.statement and may_be_owed(r))
    yield from dict.fromkeys((reason.dataset, reason.id) for reason in found)


def _paid(statements: Iterable[Statement], purpose: str) -> Iterator[Debt]:
    for each in statements:
        if each.kind is StatementKind.END and each.actor == GATE and each.purpose == purpose:
            yield from ((dataset, each.reason_id) for dataset in each.datasets)
