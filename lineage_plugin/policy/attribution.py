"""Who has to be named, and what else is owed, for one source of a dataset.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage_plugin.model import Declaration, DeclaredNone, License, Source, Unknown
from lineage_plugin.policy import license_terms, licenses
from lineage_plugin.policy.combination import granted
from lineage_plugin.policy.license_terms import DIRECT, REVIEW, Custom, Reach


@dataclass(frozen=True, slots=True)
class Cited:
    """One licence that a source names: its title and where its text is."""

    identifier: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Credit:
    """What has to be said about one source.

    ``gap`` says what is missing; nothing else of the licence is known then.  ``share_under`` are
    the licences under which something made from it may be shared, if not any.
    """

    dataset: str
    license: str
    cited: tuple[Cited, ...]
    issuers: tuple[str, ...]
    notices: tuple[str, ...]
    duties: tuple[str, ...]
    changes: tuple[str, ...]
    share_under: tuple[str, ...]
    declared_by: tuple[str, ...]
    gap: str = ""


def credit(
    dataset: str,
    said: Sequence[Declaration],
    changes: Iterable[str] = (),
    reach: Reach = DIRECT,
    custom: Custom | None = None,
) -> Credit:
    """Return what has to be said about *dataset*, whatever the order in which it was declared.

    Args:
        dataset: Its URI.
        said: What is declared about it.
        changes: The steps by which it was changed on its way.
        reach: How it arrives.
        custom: Terms of the licences that catalogs registered.

    Source:
        CC legal code 4.0 s.3(a)(1): creator, notices, licence and its address, changes.
    """
    custom = custom or {}
    found = [d.license for d in said if isinstance(d.license, License)]
    expression = licenses.united({granted(each) for each in found if granted(each)})
    named = licenses.identifiers(expression)
    owed = licenses.duties(expression, custom, reach)
    return Credit(
        dataset,
        expression,
        tuple(_cited(name, found, custom) for name in named),
        _distinct(d.source.issuer for d in said if isinstance(d.source, Source)),
        _distinct(each.attribution for each in found),
        owed,
        _distinct(changes),
        _shared_under(named, owed, custom, reach),
        _distinct(d.authority for d in said if d.license is not None),
        _gap(said, named, custom),
    )


def listed(credits_: Iterable[Credit]) -> tuple[Credit, ...]:
    """Return the list that can be shipped: each source once, in alphabetical order."""
    return tuple(sorted({each.dataset: each for each in credits_}.values(), key=_dataset))


def _dataset(each: Credit) -> str:
    return each.dataset


def _cited(name: str, said: Sequence[License], custom: Custom) -> Cited:
    known = license_terms.of(name, custom)
    address = known.url if known else ""
    given = sorted({each.url for each in said if each.url and granted(each) == name})
    return Cited(name, (known.title if known else "") or name, next(iter(given), address))


def _shared_under(
    named: Iterable[str], owed: Sequence[str], custom: Custom, reach: Reach
) -> tuple[str, ...]:
    if REVIEW in owed or not license_terms.SHARE_ALIKE.intersection(owed):
        return ()
    bound = [(name, license_terms.of(name, custom, reach)) for name in named]
    asked = [(name, terms) for name, terms in bound if terms and terms.is_share_alike]
    return _distinct(each for name, terms in asked for each in terms.adapt_under or (name,))


def _gap(said: Sequence[Declaration], named: Sequence[str], custom: Custom) -> str:
    """Say what is not known about the licence of a source, or ``""``."""
    parts = [d.license for d in said if d.license is not None]
    gaps = {f"its license is not known: {p.reason}" for p in parts if isinstance(p, Unknown)}
    gaps |= {
        f"it is declared to have no license: {p.reason}"
        for p in parts
        if isinstance(p, DeclaredNone)
    }
    unknown = [name for name in named if not licenses.has_terms(name, custom)]
    if unknown:
        gaps.add(f"the terms of {', '.join(unknown)} are not known")
    if not (gaps or named):
        gaps.add("nobody said under what license it is")
    return "; ".join(sorted(gaps))


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({text for text in texts if text}))
