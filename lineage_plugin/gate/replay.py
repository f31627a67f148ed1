"""Whether a decision, made again from what was known, is the one on record.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from lineage_plugin.codec import canonical, encode
from lineage_plugin.gate import grounds
from lineage_plugin.model import Decision


class Verdict(str, Enum):
    """What a replay shows."""

    #: Outcome, reasons, warnings and frame are the same, byte for byte.
    IDENTICAL = "identical"
    #: Policy, suites or release are others now, so that another answer would prove nothing.
    CHANGED = "changed"
    #: The same policy gives another answer: record or decision is not what it was.
    CONTRADICTED = "contradicted"
    #: It was made without a frame (an obstacle, a failure), so that there is nothing to make again.
    UNREPEATABLE = "unrepeatable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was: what, then, now."""

    what: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision on record beside the same question answered again."""

    recorded: Decision
    again: Decision
    verdict: Verdict
    differences: tuple[Difference, ...]


#: What must be the same byte for byte.
_ANSWER = (
    "known_seq",
    "frame_digest",
    "outcome",
    "reasons",
    "warnings",
    "waived",
    "owed",
    "rows",
)


def compare(recorded: Decision, again: Decision) -> Replay:
    """Lay a decision on record beside the one that was made again."""
    if not recorded.frame_digest:
        return Replay(recorded, again, Verdict.UNREPEATABLE, ())
    if not again.frame_digest:
        failed = tuple(Difference("judging it", "possible", reason.why) for reason in again.reasons)
        return Replay(recorded, again, Verdict.CHANGED, failed)
    rules = tuple(_rules(recorded, again))
    answer = tuple(_answer(recorded, again))
    verdict = Verdict.CONTRADICTED if answer else Verdict.IDENTICAL
    return Replay(recorded, again, Verdict.CHANGED if rules else verdict, rules + answer)


def _rules(recorded: Decision, again: Decision) -> Iterator[Difference]:
    """Name what judged then and judges otherwise now."""
    then, now = (
        {name: version for name, _, version in (part.rpartition(" ") for part in d.judged_by)}
        for d in (recorded, again)
    )
    if then:
        for name in dict.fromkeys((*then, *now)):
            if then.get(name) != now.get(name):
                yield Difference(name, then.get(name, "none"), now.get(name, "none"))
    elif recorded.policy_digest != again.policy_digest:
        yield Difference("policy", recorded.policy_digest, again.policy_digest)


def _answer(recorded: Decision, again: Decision) -> Iterator[Difference]:
    recorded, again = (_bare(decision) for decision in (recorded, again))
    for name in _ANSWER:
        then, now = (canonical(encode(getattr(d, name))) for d in (recorded, again))
        if then != now:
            yield Difference(name, then.strip('"'), now.strip('"'))


def _bare(decision: Decision) -> Decision:
    """Leave out what only explains: on which line of a file something stood, what was proposed."""
    return replace(
        decision,
        reasons=tuple(map(grounds.bare, decision.reasons)),
        warnings=tuple(map(grounds.bare, decision.warnings)),
        waived=tuple(replace(w, reason=grounds.bare(w.reason)) for w in decision.waived),
    )
