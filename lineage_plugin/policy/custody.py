"""Whether the hands that data went through are known, and each hand-over was agreed.  Pure.

A related party is no exception: the hand-over of 2014 was between related parties.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from lineage_plugin.model import Custody, DeclaredNone, Evidence, Transfer, Unknown
from lineage_plugin.policy import parties, verdicts, vocabulary
from lineage_plugin.policy.purposes import Purposes

Said = Custody | DeclaredNone | Unknown | None


def verdict(
    custody: Said,
    *,
    purpose: str,
    purposes: Purposes,
    at_us: int,
    recipient: str = "",
    confirmed_us: Collection[int] = (),
) -> str:
    """Judge a chain of custody at a moment.

    Args:
        custody: What was said; ``DeclaredNone`` says that the data never changed hands.
        purpose: What the data is to be used for.
        purposes: The hierarchy in which *purpose* stands.
        at_us: The moment of use.
        recipient: To whom the data is to be given, if *purpose* gives it to anybody.
        confirmed_us: When the people in the data consented, or consented anew.

    Returns:
        ``complete``, ``first-party``, ``absent``, ``unknown``; ``gap`` (a receiver is not the next
        giver), ``onward-unsaid``, ``agreement-expired``, ``agreement-not-in-force``,
        ``purpose-not-covered``, ``change-of-control``, ``onward-forbidden``, ``no-agreement``.  Of
        several faults the gravest.

    Source:
        GDPR Articles 5(2), 26, 28(2) to (4); Illinois BIPA s.15(b) and (d).
    """
    if isinstance(custody, DeclaredNone):
        return "first-party"
    if isinstance(custody, Unknown):
        return "unknown"
    if custody is None or not custody.transfers:
        return "absent"
    chain = custody.transfers
    found = {
        "complete",
        *(_of_agreement(step, purpose, purposes, at_us) for step in chain),
        *(_of_passing_on(chain, later) for later in range(1, len(chain))),
        *(_of_takeover(chain, later, confirmed_us, at_us) for later in range(len(chain))),
    }
    if any(_is_gap(*step) for step in pairwise(chain)):
        found.add("gap")
    if purposes.is_sharing(purpose):
        found.add(_may_pass_on(chain, recipient))
    return max(found, key=lambda fault: verdicts.severity("custody", fault))


def expires_us(custody: Said, *, at_us: int | None = None) -> int | None:
    """Return when the first agreement of the chain ends (the first after *at_us*), if one does."""
    if not isinstance(custody, Custody):
        return None
    ends = (end for end in map(_until_us, custody.transfers) if end is not None)
    return min((end for end in ends if at_us is None or at_us < end), default=None)


def changes_us(custody: Said, *, after_us: int) -> int | None:
    """Return the first moment after *after_us* at which time alone may change the verdict."""
    steps = custody.transfers if isinstance(custody, Custody) else ()
    moments = (moment for step in steps for moment in (_until_us(step), step.terms.from_us))
    return min((m for m in moments if m is not None and m > after_us), default=None)


def related(custody: Said) -> Iterator[str]:
    """Name the hand-overs between related parties."""
    for step in custody.transfers if isinstance(custody, Custody) else ():
        if step.related_party:
            yield f"{step.giver or 'somebody'} to {step.receiver or 'somebody'}"


def agreement_fault(step: Transfer, *, purpose: str, purposes: Purposes, at_us: int) -> str:
    """Say what is wrong with the agreement of a hand-over for *purpose*, or ``""``."""
    agreement, terms = step.agreement, step.terms
    if not isinstance(agreement, Evidence) or not agreement.uri.strip():
        return "no-agreement"
    if terms.purposes and not purposes.covers(terms.purposes, purpose):
        return "purpose-not-covered"
    handed_over = at_us if step.at_us is None else min(at_us, step.at_us)
    if terms.from_us is not None and handed_over < terms.from_us:
        return "agreement-not-in-force"
    ended = agreement.until_us is not None and agreement.until_us <= at_us
    return "agreement-expired" if ended else ""


def _of_agreement(step: Transfer, purpose: str, purposes: Purposes, at_us: int) -> str:
    fault = agreement_fault(step, purpose=purpose, purposes=purposes, at_us=at_us)
    if fault == "no-agreement" and not vocabulary.needs_agreement(step.event):
        return "complete"
    return fault or "complete"


def _of_passing_on(chain: tuple[Transfer, ...], later: int) -> str:
    """Judge a hand-over by all agreements before it: they bind whoever has the data from there."""
    step = chain[later]
    if not vocabulary.passes_on(step.event):
        return "complete"
    found = (_onward(earlier, step.receiver) for earlier in _agreed(chain[:later]))
    return "onward-forbidden" if "onward-forbidden" in found else "complete"


def _may_pass_on(chain: tuple[Transfer, ...], recipient: str) -> str:
    """Say whether every agreement of the chain lets *recipient*, or everybody, have the data.

    About the past only what an agreement forbids is held against it; what is to be done now has to
    be allowed.
    """
    found = {_onward(step, recipient) for step in _agreed(chain)}
    return next((f for f in ("onward-forbidden", "onward-unsaid") if f in found), "complete")


def _onward(step: Transfer, receiver: str) -> str:
    terms = step.terms
    if terms.onward_transfer is False:
        return "onward-forbidden"
    if terms.recipients and not parties.is_among(receiver, terms.recipients):
        return "onward-forbidden"
    return "complete" if terms.onward_transfer else "onward-unsaid"


def _of_takeover(
    chain: tuple[Transfer, ...], later: int, confirmed_us: Collection[int], at_us: int
) -> str:
    """Judge a change of control: what was agreed must be assignable, or people consent anew."""
    step = chain[later]
    if not vocabulary.changes_control(step.event):
        return "complete"
    assignable = [earlier.terms.assignable for earlier in _agreed(chain[:later])]
    if False in assignable:
        return "change-of-control"
    consented_anew = step.at_us is not None and any(
        step.at_us <= moment <= at_us for moment in confirmed_us
    )
    if consented_anew or (assignable and all(assignable)):
        return "complete"
    return "change-of-control"


def _agreed(chain: Iterable[Transfer]) -> Iterator[Transfer]:
    return (step for step in chain if isinstance(step.agreement, Evidence))


def _until_us(step: Transfer) -> int | None:
    return step.agreement.until_us if isinstance(step.agreement, Evidence) else None


def _is_gap(earlier: Transfer, later: Transfer) -> bool:
    received, passed_on = parties.key(earlier.receiver), parties.key(later.giver)
    return bool(received and passed_on) and received != passed_on
