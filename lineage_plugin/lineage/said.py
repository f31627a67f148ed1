"""What is declared about a dataset at one moment, whoever said it and wherever."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from lineage_plugin.catalog.match import Matcher
from lineage_plugin.model import Declaration, Declassified
from lineage_plugin.store.api import CATALOG_ORIGIN, Store

#: Declarations by the exact URI that they are about.
ByUri = Mapping[str, Collection[Declaration]]


class Declared:
    """All that holds at *at_us*: catalog files by pattern, decorators and assets by exact URI.

    Different authorities bind together, and so do several patterns of one authority: nothing
    silently wins.
    """

    def __init__(
        self,
        by_pattern: Callable[[str], Iterable[Declaration]],
        by_uri: ByUri,
        *,
        at_us: int,
    ) -> None:
        self._by_pattern = by_pattern
        self._by_uri = by_uri
        self._at_us = at_us
        self._known: dict[str, tuple[Declaration, ...]] = {}
        self._roots: dict[str, bool] = {}

    def __call__(self, uri: str) -> tuple[Declaration, ...]:
        """Return what holds about the dataset with this URI."""
        found = self._known.get(uri)
        if found is None:
            said = (*self._by_pattern(uri), *self._by_uri.get(uri, ()))
            found = self._known[uri] = tuple(d for d in said if d.holds(self._at_us))
        return found

    def is_root(self, uri: str) -> bool:
        """Whether somebody declared that this dataset comes from outside."""
        found = self._roots.get(uri)
        if found is None:
            found = self._roots[uri] = any(declaration.external for declaration in self(uri))
        return found

    def removed(self, uri: str) -> frozenset[str]:
        """Return the categories that declassifications in force take away from this dataset."""
        return frozenset(c for found in self.declassified(uri) for c in found.removes)

    def declassified(self, uri: str) -> tuple[Declassified, ...]:
        """Return the declassifications of this dataset that have not expired, each once."""
        said = (d.declassified for d in self(uri))
        return tuple(dict.fromkeys(s for s in said if s and self._at_us < s.until_us))

    def categories(self, uri: str) -> tuple[str, ...]:
        """Return the categories of data that are declared, each once."""
        return tuple(dict.fromkeys(c for d in self(uri) for c in d.categories))


def catalogs_then(store: Store, known_seq: int) -> Callable[[str], list[Declaration]]:
    """Return what catalog files said about a dataset, by its URI, as recorded up to an entry."""
    found = store.declarations(known_seq=known_seq, origin=CATALOG_ORIGIN)
    matcher = Matcher([declaration.pattern for declaration in found])
    return lambda uri: [found[place] for place in matcher.match(uri)]


def by_uri(declarations: Iterable[Declaration]) -> dict[str, list[Declaration]]:
    """Sort declarations that name one dataset exactly by that dataset's URI."""
    found: dict[str, list[Declaration]] = {}
    for declaration in declarations:
        found.setdefault(declaration.pattern, []).append(declaration)
    return found
