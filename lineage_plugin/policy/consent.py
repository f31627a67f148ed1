"""Whether people's data may be used for a purpose, at a moment.  Pure.

Every basis is judged for itself; bases are not put on one scale.  Not legal advice.
"""

from __future__ import annotations

from collections.abc import Collection

from lineage_plugin.model import Consent, DeclaredNone, Unknown
from lineage_plugin.policy import vocabulary
from lineage_plugin.policy.purposes import Purposes

Said = Consent | DeclaredNone | Unknown | None


def verdict(
    consent: Said,
    *,
    purpose: str,
    purposes: Purposes,
    categories: Collection[str],
    at_us: int,
) -> str:
    """Judge what was said about the legal basis of a dataset.

    Args:
        consent: What was said; ``DeclaredNone`` says that there is no personal data.
        purpose: What the data is to be used for.
        purposes: The hierarchy in which *purpose* stands.
        categories: Kinds of data in the dataset, by declaration and by lineage.  None known is no
            proof that there are no people in it.
        at_us: The moment of use.

    Returns:
        ``valid``, ``not-personal``, ``absent``, ``unknown``, ``contradiction``; by state
        ``requested``, ``refused``, ``expired``, ``withdrawn``, ``revoked``, ``invalidated``,
        ``objected``; by time ``expired``, ``not-yet-valid``; by scope ``purpose-not-covered``,
        ``special-category``.  Of several faults the first in this order.

    Source:
        GDPR Articles 5(1)(b), 6(1), 7, 9 and 21; DPV 2.3 consent status.
    """
    if consent is None:
        return "absent"
    if isinstance(consent, Unknown):
        return "unknown"
    if isinstance(consent, DeclaredNone):
        personal = any(vocabulary.is_personal(category) for category in categories)
        return "contradiction" if personal else "not-personal"
    state = _state(consent)
    if state == "valid":
        state = _in_time(consent, at_us)
    if state == "valid" and not purposes.covers(consent.purposes, purpose):
        return "purpose-not-covered"
    needs_more = purposes.is_special(purpose) or any(map(vocabulary.is_special, categories))
    if state == "valid" and needs_more and not any(map(vocabulary.is_special_basis, consent.bases)):
        return "special-category"
    return state


def expires_us(consent: Said) -> int | None:
    """Return when the consent ends, if it does."""
    return consent.until_us if isinstance(consent, Consent) else None


def _state(consent: Consent) -> str:
    """Read the status; a basis that nobody knows, or none, says as little as no status.

    A status of consent also stands for a basis that needs none (contract, legal obligation), and
    for a legitimate interest to which nobody objected: objecting is what has to be stated (GDPR
    Article 21(1)).  The other way round, that nobody objected is no consent.
    """
    found, for_objectable = vocabulary.status(consent.status)
    if found != "valid":
        return found
    if not consent.bases or not vocabulary.BASES.issuperset(consent.bases):
        return "unknown"
    if for_objectable and not any(vocabulary.is_objectable(basis) for basis in consent.bases):
        return "unknown"
    return "valid"


def _in_time(consent: Consent, at_us: int) -> str:
    if consent.until_us is not None and consent.until_us <= at_us:
        return "expired"
    if consent.from_us is not None and at_us < consent.from_us:
        return "not-yet-valid"
    return "valid"
