"""The closed words of a declaration, and the nearest one to a word that is none of them.  Pure.

The sets are read from ``data/vocabulary.json`` when one of them is first asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

from lineage_plugin.policy import _tables

#: How data came to be.  Source: OASIS Data Provenance Metadata 1.0, generation-method.
METHODS: frozenset[str]
#: Kinds of custody events.
EVENTS: frozenset[str]
#: Legal bases.  Source: DPV 2.3 and its EU-GDPR extension.
BASES: frozenset[str]
#: The states that a consent or a legitimate interest can be in.  Source: DPV 2.3.
STATUSES: frozenset[str]
#: How consent was expressed.  Source: DPV 2.3, types of consent.
CONSENT_TYPES: frozenset[str]
#: Kinds of data.  Source: DPV 2.3 and its PD extension (IRIs in the table).
CATEGORIES: frozenset[str]

_SETS = {
    "METHODS": "methods",
    "EVENTS": "events",
    "BASES": "bases",
    "STATUSES": "statuses",
    "CONSENT_TYPES": "consent_types",
    "CATEGORIES": "categories",
}

#: How alike two words are before one is offered for the other (difflib's ratio, 0 to 1).
_NEAR = 0.6


def __getattr__(name: str) -> frozenset[str]:
    table = _SETS.get(name)
    if table is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = frozenset(_named(table))
    return found


def suggest(word: str, known: Collection[str]) -> str:
    """Return the one of *known* that *word* was probably meant to be, or ``""``.

    A prefix such as ``dpv:`` may be missing and upper case does not matter.

    Example:
        >>> suggest("ConsentGivn", ["dpv:ConsentGiven", "dpv:ConsentRefused"])
        'dpv:ConsentGiven'
        >>> suggest("colour", ["red", "green"])
        ''
    """
    from difflib import get_close_matches

    # A word of a page would keep difflib busy for seconds, and resembles nothing.
    wanted = word.strip().casefold()[:80].replace("_", "-").replace(" ", "-")
    spellings: dict[str, str] = {}
    for name in sorted(known):
        spellings.setdefault(name.casefold().partition(":")[2] or name.casefold(), name)
        spellings.setdefault(name.casefold(), name)
    near = get_close_matches(wanted, spellings, n=1, cutoff=_NEAR)
    return spellings[near[0]] if near else ""


def iri(category: str) -> str:
    """Return DPV's IRI of a category of data, or ``""``.

    Example:
        >>> iri("biometric")
        'https://w3id.org/dpv/pd#Biometric'
    """
    row = _named("categories").get(category)
    return str(row["iri"]) if row else ""


def is_category(name: str) -> bool:
    """Whether somebody knows this category: the table, or DPV by its prefix."""
    return name in _named("categories") or name.startswith(("dpv:", "dpv-pd:"))


def is_personal(category: str) -> bool:
    """Whether data of this category is about people; a category nobody knows may be.

    Source:
        GDPR Article 4(1).
    """
    row = _named("categories").get(category)
    return True if row is None else bool(row["personal"])


def is_special(category: str) -> bool:
    """Whether this category needs a basis of its own; a category nobody knows may.

    Source:
        GDPR Article 9(1).
    """
    row = _named("categories").get(category)
    return True if row is None else bool(row["special"])


def is_special_basis(basis: str) -> bool:
    """Whether this legal basis lifts the ban on special categories.

    Source:
        GDPR Article 9(2).
    """
    row = _named("bases").get(basis)
    return row is not None and bool(row["special"])


def is_objectable(basis: str) -> bool:
    """Whether people can object to processing on this basis.

    Source:
        GDPR Article 21(1).
    """
    row = _named("bases").get(basis)
    return row is not None and bool(row["objectable"])


def needs_agreement(event: str) -> bool:
    """Whether this kind of transfer needs an agreement; a kind nobody knows does."""
    row = _named("events").get(event)
    return True if row is None else bool(row["needs_agreement"])


def passes_on(event: str) -> bool:
    """Whether this kind of transfer gives data to another party; a kind nobody knows does."""
    row = _named("events").get(event)
    return True if row is None else bool(row["passes_on"])


def changes_control(event: str) -> bool:
    """Whether this kind of transfer puts somebody else in the place of the holder."""
    row = _named("events").get(event)
    return row is not None and bool(row["changes_control"])


def is_consent(basis: str) -> bool:
    """Whether this legal basis is consent.

    Source:
        GDPR Articles 6(1)(a) and 9(2)(a).
    """
    row = _named("bases").get(basis)
    return row is not None and bool(row["consent"])


def status(name: str) -> str:
    """Return the verdict on a consent status."""
    row = _named("statuses").get(name)
    return "unknown" if row is None else str(row["verdict"])


def about(status: str) -> str:
    """Say whether a status is about ``consent``, or about an ``interest`` and who objected."""
    row = _named("statuses").get(status)
    return "consent" if row is None else str(row["about"])


def timing(status: str) -> str:
    """Say which way in time a status works.

    Returns:
        ``begins`` a basis, ``ends`` one, ``stands`` until the next event, or ``always``: it says
        that there never was one.

    Source:
        GDPR Article 7(3): withdrawal does not affect what was done before it.
    """
    row = _named("statuses").get(status)
    return "stands" if row is None else str(row["timing"])


def may_be_consent(kind: str) -> bool:
    """Whether what was expressed like this can be consent; a kind nobody knows cannot.

    Source:
        GDPR Article 4(11): specific, informed, by a clear affirmative action.
    """
    row = _named("consent_types").get(kind)
    return not kind if row is None else bool(row["valid"])


@functools.cache
def _named(table: str) -> dict[str, _tables.Row]:
    return {row["name"]: row for row in _tables.rows("vocabulary", table)}
