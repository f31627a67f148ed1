"""What a licence forbids and asks for, measured against a purpose.  Pure.

``AND``: all licences bind.  ``OR``: whoever uses the data chooses one.  ``WITH``: the terms of the
licence before it, because an exception only adds permissions.  Not legal advice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from lineage_plugin.model import DeclaredNone, License, Unknown
from lineage_plugin.policy import _spellings, license_terms, spdx, verdicts
from lineage_plugin.policy._spellings import Normalised, Recognised
from lineage_plugin.policy.license_terms import DIRECT, Custom, Reach, Terms, actions, terms
from lineage_plugin.policy.purposes import Purposes
from lineage_plugin.policy.vocabulary import suggest

__all__ = [
    "Alternative",
    "Custom",
    "Normalised",
    "Recognised",
    "Terms",
    "alternatives",
    "duties",
    "has_terms",
    "identifiers",
    "judge",
    "normalise",
    "permissions",
    "prohibitions",
    "terms",
    "united",
    "verdict",
]

#: No licence anybody wrote is this long; what is longer is a licence's text or an attack.
_MAX_CHARS = 1_000

#: A canonical name may be longer than what people write for it ("pdm").
_MAX_CANONICAL_CHARS = 4 * _MAX_CHARS

_OPERATORS = re.compile(r"(\(|\)|(?<![^\s()])(?:and|or|with)(?![^\s()]))", re.IGNORECASE)

#: How the text of a file says what its licence is.  Source: SPDX 2.3 annex E.
_TAG = re.compile(r"SPDX-License-Identifier:\s*([^\n]{1,200})")


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
        return _full_text(text, custom)
    text = " ".join(_spellings.plain(text).split())
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
    reach: Reach = DIRECT,
) -> str:
    """Say whether a canonical *expression* lets data be used for *purpose*.

    Returns:
        ``permitted``, ``restricted-training``, ``non-commercial``, ``no-derivatives``,
        ``no-distribution``, ``no-training``, ``prohibited``, or ``unknown`` where a licence has no
        terms in our table or among *custom*.

    Source:
        CC legal code 4.0 s.2(a)(1): adapted material of an ND licence may be made, not shared; so
        ND stands in the way of purposes that share, and not of training inside.
    """
    found = tree(expression)
    if found is None:
        return "unknown"
    return _judged(found, _active(purpose, purposes), custom or {}, reach)


def judge(
    said: License | DeclaredNone | Unknown | None,
    purpose: str,
    purposes: Purposes,
    custom: Custom | None = None,
    reach: Reach = DIRECT,
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
    return verdict(said.concluded or said.declared, purpose, purposes, custom, reach)


def duties(expression: str, custom: Custom | None = None, reach: Reach = DIRECT) -> tuple[str, ...]:
    """Return what must be done by whoever uses data under *expression*, in alphabetical order.

    ``AND`` unites.  Of ``OR`` it is the alternative that forbids least, and of those the one that
    asks least; one without known terms comes last.
    """
    found = tree(expression)
    return () if found is None else _binding(found, custom or {}, reach)[1].duties


def prohibitions(
    expression: str, custom: Custom | None = None, reach: Reach = DIRECT
) -> tuple[str, ...]:
    """Return what *expression* forbids whatever the purpose, by the rules of :func:`duties`."""
    found = tree(expression)
    return () if found is None else _binding(found, custom or {}, reach)[1].prohibits


def permissions(expression: str, custom: Custom | None = None) -> tuple[str, ...]:
    """Return what *expression* permits: ``AND`` what all permit, ``OR`` what any permits.

    A licence whose terms nobody knows permits nothing.
    """
    found = tree(expression)
    return () if found is None else tuple(sorted(_permitted(found, custom or {})))


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the ways in which a licence lets itself be chosen."""

    expression: str
    verdict: str


def alternatives(
    expression: str, purpose: str, purposes: Purposes, custom: Custom | None = None
) -> tuple[Alternative, ...]:
    """Return the alternatives of an expression whose outermost operator is ``OR``, best first."""
    found = tree(expression)
    if found is None or found.operator != "OR":
        return ()
    active = _active(purpose, purposes)
    judged = [
        Alternative(str(part), _judged(part, active, custom or {}, DIRECT)) for part in found.parts
    ]
    return tuple(sorted(judged, key=lambda each: (_severity(each.verdict), each.expression)))


def identifiers(expression: str) -> tuple[str, ...]:
    """Return the licences that *expression* names, each once, in alphabetical order."""
    found = tree(expression)
    return () if found is None else tuple(sorted(set(spdx.leaves(found))))


def united(expressions: Iterable[str]) -> str:
    """Return one expression that binds like all of *expressions*, in no order of theirs.

    Example:
        >>> united(["MIT OR ISC", "CC-BY-4.0"])
        'CC-BY-4.0 AND (MIT OR ISC)'
    """
    found = sorted(set(expressions))
    if len(found) == 1:
        return found[0]
    return " AND ".join(f"({each})" if " OR " in each else each for each in found)


def has_terms(identifier: str, custom: Custom | None = None) -> bool:
    """Whether it is known what a single license identifier forbids."""
    return license_terms.of(identifier, custom or {}) is not None


def tree(expression: str) -> spdx.Node | None:
    """Return the tree of *expression*; one identifier needs no parser and no library."""
    if not expression or len(expression) > _MAX_CANONICAL_CHARS:
        return None
    if not re.search(r"[\s()]", expression):
        return spdx.Node("", expression)
    try:
        return spdx.parse(expression)
    except ValueError:
        return None


def _full_text(text: str, custom: Collection[str]) -> Normalised:
    """Refuse a licence's text, and suggest the licence that its tag or first line names."""
    note = f"a text of {len(text):,} characters is no license identifier"
    head = text[:_MAX_CHARS]
    tag = _TAG.search(head)
    first = next((line.strip() for line in head.splitlines() if line.strip()), "")
    named = tag[1] if tag else first if len(first) < _MAX_CHARS else ""
    return Normalised("", note, normalise(named, custom=custom).expression if named else "")


def _compound(pieces: list[str], custom: Collection[str]) -> Normalised:
    """Read an expression licence by licence, so that each may be spelled as people spell it."""
    written: list[str] = []
    parts: list[Recognised] = []
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
            parts += one.parts
    try:
        return Normalised(spdx.canonical(" ".join(written)), parts=tuple(parts))
    except ValueError as error:
        return Normalised("", str(error))


def _judged(node: spdx.Node, active: Mapping[str, str], custom: Custom, reach: Reach) -> str:
    if node.operator:
        found = [_judged(part, active, custom, reach) for part in node.parts]
        choose = max if node.operator == "AND" else min
        return choose(found, key=_severity)
    bound = license_terms.of(node.license, custom, reach)
    if bound is None:
        return "unknown"
    hits = [active[name] for name in bound.prohibits if name in active]
    return max(hits, key=_severity, default="permitted")


def _permitted(node: spdx.Node, custom: Custom) -> frozenset[str]:
    if not node.operator:
        bound = license_terms.of(node.license, custom)
        return frozenset() if bound is None else frozenset(bound.permits)
    parts = [_permitted(part, custom) for part in node.parts]
    if node.operator == "AND":
        return functools.reduce(frozenset.intersection, parts)
    return functools.reduce(frozenset.union, parts)


def _binding(node: spdx.Node, custom: Custom, reach: Reach) -> tuple[int, Terms]:
    """Return how much *node* forbids at most (its severity) and its terms."""
    if not node.operator:
        bound = license_terms.of(node.license, custom, reach)
        if bound is None:
            # Beyond every severity: of alternatives, one nobody knows is the last to take.
            return 1_000, Terms()
        rank = max((_severity(actions()[n]["verdict"]) for n in bound.prohibits), default=0)
        return rank, bound
    parts = [_binding(part, custom, reach) for part in node.parts]
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


def _severity(found: str) -> int:
    return verdicts.severity("license", found)


@functools.lru_cache(maxsize=64)
def _active(purpose: str, purposes: Purposes) -> dict[str, str]:
    """Return the verdict on each prohibition that stands in the way of *purpose*."""
    applies = {
        "always": True,
        "commercial": purposes.is_commercial(purpose),
        "sharing": purposes.is_sharing(purpose),
        "training": purpose not in purposes or purposes.is_below(purpose, "model-training"),
    }
    return {name: row["verdict"] for name, row in actions().items() if applies[row["when"]]}
