"""What arrives through the training of a model only, and by which steps anything arrives."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from lineage_plugin.lineage.ancestry import Ancestry, Version
from lineage_plugin.model import EdgeKind
from lineage_plugin.policy import license_terms
from lineage_plugin.policy.license_terms import Reach

#: Steps that leave the data as it was.
_UNCHANGED = frozenset({EdgeKind.COPY})


def reaches(ancestry: Ancestry, inputs: Iterable[int], unsettled: str) -> dict[str, Reach]:
    """Tell of the datasets that arrive at *inputs* only through the training of a model.

    Whatever else arrives as data, also where a model was trained on it besides.
    """
    versions = ancestry.versions
    if not any(map(_is_model, versions)):
        return {}
    trained = Reach(is_trained=True, unsettled=unsettled)
    direct = {versions[version].uri for version in _untrained(ancestry, inputs)}
    return {version.uri: trained for version in versions if version.uri not in direct}


def changes(ancestry: Ancestry, inputs: Iterable[int]) -> dict[str, tuple[str, ...]]:
    """Tell by which steps each dataset was changed on all its ways to *inputs*, by URI.

    A step is ``<edge kinds> by <job>``; copying changes nothing.
    """
    names: dict[str, int] = {}
    own = [
        1 << names.setdefault(s, len(names)) if (s := _step(v)) else 0 for v in ancestry.versions
    ]
    passed = [0] * len(own)
    waiting = deque(inputs)
    seen = set(waiting)
    while waiting:
        version = waiting.popleft()
        after = passed[version] | own[version]
        for parent in ancestry.made_from[version]:
            if parent not in seen or passed[parent] | after != passed[parent]:
                passed[parent] |= after
                seen.add(parent)
                waiting.append(parent)
        for before in ancestry.kept[version]:
            if before not in seen or passed[before] | passed[version] != passed[before]:
                passed[before] |= passed[version]
                seen.add(before)
                waiting.append(before)
    found: dict[str, int] = {}
    for each, steps in zip(ancestry.versions, passed, strict=True):
        found[each.uri] = found.get(each.uri, 0) | steps
    told = list(names)
    return {
        uri: tuple(sorted(told[i] for i in range(len(told)) if steps >> i & 1))
        for uri, steps in found.items()
    }


def _step(version: Version) -> str:
    writer = version.activity
    if writer is None or _UNCHANGED.issuperset(writer.edges or {EdgeKind.UNSPECIFIED}):
        return ""
    kinds = "+".join(sorted(kind.value for kind in writer.edges)) or EdgeKind.UNSPECIFIED.value
    return f"{kinds} by {version.job}"


def _is_model(version: Version) -> bool:
    return version.activity is not None and license_terms.is_training(version.activity.edges)


def _untrained(ancestry: Ancestry, inputs: Iterable[int]) -> set[int]:
    """Return the versions from which a way leads to *inputs* on which no model is trained."""
    found = set(inputs)
    waiting = list(found)
    while waiting:
        version = waiting.pop()
        is_model = _is_model(ancestry.versions[version])
        parents = {*ancestry.kept[version], *(() if is_model else ancestry.made_from[version])}
        waiting += parents - found
        found |= parents
    return found
