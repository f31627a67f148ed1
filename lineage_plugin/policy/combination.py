"""What licences come to where data under several of them is brought together.  Pure.

What is made from data under share-alike terms may be shared under certain licences only.  Two
conflict where no licence is left under which both let it be shared: nobody may then publish it,
and whoever only uses it inside is warned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lineage_plugin.model import Declaration, DeclaredNone, License, Unknown
from lineage_plugin.policy import license_terms, licenses, spdx
from lineage_plugin.policy.license_terms import DIRECT, REVIEW, Custom, Reach

#: What stops sharing altogether is its own verdict, and no conflict with another licence.
_NO_SHARING = frozenset({"cc:DerivativeWorks", "cc:Distribution", "cc:Reproduction"})

#: Terms of one's own, which pass on whatever has to be.
_OWN_TERMS = ""


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """An expression that binds some data, and how that data arrives."""

    expression: str
    reach: Reach = DIRECT


def conflicts(bound: Iterable[Bound], custom: Custom | None = None) -> dict[Bound, set[Bound]]:
    """Return for each expression those with which nothing made from both may be shared.

    Symmetric, and independent of order.  An expression may conflict with itself (``GPL-2.0-only AND
    GPL-3.0-only``).  Where each two agree and all together do not, each conflicts with all.

    Source:
        CC 4.0 s.3(b), ODbL 1.0 s.4.4, GPL 3.0 s.5(c); CC's chart of adapters' licences.

    Example:
        >>> found = conflicts([Bound("CC-BY-SA-4.0"), Bound("ODbL-1.0"), Bound("CC-BY-4.0")])
        >>> sorted((one.expression, *(o.expression for o in found[one])) for one in found)
        [('CC-BY-SA-4.0', 'ODbL-1.0'), ('ODbL-1.0', 'CC-BY-SA-4.0')]
    """
    known = sorted(set(bound))
    options = _options(known, custom or {})
    allowed = {each: _outbound(each, options, custom or {}) for each in known}
    found: dict[Bound, set[Bound]] = {}
    for place, one in enumerate(known):
        for other in known[place:]:
            if not allowed[one] & allowed[other]:
                found.setdefault(one, set()).add(other)
                found.setdefault(other, set()).add(one)
    if known and not found and not frozenset.intersection(*allowed.values()):
        choosy = [each for each in known if len(allowed[each]) < len(options)]
        found = {one: {other for other in choosy if other != one} for one in choosy}
    return found


def verdict(bound: Bound, others: Collection[Bound], custom: Custom | None = None) -> str:
    """Say what sharing what is made from this and *others*, its conflicts, comes to.

    Returns:
        ``share-alike`` where it conflicts, ``review`` where it is not settled whether share-alike
        terms reach a model, else ``compatible``.
    """
    if others:
        return "share-alike"
    needs_review = REVIEW in licenses.duties(bound.expression, custom, bound.reach)
    return "review" if needs_review else "compatible"


def granted(said: License) -> str:
    """Return the expression that binds: what was concluded stands before what was declared."""
    return said.concluded or said.declared


def agreement(said: Iterable[Declaration]) -> tuple[str, str]:
    """Say whether all who speak about a licence say the same, and what each says if not.

    Returns:
        ``agreed``; ``differs`` where somebody concluded another licence than was declared;
        ``disputed`` where two authorities do not say the same; ``inherited`` where nobody speaks.
        All of them bind.

    Source:
        SPDX 3.0 ``hasDeclaredLicense`` and ``hasConcludedLicense``.
    """
    speaking = [d for d in said if d.license is not None]
    if not speaking:
        return "inherited", "none"
    by_authority: dict[str, set[str]] = {}
    for declaration in speaking:
        by_authority.setdefault(declaration.authority, set()).add(_effective(declaration))
    is_disputed = len({frozenset(texts) for texts in by_authority.values()}) > 1
    differs = any(_differs(d.license) for d in speaking)
    if not (is_disputed or differs):
        return "agreed", "none"
    told = sorted({f"{d.authority}: {_told(d)}" for d in speaking})
    return "disputed" if is_disputed else "differs", "; ".join(told)


def _differs(said: License | DeclaredNone | Unknown | None) -> bool:
    return isinstance(said, License) and said.concluded not in ("", said.declared)


def _effective(declaration: Declaration) -> str:
    said = declaration.license
    return granted(said) if isinstance(said, License) else type(said).__name__


def _told(declaration: Declaration) -> str:
    said = declaration.license
    if isinstance(said, License):
        declared = said.declared or "nothing"
        return f"declared {declared}" + (f", concluded {said.concluded}" if _differs(said) else "")
    return "no license" if isinstance(said, DeclaredNone) else "not known"


def _options(bound: Iterable[Bound], custom: Custom) -> frozenset[str]:
    """Return every licence under which somebody might share: those that are named, or one's own."""
    found = {_OWN_TERMS}
    for each in bound:
        for identifier in licenses.identifiers(each.expression):
            found.update(_adaptable(identifier, custom, each.reach))
    return frozenset(found)


def _outbound(bound: Bound, options: frozenset[str], custom: Custom) -> frozenset[str]:
    """Return the licences under which *bound* lets be shared what is made from it."""
    root = licenses.tree(bound.expression)
    if root is None:
        return options
    return frozenset(each for each in options if _allows(root, each, custom, bound.reach))


def _allows(node: spdx.Node, outbound: str, custom: Custom, reach: Reach) -> bool:
    if node.operator:
        choose = all if node.operator == "AND" else any
        return choose(_allows(part, outbound, custom, reach) for part in node.parts)
    bound = license_terms.of(node.license, custom, reach)
    if bound is None or _NO_SHARING.intersection(bound.prohibits):
        return True
    under = _adaptable(node.license, custom, reach)
    if under:
        return outbound in under
    return outbound == _OWN_TERMS or _kept(node.license, custom, reach) <= _kept(
        outbound, custom, DIRECT
    )


def _adaptable(identifier: str, custom: Custom, reach: Reach) -> Sequence[str]:
    bound = license_terms.of(identifier, custom, reach)
    if bound is None or not bound.is_share_alike:
        return ()
    return bound.adapt_under or (identifier,)


def _kept(identifier: str, custom: Custom, reach: Reach) -> frozenset[str]:
    """Return what of a licence has to bind whoever comes next."""
    bound = license_terms.of(identifier, custom, reach)
    if bound is None:
        return frozenset()
    return license_terms.passed_on().intersection((*bound.prohibits, *bound.duties))
