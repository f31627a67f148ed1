"""How much each reason weighs for the run that asks: ``observe``, ``warn`` or ``block``.  Pure.

Everything blocks unless a rule says otherwise.  Of several rules that fit, the strictest counts,
so their order never matters, and a rule about less can only be meant for what no stricter one fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lineage_plugin.gate import decide
from lineage_plugin.model import Decision, Mode, Reason
from lineage_plugin.policy.enforcement import ModeRule, fits

#: Mildest first.
_MILDEST_FIRST = (Mode.OBSERVE, Mode.WARN, Mode.BLOCK)

#: The severity of what stands in the way; anything milder is a warning.
_CRITICAL = "critical"

#: (URI, reason id): what a baseline lists.
Debt = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who asks, where, and when.

    ``at_least`` is the mode that the author of the DAG asks for; it can only raise.
    """

    rules: tuple[ModeRule, ...] = ()
    environment: str = ""
    dag_id: str = ""
    purpose: str = ""
    at_us: int = 0
    at_least: Mode = Mode.OBSERVE


def strictest(modes: Iterable[Mode], default: Mode = Mode.BLOCK) -> Mode:
    """Return the strictest of some modes, *default* of none.

    Example:
        >>> strictest([Mode.OBSERVE, Mode.WARN]), strictest([])
        (<Mode.WARN: 'warn'>, <Mode.BLOCK: 'block'>)
    """
    return max(modes, key=_MILDEST_FIRST.index, default=default)


def applied(
    decision: Decision, there: Circumstances, debts: Mapping[Debt, str] | None = None
) -> Decision:
    """Return a decision as it is under the modes that hold, whatever was applied to it before.

    What a baseline lists is owed, as under ``warn``, unless a rule says ``block`` of it or the
    author asks for that.  A warning becomes a reason where a rule says ``block`` of it.

    Args:
        decision: What was found.
        there: Who asks, where, and when.
        debts: The statement of the baseline for each debt.
    """
    judged = without(decision)
    found = (*judged.reasons, *(w for w in judged.warnings if _is_raised(w, there)))
    weighed = [_weighed(reason, there, debts or {}) for reason in found]
    standing = tuple(reason for reason in weighed if reason.mode is Mode.BLOCK)
    owed = tuple(reason for reason in weighed if reason.mode is not Mode.BLOCK)
    outcome = decide.outcome_of(standing) if weighed else judged.outcome
    would_be = decide.outcome_of(weighed) if weighed else judged.outcome
    return replace(
        judged,
        outcome=outcome,
        reasons=standing,
        owed=owed,
        would_be=would_be if would_be is not outcome else None,
        mode=strictest(reason.mode for reason in weighed),
    )


def without(decision: Decision) -> Decision:
    """Return a decision as it was before modes were applied."""
    found = [r for r in decision.reasons if r.severity == _CRITICAL] + list(decision.owed)
    plain = tuple(
        replace(reason, mode=Mode.BLOCK, statement="")
        for reason in found
        if reason.severity == _CRITICAL
    )
    outcome = decide.outcome_of(plain) if plain or decision.would_be else decision.outcome
    return replace(
        decision, outcome=outcome, reasons=plain, owed=(), would_be=None, mode=Mode.BLOCK
    )


def _weighed(reason: Reason, there: Circumstances, debts: Mapping[Debt, str]) -> Reason:
    ruled = _ruled(reason, there)
    statement = debts.get((reason.dataset, reason.id), "") if reason.dataset else ""
    if statement and ruled is None:
        ruled = Mode.WARN
    else:
        statement = ""
    mode = strictest((Mode.BLOCK if ruled is None else ruled, there.at_least))
    return replace(reason, mode=mode, statement=statement if mode is not Mode.BLOCK else "")


def _is_raised(warning: Reason, there: Circumstances) -> bool:
    return _ruled(warning, there) is Mode.BLOCK


def _ruled(reason: Reason, there: Circumstances) -> Mode | None:
    """Return what rules say, ``None`` if none does; of several suites the strictest counts."""
    said = [_said(reason, suite, there) for suite in reason.suites or ("",)]
    if None in said:
        # A suite of which no rule speaks blocks, whatever is said of the others.
        return None if set(said) == {None} else Mode.BLOCK
    return strictest(mode for mode in said if mode is not None)


def _said(reason: Reason, suite: str, there: Circumstances) -> Mode | None:
    fitting = [rule.mode for rule in there.rules if _fits(rule, reason, suite, there)]
    return strictest(fitting) if fitting else None


def _fits(rule: ModeRule, reason: Reason, suite: str, there: Circumstances) -> bool:
    return (
        rule.holds(there.at_us)
        and fits(rule.rule, reason.id)
        and fits(rule.severity, reason.severity)
        and fits(rule.suite, suite)
        and fits(rule.purpose, there.purpose)
        and fits(rule.environment, there.environment)
        and fits(rule.dag, there.dag_id)
    )
