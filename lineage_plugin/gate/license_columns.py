"""What the licences of all ancestors come to together, which no row tells alone.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import Declaration, License
from lineage_plugin.policy import combination, license_terms, licenses
from lineage_plugin.policy.combination import Bound
from lineage_plugin.policy.license_terms import DIRECT, Custom, Reach

#: As many conflicting licences as a reader takes in; all of them have rows of their own.
_MOST_NAMED = 3

#: What a dataset without a license of its own brings to the others.
_INHERITED = {"license_conflict": "none", "license_conflict_verdict": "inherited"}


def reaches(seen: Survey, inputs: Iterable[int], unsettled: str) -> dict[str, Reach]:
    """Tell of the datasets that arrive at the inputs only through the training of a model.

    Whatever else arrives as data, also where a model was trained on it besides.
    """
    ancestry = seen.ancestry
    versions = ancestry.versions
    if not any(v.activity and license_terms.is_training(v.activity.edges) for v in versions):
        return {}
    as_data = _untrained(ancestry, inputs)
    trained = Reach(is_trained=True, unsettled=unsettled)
    direct = {versions[version].uri for version in as_data}
    return {version.uri: trained for version in versions if version.uri not in direct}


def _untrained(ancestry: Ancestry, inputs: Iterable[int]) -> set[int]:
    """Return the versions from which a way leads to the inputs on which no model is trained."""
    found = set(inputs)
    waiting = list(found)
    while waiting:
        version = waiting.pop()
        writer = ancestry.versions[version].activity
        is_model = writer is not None and license_terms.is_training(writer.edges)
        parents = {*ancestry.kept[version], *(() if is_model else ancestry.made_from[version])}
        waiting += parents - found
        found |= parents
    return found


def conflict_columns(
    said: Mapping[str, Sequence[Declaration]], reached: Mapping[str, Reach], custom: Custom
) -> dict[str, dict[str, str]]:
    """Return for each dataset with which licences of others its own conflict.

    Args:
        said: What is declared about each dataset, by URI.
        reached: How datasets arrive that do not arrive as data, by URI.
        custom: Terms of the licences that catalogs registered.
    """
    bound = {
        uri: Bound(expression, reached.get(uri, DIRECT))
        for uri, declarations in said.items()
        if (expression := united(declarations))
    }
    first: dict[Bound, str] = {}
    for uri in sorted(bound):
        first.setdefault(bound[uri], uri)
    conflicts = combination.conflicts(first, custom)
    columns = {
        each: {
            "license_conflict": _named(conflicts.get(each, ()), first),
            "license_conflict_verdict": combination.verdict(each, conflicts.get(each, ()), custom),
        }
        for each in first
    }
    return {uri: columns[bound[uri]] if uri in bound else _INHERITED for uri in said}


def united(declarations: Iterable[Declaration]) -> str:
    """Return one expression that binds like all licences that are declared, or ``""``."""
    found = {combination.granted(d.license) for d in declarations if isinstance(d.license, License)}
    return licenses.united(each for each in found if each)


def _named(others: Iterable[Bound], first: Mapping[Bound, str]) -> str:
    told = [f"{other.expression} of {first[other]}" for other in sorted(others)]
    more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    return f"{', '.join(told[:_MOST_NAMED])}{more}" or "none"
