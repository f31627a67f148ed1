"""What a licence forbids and asks for, measured against a purpose.  Pure.

``AND``: all licences bind.  ``OR``: whoever uses the data chooses one.  ``WITH``: the terms of the
licence before it, because an exception only adds permissions.  Not legal advice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_plugin.model import DeclaredNone, License, Unknown
from lineage_plugin.policy import _spellings, _tables, spdx, verdicts
from lineage_plugin.policy._spellings import Normalised
from lineage_plugin.policy.purposes import Purposes
from lineage_plugin.policy.vocabulary import suggest

__all__ = [
    "Normalised",
    "Terms",
    "duties",
    "has_terms",
    "judge",
    "normalise",
    "prohibitions",
    "terms",
    "verdict",
]

#: No licence anybody wrote is this long; what is longer is a licence's text or an attack.
_MAX_CHARS = 1_000

#: A canonical name may be longer than what people write for it ("pdm").
_MAX_CANONICAL_CHARS = 4 * _MAX_CHARS

_FIELDS = frozenset({"prohibits", "permits", "duties", "source"})

_OPERATORS = re.compile(r"(\(|\)|(?<![^\s()])(?:and|or|with)(?![^\s()]))", re.IGNORECASE)


#: The terms of ``LicenseRef-`` names: as values, or as a catalog writes them (see :func:`terms`).
Custom = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one licence forbids and asks for, in names of CC REL."""

    prohibits: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()


def normalise(text: str, *, custom: Collection[str] = ()) -> Normalised:
    """Read what a person wrote about a licence; never guesses a freer one than was named.

    Args:
        text: An SPDX expression, a common spelling, or an address of a licence.
        custom: The ``LicenseRef-`` names that catalogs register.

    Example:
        >>> normalise("CC BY-NC 4.0 or MIT").expression
        'CC-BY-NC-4.0 OR MIT'
        >>> normalise("MTI").suggestion
        'MIT'
        >>> normalise("unknown").note
        "'unknown' says that the license is unknown"
    """
    if len(text) > _MAX_CHARS:
        return Normalised("", f"a text of {len(text)} characters is no license identifier")
    text = " ".join(text.split())
    pieces = [piece.strip() for piece in _OPERATORS.split(text) if piece.strip()]
    if len(pieces) <= 1 or _spellings.is_known(text, custom):
        return _spellings.read(text, custom)
    whole = _spellings.read(text, custom) if pieces[-1] == ")" and pieces[0] != "(" else None
    return whole if whole and whole.expression else _compound(pieces, custom)


def verdict(
    expression: str,
    purpose: str,
    purposes: Purposes,
    custom: Custom | None = None,
) -> str:
    """Say whether a canonical *expression* lets data be used for *purpose*.

    Returns:
        ``permitted``, ``non-commercial``, ``no-derivatives``, ``no-distribution``, ``prohibited``,
        or ``unknown`` where a licence has no terms in our table or among *custom*.

    Source:
        CC legal code 4.0 s.2(a)(1): adapted material of an ND licence may be made, not shared; so
        ND stands in the way of purposes that share, and not of training inside.
    """
    found = _tree(expression)
    if found is None:
        return "unknown"
    return _judged(found, _active(purpose, purposes), custom or {})


def judge(
    said: License | DeclaredNone | Unknown | None,
    purpose: str,
    purposes: Purposes,
    custom: Custom | None = None,
) -> str:
    """Judge what was said about a license: :func:`verdict`, or ``absent``, ``unknown``, ``none``.

    What somebody concluded after looking stands before what was declared (SPDX 3.0).
    """
    if said is None:
        return "absent"
    if isinstance(said, DeclaredNone):
        return "none"
    if isinstance(said, Unknown):
        return "unknown"
    return verdict(said.concluded or said.declared, purpose, purposes, custom)


def duties(expression: str, custom: Custom | None = None) -> tuple[str, ...]:
    """Return what must be done by whoever uses data under *expression*, in alphabetical order.

    ``AND`` unites.  Of ``OR`` it is the alternative that forbids least, and of those the one that
    asks least; one without known terms comes last.
    """
    found = _tree(expression)
    return () if found is None else _binding(found, custom or {})[1].duties


def prohibitions(expression: str, custom: Custom | None = None) -> tuple[str, ...]:
    """Return what *expression* forbids whatever the purpose, by the rules of :func:`duties`."""
    found = _tree(expression)
    return () if found is None else _binding(found, custom or {})[1].prohibits


def has_terms(identifier: str, custom: Custom | None = None) -> bool:
    """Whether it is known what a single license identifier forbids."""
    return _terms_of(identifier, custom or {}) is not None


def terms(row: object) -> Terms:
    """Read the terms of a licence that a catalog registers.

    Args:
        row: ``prohibits``, ``permits``, ``duties``: lists of names of CC REL or ODRL.  What
            ``permits`` leaves out is forbidden; if it is missing, so is only what ``prohibits``
            names; if both are missing, everything.  ``source`` is for people.

    Raises:
        ValueError: The row is empty, or has other keys or names; the message lists every fault.

    Example:
        >>> terms({"permits": ["cc:Reproduction"], "prohibits": ["cc:CommercialUse"]}).prohibits
        ('cc:CommercialUse', 'cc:DerivativeWorks', 'cc:Distribution')
    """
    if not isinstance(row, Mapping) or not row:
        raise ValueError("terms need 'prohibits: [...]' or 'permits: [...]'")
    faults = [_unknown(str(word), _FIELDS) for word in row if word not in _FIELDS]
    said: dict[str, set[str]] = {}
    for field, names in _names().items():
        given = row.get(field, ())
        listed = given if isinstance(given, list | tuple) else ()
        if listed is not given:
            faults.append(f"{field}: write a list, not {given!r:.60}")
        faults += [f"{field}: {_unknown(str(n), names)}" for n in listed if str(n) not in names]
        said[field] = {names[str(name)] for name in listed if str(name) in names}
    if faults:
        raise ValueError("; ".join(faults))
    left_out = {name for name, each in _actions().items() if each["permission"]} - said["permits"]
    is_open = "prohibits" in row and "permits" not in row
    forbidden = said["prohibits"] | (set() if is_open else left_out)
    return Terms(tuple(sorted(forbidden)), tuple(sorted(said["duties"])))


def _compound(pieces: list[str], custom: Collection[str]) -> Normalised:
    """Read an expression licence by licence, so that each may be spelled as people spell it."""
    written: list[str] = []
    for piece in pieces:
        if _OPERATORS.fullmatch(piece):
            written.append(piece.upper())
        elif written[-1:] == ["WITH"]:
            known = spdx.exceptions()
            if piece.casefold() not in known:
                near = suggest(piece, known.values())
                return Normalised("", f"{piece!r} is no SPDX license exception", near)
            written.append(known[piece.casefold()])
        else:
            one = _spellings.read(piece, custom)
            if not one.expression:
                return one
            written.append(one.expression)
    try:
        return Normalised(spdx.canonical(" ".join(written)))
    except ValueError as error:
        return Normalised("", str(error))


def _tree(expression: str) -> spdx.Node | None:
    """Return the tree of *expression*; one identifier needs no parser and no library."""
    if not expression or len(expression) > _MAX_CANONICAL_CHARS:
        return None
    if not re.search(r"[\s()]", expression):
        return spdx.Node("", expression)
    try:
        return spdx.parse(expression)
    except ValueError:
        return None


def _judged(node: spdx.Node, active: Mapping[str, str], custom: Custom) -> str:
    if node.operator:
        found = [_judged(part, active, custom) for part in node.parts]
        choose = max if node.operator == "AND" else min
        return choose(found, key=_severity)
    bound = _terms_of(node.license, custom)
    if bound is None:
        return "unknown"
    hits = [active[name] for name in bound.prohibits if name in active]
    return max(hits, key=_severity, default="permitted")


def _binding(node: spdx.Node, custom: Custom) -> tuple[int, Terms]:
    """Return how much *node* forbids at most (its severity) and its terms."""
    if not node.operator:
        bound = _terms_of(node.license, custom)
        if bound is None:
            # Beyond every severity: of alternatives, one nobody knows is the last to take.
            return 1_000, Terms()
        rows = _actions()
        rank = max((_severity(rows[name]["verdict"]) for name in bound.prohibits), default=0)
        return rank, bound
    parts = [_binding(part, custom) for part in node.parts]
    if node.operator == "OR":
        return min(
            parts,
            key=lambda part: (part[0], len(part[1].duties), part[1].duties, part[1].prohibits),
        )
    united = Terms(
        tuple(sorted({name for _, each in parts for name in each.prohibits})),
        tuple(sorted({name for _, each in parts for name in each.duties})),
    )
    return max(rank for rank, _ in parts), united


def _terms_of(identifier: str, custom: Custom) -> Terms | None:
    # Only references are a catalog's to define: it cannot make CC-BY-NC commercial.
    if not identifier.startswith("LicenseRef-") or identifier not in custom:
        return _shipped().get(identifier)
    found = custom[identifier]
    try:
        return found if isinstance(found, Terms) else terms(found)
    except ValueError:
        return None


def _severity(found: str) -> int:
    return verdicts.severity("license", found)


def _unknown(word: str, known: Collection[str]) -> str:
    near = suggest(word, known)
    return f"unknown {word!r}" + (f" (did you mean {near!r}?)" if near else "")


@functools.cache
def _shipped() -> dict[str, Terms]:
    return {
        name: Terms(tuple(sorted(row["prohibits"])), tuple(sorted(row["duties"])))
        for row in _tables.rows("licenses", "licenses")
        for name in row["ids"]
    }


@functools.lru_cache(maxsize=64)
def _active(purpose: str, purposes: Purposes) -> dict[str, str]:
    """Return the verdict on each prohibition that stands in the way of *purpose*."""
    applies = {
        "always": True,
        "commercial": purposes.is_commercial(purpose),
        "sharing": purposes.is_sharing(purpose),
    }
    return {name: row["verdict"] for name, row in _actions().items() if applies[row["when"]]}


@functools.cache
def _actions() -> dict[str, _tables.Row]:
    return {row["name"]: row for row in _tables.rows("licenses", "actions")}


@functools.cache
def _names() -> dict[str, dict[str, str]]:
    """Return what each field of terms may name, and CC REL's name for it."""
    actions = {
        name: row["name"] for row in _actions().values() for name in (row["name"], *row["same_as"])
    }
    duties = {row["name"]: row["name"] for row in _tables.rows("licenses", "duties")}
    return {"prohibits": actions, "permits": actions, "duties": duties}
