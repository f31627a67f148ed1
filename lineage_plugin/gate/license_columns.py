"""What the licences of all ancestors come to together, which no row tells alone.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage_plugin.lineage import training
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import Declaration, License
from lineage_plugin.policy import combination, licenses, verdicts
from lineage_plugin.policy.combination import Bound
from lineage_plugin.policy.license_terms import DIRECT, Custom, Reach

#: As many conflicting licences as a reader takes in; all of them have rows of their own.
_MOST_NAMED = 3

#: What a dataset without a license of its own brings to the others.
_INHERITED = {"license_conflict": "none", "license_conflict_verdict": "inherited"}


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
        if declarations and (expression := united(declarations))
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


@dataclass(frozen=True, slots=True)
class Warned:
    """What concerns the licence of one ancestor, whatever the purpose."""

    dataset: str
    id: str
    why: str
    remedy: str


def warnings(
    seen: Survey, inputs: Iterable[int], custom: Custom, unsettled: str
) -> tuple[Warned, ...]:
    """Return what a gate would warn of among the licences of all that *inputs* were made from."""
    asked = tuple(inputs)
    above = seen.ancestry.above(asked)
    uris = sorted({seen.ancestry.versions[version].uri for version in above})
    said = {uri: seen.declared(uri) for uri in uris}
    reached = training.reaches(seen.ancestry, asked, unsettled)
    conflicts = conflict_columns(said, reached, custom)
    found = []
    for uri in uris:
        agreement, told = combination.agreement(said[uri])
        columns = {
            "license_conflict": (
                conflicts[uri]["license_conflict_verdict"],
                conflicts[uri]["license_conflict"],
            ),
            "license_concluded": (agreement, told),
        }
        for area, (verdict, value) in columns.items():
            if not verdicts.passes(area, verdict):
                why = verdicts.explain(area, verdict, value=value, dataset=uri)
                found.append(Warned(uri, why.id, why.why, why.remedy))
    return tuple(found)


def united(declarations: Iterable[Declaration]) -> str:
    """Return one expression that binds like all licences that are declared, or ``""``."""
    found = {combination.granted(d.license) for d in declarations if isinstance(d.license, License)}
    return licenses.united(each for each in found if each)


def _named(others: Iterable[Bound], first: Mapping[Bound, str]) -> str:
    told = [f"{other.expression} of {first[other]}" for other in sorted(others)]
    more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    return f"{', '.join(told[:_MOST_NAMED])}{more}" or "none"
