"""Which reasons a named person lets pass, for one dataset and purpose, until a date.  Pure.

A waiver is a :class:`Statement` on record.  It never changes what was found: the reason stays in
the decision, under the name of who waived it, and stands in the way again when the waiver ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from lineage_plugin.catalog.match import Matcher, normalised
from lineage_plugin.catalog.policy_yaml import WaiverRules
from lineage_plugin.gate import decide
from lineage_plugin.model import (
    SECOND_US,
    Decision,
    Problem,
    Reason,
    Statement,
    StatementKind,
    Waived,
    in_force,
    iso,
)
from lineage_plugin.policy import reasons as table
from lineage_plugin.policy.vocabulary import suggest

_DAY_US = 86_400 * SECOND_US

#: "Ada Lovelace (privacy)": a name and the team for which it speaks.
_WITH_TEAM = re.compile(r"(?P<name>[^()]+?)\s*\((?P<team>[^()]+)\)")


def apply(
    reasons: Iterable[Reason],
    statements: Collection[Statement],
    *,
    purpose: str,
    at_us: int,
    rules: WaiverRules,
) -> tuple[tuple[Reason, ...], tuple[Waived, ...]]:
    """Sort *reasons* into those that stand in the way and those that somebody waived.

    Args:
        reasons: All that was found, whatever was waived before.
        statements: Waivers and what ends them.
        purpose: What the data is for; a waiver for another purpose does not count.
        at_us: The moment that is decided for.
        rules: What may be waived; a waiver that breaks them does not count.
    """
    waivers = [w for w in in_force(statements, at_us) if counts(w, rules, at_us=at_us)]
    waivers = [w for w in waivers if w.purpose == purpose]
    by_id = {each.id: each for each in waivers}
    patterns = [(pattern, w.id) for w in waivers for pattern in w.datasets]
    matcher = Matcher([pattern for pattern, _ in patterns])
    standing: list[Reason] = []
    waived: list[Waived] = []
    for reason in reasons:
        matching = (by_id[patterns[place][1]] for place in _matched(matcher, reason.dataset))
        held = [w for w in matching if w.reason_id == reason.id]
        if not held:
            standing.append(reason)
            continue
        # The one that lasts longest; of those that last alike, always the same one.
        chosen = max(held, key=lambda w: (until_us(w, rules), w.id))
        waived.append(Waived(reason, chosen.id, chosen.actor, chosen.why, until_us(chosen, rules)))
    return tuple(standing), tuple(waived)


def applied(decision: Decision, statements: Collection[Statement], rules: WaiverRules) -> Decision:
    """Return a decision on all that was found as it is with these waivers.

    What rests on a waiver holds no longer than the waiver.
    """
    standing, waived = apply(
        found_by(decision),
        statements,
        purpose=decision.purpose,
        at_us=decision.at_us,
        rules=rules,
    )
    bounds = [each.until_us for each in waived]
    if decision.valid_until_us is not None:
        bounds.append(decision.valid_until_us)
    return replace(
        decision,
        outcome=decide.outcome_of(standing),
        reasons=standing,
        waived=waived,
        valid_until_us=min(bounds, default=None),
    )


def found_by(decision: Decision) -> tuple[Reason, ...]:
    """Return all that a decision found, waived or not."""
    return (*decision.reasons, *(each.reason for each in decision.waived))


def until_us(waiver: Statement, rules: WaiverRules) -> int:
    """Return when a waiver ends: as it says, and never later than the rules let it."""
    longest = waiver.at_us + rules.max_days * _DAY_US
    return longest if waiver.until_us is None else min(waiver.until_us, longest)


def counts(waiver: Statement, rules: WaiverRules, *, at_us: int) -> bool:
    """Whether a statement is a waiver that the rules of today let count at *at_us*."""
    return (
        waiver.kind is StatementKind.WAIVER
        and waiver.until_us is not None
        and at_us < until_us(waiver, rules)
        and may_be_waived(waiver.reason_id, rules)
        and may_waive(waiver.actor, rules)
        and bool(waiver.datasets)
        and not any(problem_with_scope(pattern) for pattern in waiver.datasets)
    )


def may_be_waived(reason_id: str, rules: WaiverRules) -> bool:
    """Whether these rules let anybody waive a reason; a fault of the gate itself nobody can."""
    area = reason_id.partition(".")[0]
    return table.is_waivable(reason_id) and not {reason_id, f"{area}.*"} & set(rules.never)


def may_waive(actor: str, rules: WaiverRules) -> bool:
    """Whether these rules let somebody waive, by name or by the team in parentheses.

    Example:
        >>> may_waive("Ada Lovelace (privacy)", WaiverRules(by=("privacy",)))
        True
    """
    parts = _WITH_TEAM.fullmatch(actor)
    names = {actor, *(parts.groups() if parts else ())}
    return not rules.by or bool(names & set(rules.by))


def problem_with_scope(pattern: str) -> str:
    """Say why a waiver cannot be about *pattern*; empty if it can.

    Example:
        >>> problem_with_scope("s3://lake/photos/**"), problem_with_scope("s3://*/photos")
        ('', 'it would reach beyond one namespace')
    """
    try:
        plain = normalised(pattern)
    except ValueError as error:
        return str(error)
    segments = plain.split("/")
    namespace = segments[:3] if "://" in plain else segments[:1]
    if any(sign in segment for segment in namespace for sign in "*?"):
        return "it would reach beyond one namespace"
    return ""


def problems(
    waiver: Statement, rules: WaiverRules, *, known_ids: Collection[str] = ()
) -> tuple[Problem, ...]:
    """Return everything that keeps a waiver from being put on record.

    *known_ids* are the ids that suites give besides those of policy.
    """
    return tuple(_problems(waiver, rules, {*table.known(), *known_ids}))


def _problems(waiver: Statement, rules: WaiverRules, known: Collection[str]) -> Iterator[Problem]:
    if waiver.reason_id not in known:
        near = suggest(waiver.reason_id, known)
        hint = f"did you mean {near!r}?" if near else "lineage-plugin explain shows the ids"
        yield Problem(f"unknown reason id {waiver.reason_id!r}", hint=hint)
    elif not may_be_waived(waiver.reason_id, rules):
        yield Problem(
            f"{waiver.reason_id} can never be waived",
            hint="lineage-plugin explain says what else would change the verdict",
        )
    for pattern in waiver.datasets:
        if wrong := problem_with_scope(pattern):
            yield Problem(f"a waiver cannot be about {pattern!r}: {wrong}")
    yield from _about_person(waiver, rules)
    yield from _about_time(waiver, rules)


def _about_person(waiver: Statement, rules: WaiverRules) -> Iterator[Problem]:
    for option, text in (("--by", waiver.actor), ("--why", waiver.why)):
        if not text.strip() or re.fullmatch(r"\s*<.*>\s*", text):
            yield Problem(f"{option} {text!r} says nothing", hint="write it out")
    if not may_waive(waiver.actor, rules):
        hint = f"policy.yaml names: {', '.join(rules.by)}"
        yield Problem(f"{waiver.actor!r} may not waive anything", hint=hint)


def _about_time(waiver: Statement, rules: WaiverRules) -> Iterator[Problem]:
    if waiver.until_us is None or waiver.until_us <= waiver.at_us:
        yield Problem("a waiver ends at a time that is still to come", hint="--until 30d")
    elif waiver.until_us > waiver.at_us + rules.max_days * _DAY_US:
        latest = iso(waiver.at_us + rules.max_days * _DAY_US - 1)[:10]
        hint = f"at the latest --until {latest}"
        yield Problem(f"a waiver lasts at most {rules.max_days} days", hint=hint)


def _matched(matcher: Matcher, dataset: str) -> Sequence[int]:
    """Return the places of patterns that match; a reason about no dataset is never waived."""
    return matcher.match(dataset) if dataset else ()
