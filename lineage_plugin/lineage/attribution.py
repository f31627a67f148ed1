"""The list of who has to be named for a dataset: every ancestor with a licence, and the gaps."""

from __future__ import annotations

from collections.abc import Iterable

from lineage_plugin.lineage import training
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.policy import attribution
from lineage_plugin.policy.attribution import Credit
from lineage_plugin.policy.license_terms import DIRECT, Custom


def credits_of(
    seen: Survey, versions: Iterable[int], *, custom: Custom, unsettled: str
) -> tuple[Credit, ...]:
    """Return what has to be said about everything that *versions* were made from.

    A derived dataset that says nothing about a licence owes nothing of its own.  A source that says
    nothing is listed as a gap, because the list is not complete without it.
    """
    inputs = tuple(versions)
    ancestry = seen.ancestry
    reached = training.reaches(ancestry, inputs, unsettled)
    changed = training.changes(ancestry, inputs)
    above = ancestry.above(inputs)
    sources = {
        ancestry.versions[v].uri
        for v in above
        if (ancestry.versions[v].activity is None and v not in ancestry.stand_ins)
        or seen.declared.is_root(ancestry.versions[v].uri)
    }
    uris = {ancestry.versions[v].uri for v in above}
    return attribution.listed(
        attribution.credit(uri, seen.declared(uri), changed[uri], reached.get(uri, DIRECT), custom)
        for uri in uris
        if uri in sources or any(d.license is not None for d in seen.declared(uri))
    )
