"""What the step was that wrote a version, and what a recorded decision took away on it.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import Declassified, EdgeKind, iso

#: The columns, and what they hold.
ABOUT = {
    "edge": "what the step was that wrote this version: kinds of edges, unspecified, or none",
    "declassified": "what a recorded decision takes out of what flows in, how, by whom, or none",
    "declassification_lapsed": "such a decision that is not in force, and why not, or none",
}


def cells(seen: Survey, version: int) -> dict[str, str]:
    """Return the cells of one version."""
    found = seen.ancestry.versions[version]
    edge = _told_kinds(found.activity.edges) if found.activity else ""
    told, lapsed = "none", "none"
    if seen.declared(found.uri):
        holding = seen.declassified(version)
        told = "; ".join(sorted(map(_told, holding))) or told
        lapsed = "; ".join(sorted(_lapsed(seen, found.uri, holding, edge))) or lapsed
    return {
        "edge": edge or ("unspecified" if found.activity else "none"),
        "declassified": told,
        "declassification_lapsed": lapsed,
    }


def ends_us(seen: Survey, version: int) -> Iterable[int]:
    """Return when the declassifications end that are in force for one version."""
    return (found.until_us for found in seen.declassified(version))


@cache
def _told_kinds(kinds: frozenset[EdgeKind]) -> str:
    return " ".join(sorted(kind.value for kind in kinds))


def _told(found: Declassified) -> str:
    return (
        f"{' '.join(found.removes)} by {found.method} until {iso(found.until_us)},"
        f" decided by {found.by}: {found.reason}"
    )


def _lapsed(seen: Survey, uri: str, holding: tuple[Declassified, ...], edge: str) -> Iterator[str]:
    in_time = seen.declared.declassified(uri)
    for said in seen.declared(uri):
        if (found := said.declassified) is None or found in holding:
            continue
        why = f"the step was {edge or 'unspecified'}" if found in in_time else "it has ended"
        yield f"{_told(found)} ({why})"
