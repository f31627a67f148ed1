"""Whether the hands that data went through are known, and each hand-over was agreed.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from lineage_plugin.model import Custody, DeclaredNone, Evidence, Transfer, Unknown
from lineage_plugin.policy import vocabulary

Said = Custody | DeclaredNone | Unknown | None


def verdict(custody: Said, *, at_us: int) -> str:
    """Judge a chain of custody at a moment.

    Returns:
        ``complete``, ``first-party`` (declared: it never changed hands), ``absent``, ``unknown``,
        ``no-agreement``, ``agreement-expired`` or ``gap`` (a receiver is not the next giver).
        Of several faults the gravest, in that order from ``no-agreement``.

    Source:
        GDPR Articles 26 and 28(3); Illinois BIPA s.15(b).  A related party is no exception: the
        hand-over of 2014 was between related parties.
    """
    if isinstance(custody, DeclaredNone):
        return "first-party"
    if isinstance(custody, Unknown):
        return "unknown"
    if custody is None or not custody.transfers:
        return "absent"
    return _judged(custody.transfers, at_us)


def expires_us(custody: Said, *, at_us: int | None = None) -> int | None:
    """Return when the first agreement of the chain ends (the first after *at_us*), if one does."""
    if not isinstance(custody, Custody):
        return None
    ends = (end for end in _ends(custody.transfers) if at_us is None or at_us < end)
    return min(ends, default=None)


def _judged(transfers: tuple[Transfer, ...], at_us: int) -> str:
    if any(_lacks_agreement(transfer) for transfer in transfers):
        return "no-agreement"
    if any(until <= at_us for until in _ends(transfers)):
        return "agreement-expired"
    return "gap" if any(_is_gap(*step) for step in pairwise(transfers)) else "complete"


def _lacks_agreement(transfer: Transfer) -> bool:
    agreed = isinstance(transfer.agreement, Evidence) and transfer.agreement.uri.strip() != ""
    return vocabulary.needs_agreement(transfer.event) and not agreed


def _ends(transfers: Iterable[Transfer]) -> list[int]:
    agreements = (transfer.agreement for transfer in transfers)
    return [
        agreement.until_us
        for agreement in agreements
        if isinstance(agreement, Evidence) and agreement.until_us is not None
    ]


def _is_gap(earlier: Transfer, later: Transfer) -> bool:
    received, passed_on = _party(earlier.receiver), _party(later.giver)
    return bool(received and passed_on) and received != passed_on


def _party(name: str) -> str:
    return " ".join(name.split()).casefold()
