"""Whether data may be given to somebody: who it is, and under what agreement.  Pure.

An agreement with a recipient is declared by an authority like everything else, about the URI that
:func:`lineage_plugin.policy.parties.uri` gives: each is a step of custody that has not happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lineage_plugin.model import Custody, Declaration, Evidence, Transfer, Unknown
from lineage_plugin.policy import custody, parties, verdicts
from lineage_plugin.policy.purposes import Purposes


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom data is to be given, and what that comes to.

    ``agreements`` are the digests of the agreements in force that cover the purpose.
    ``authorities`` say so.  ``changes_us`` is when time alone may change the verdict.
    """

    name: str = ""
    verdict: str = "not-needed"
    agreements: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    changes_us: int | None = None


#: Where nothing is given to anybody.
NOBODY = Recipient()


def judge(
    name: str,
    declarations: Iterable[Declaration],
    *,
    purpose: str,
    purposes: Purposes,
    at_us: int,
) -> Recipient:
    """Say whether *purpose* may hand data to *name*.

    Args:
        name: The recipient; empty if nobody is named.
        declarations: What is declared; of it only what is said about this very recipient counts.
        purpose: What for; one that gives nothing to anybody needs no recipient and takes none.
        purposes: The hierarchy in which *purpose* stands.
        at_us: The moment of the hand-over.

    Returns:
        As verdict ``not-needed``, ``unexpected``, ``unnamed``, ``no-agreement``, ``unknown``,
        ``agreement-expired``, ``agreement-not-in-force``, ``purpose-not-covered`` or ``agreed``.
        One agreement in force is enough for an authority; authorities bind together.

    Source:
        GDPR Articles 26 and 28(3); FTC v. Match Group (2026): no contract at hand-over.
    """
    if not parties.key(name):
        return Recipient(verdict="unnamed") if purposes.needs_recipient(purpose) else NOBODY
    if not purposes.is_sharing(purpose):
        return Recipient(name, "unexpected")
    about = parties.uri(name)
    said = [d for d in declarations if d.pattern == about and d.custody is not None]
    speaking = [d for d in said if d.holds(at_us)]
    found: dict[str, list[str]] = {}
    agreements: list[str] = []
    for declaration in speaking:
        verdict, digests = _of_one(declaration, purpose, purposes, at_us)
        found.setdefault(declaration.authority, []).append(verdict)
        agreements += digests
    worst = verdicts.worst("recipient", [v for each in found.values() for v in each])
    moments = (moment for d in said for moment in _moments(d) if moment > at_us)
    return Recipient(
        name,
        # That nobody spoke is not missing knowledge here: there is no agreement.
        worst if found else "no-agreement",
        tuple(sorted(set(agreements))),
        tuple(sorted(found)),
        min(moments, default=None),
    )


def _of_one(
    declaration: Declaration, purpose: str, purposes: Purposes, at_us: int
) -> tuple[str, Sequence[str]]:
    """Judge what one declaration says: its best agreement, and the digests of all that hold."""
    if isinstance(declaration.custody, Unknown):
        return "unknown", ()
    if not isinstance(declaration.custody, Custody) or not declaration.custody.transfers:
        return "no-agreement", ()
    steps = declaration.custody.transfers
    faults = [_fault(step, purpose, purposes, at_us) for step in steps]
    held = [
        step.agreement.sha256
        for step, fault in zip(steps, faults, strict=True)
        if not fault and isinstance(step.agreement, Evidence)
    ]
    if held:
        return "agreed", held
    return min(faults, key=lambda fault: verdicts.severity("recipient", fault)), ()


def _fault(step: Transfer, purpose: str, purposes: Purposes, at_us: int) -> str:
    """Say what is wrong with an agreement; what is not pinned, or covers nothing, is none."""
    if not isinstance(step.agreement, Evidence) or not step.agreement.sha256:
        return "no-agreement"
    if not step.terms.purposes:
        return "purpose-not-covered"
    return custody.agreement_fault(step, purpose=purpose, purposes=purposes, at_us=at_us)


def _moments(declaration: Declaration) -> Iterator[int]:
    known = [declaration.valid_from_us, declaration.valid_until_us]
    if isinstance(declaration.custody, Custody):
        for step in declaration.custody.transfers:
            known.append(step.terms.from_us)
            if isinstance(step.agreement, Evidence):
                known.append(step.agreement.until_us)
    return (moment for moment in known if moment is not None)
