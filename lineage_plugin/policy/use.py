"""Whether whoever owns the data ruled a purpose out.  Pure."""

from __future__ import annotations

from lineage_plugin.model import Use
from lineage_plugin.policy.purposes import Purposes


def verdict(use: Use | None, purpose: str, purposes: Purposes) -> str:
    """Say whether *purpose* is ``permitted``, ``excluded``, or nobody spoke (``inherited``).

    Excluding a purpose excludes what is below it.  A purpose that nobody knows may be below any,
    so one exclusion rules it out.  What data is *meant* for (``use.purposes``) forbids nothing.

    Source:
        OASIS Data Provenance Metadata 1.0, ``use.processing-excluded``.
    """
    if use is None:
        return "inherited"
    if use.excluded and purpose not in purposes:
        return "excluded"
    excluded = any(purposes.is_below(purpose, broader) for broader in use.excluded)
    return "excluded" if excluded else "permitted"
