"""Whether whoever owns the data ruled a purpose, or a recipient, out.  Pure."""

from __future__ import annotations

from lineage_plugin.model import Use
from lineage_plugin.policy import parties
from lineage_plugin.policy.purposes import Purposes


def verdict(use: Use | None, purpose: str, purposes: Purposes, recipient: str = "") -> str:
    """Say whether *purpose* is ``permitted``, ``excluded``, or nobody spoke (``inherited``).

    Excluding a purpose excludes what is below it.  A purpose that nobody knows may be below any,
    so one exclusion rules it out.  What data is *meant* for (``use.purposes``) forbids nothing.
    Where recipients are named, nobody else may get the data (``recipient-not-covered``).

    Source:
        OASIS Data Provenance Metadata 1.0, ``use.processing-excluded``.
    """
    if use is None:
        return "inherited"
    if use.excluded and purpose not in purposes:
        return "excluded"
    if any(purposes.is_below(purpose, broader) for broader in use.excluded):
        return "excluded"
    limited = use.recipients and purposes.is_sharing(purpose)
    if limited and not parties.is_among(recipient, use.recipients):
        return "recipient-not-covered"
    return "permitted"
