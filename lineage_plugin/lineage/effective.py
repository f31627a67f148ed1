"""The effective provenance of datasets, short enough to travel on an event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from lineage_plugin.lineage import training
from lineage_plugin.lineage.survey import Survey, survey
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    DatasetRef,
    Declaration,
    DeclaredNone,
    Declassification,
    EffectiveSummary,
    Gap,
    License,
    Part,
    Unknown,
)
from lineage_plugin.policy import consent, custody, licenses
from lineage_plugin.policy.combination import granted
from lineage_plugin.policy.edges import Rules
from lineage_plugin.policy.license_terms import DIRECT
from lineage_plugin.propagation import Label, combine
from lineage_plugin.store.api import Store

#: As many gaps and roots as a reader can take in; the counts beside them are exact.
MOST_LISTED = 100


def summarise(
    store: Store,
    refs: Collection[DatasetRef],
    at_us: int,
    by_pattern: Callable[[str], Iterable[Declaration]],
    terms: Mapping[str, licenses.Terms] | None = None,
    rules: Rules = Rules(),  # noqa: B008 - an immutable value
    license_through_train: str = "review",
) -> dict[str, EffectiveSummary]:
    """Return what binds each dataset at *at_us*, by URI, with all it inherits from upstream.

    *terms* are those of the licences that catalog files registered, *rules* the policy's on edges;
    *license_through_train* says whether licences reach a model where law has not settled it.
    """
    seen = survey(store, refs, by_pattern, at_us=at_us, rules=rules)
    return of(seen, at_us, terms, license_through_train)


def of(
    seen: Survey,
    at_us: int,
    terms: Mapping[str, licenses.Terms] | None = None,
    license_through_train: str = "review",
) -> dict[str, EffectiveSummary]:
    """Return what binds each dataset that was surveyed at *at_us*, by URI."""
    return {
        uri: _summary(seen, versions, at_us, terms or {}, license_through_train)
        for uri, versions in seen.ancestry.current.items()
    }


def _summary(
    seen: Survey,
    versions: Sequence[int],
    at_us: int,
    terms: Mapping[str, licenses.Terms],
    license_through_train: str,
) -> EffectiveSummary:
    empty: Label[int] = Label(0, {})
    label = combine(empty, *(seen.labels[version] for version in versions))
    above = seen.ancestry.above(versions)
    uris = list(dict.fromkeys(seen.ancestry.versions[version].uri for version in sorted(above)))
    said = [d for uri in uris for d in seen.declared(uri)]
    roots = [uri for uri in uris if seen.declared.is_root(uri)]
    gaps = sorted(_gaps(seen, uris, above), key=lambda gap: (gap.dataset, gap.part))
    found = _distinct(granted(d.license) for d in said if isinstance(d.license, License))
    bases = [d.consent for d in said if isinstance(d.consent, Consent)]
    needless = ["none" for d in said if isinstance(d.consent, DeclaredNone)]
    return EffectiveSummary(
        resolved=True,
        as_of_us=at_us,
        categories=tuple(sorted(label.categories)),
        licenses=found,
        duties=_distinct(_duties(seen, uris, versions, terms, license_through_train)),
        consent_statuses=_distinct(consent.state(basis, at_us).name for basis in bases),
        legal_bases=_distinct((*(name for b in bases for name in b.bases), *needless)),
        gaps=tuple(gaps[:MOST_LISTED]),
        gap_count=len(gaps),
        roots=tuple(sorted(roots)[:MOST_LISTED]),
        root_count=len(roots),
        earliest_expiry_us=_earliest(said, at_us),
        assurance=min((d.assurance for d in said), default=Assurance.ABSENT),
        declassifications=_declassifications(seen, above),
    )


def _declassifications(seen: Survey, above: Iterable[int]) -> tuple[Declassification, ...]:
    """List what recorded decisions took away on the way, each once."""
    found = {
        Declassification(seen.ancestry.versions[version].uri, said)
        for version in above
        for said in seen.declassified(version)
    }
    return tuple(sorted(found, key=lambda one: (one.dataset, one.said.until_us, one.said.removes)))


def _duties(
    seen: Survey,
    uris: Iterable[str],
    versions: Iterable[int],
    terms: Mapping[str, licenses.Terms],
    license_through_train: str,
) -> Iterable[str]:
    """Yield what the licences of all sources ask for, as they arrive at *versions*."""
    reached = training.reaches(seen.ancestry, versions, license_through_train)
    known = {
        (granted(declaration.license), reached.get(uri, DIRECT))
        for uri in uris
        for declaration in seen.declared(uri)
        if isinstance(declaration.license, License)
    }
    for expression, reach in known:
        yield from licenses.duties(expression, terms, reach)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


def _earliest(said: Sequence[Declaration], at_us: int) -> int | None:
    moments: list[int | None] = [d.valid_until_us for d in said]
    moments += [consent.ends_us(d.consent, at_us) for d in said]
    moments += [
        custody.expires_us(d.custody, at_us=at_us) for d in said if isinstance(d.custody, Custody)
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def _gaps(seen: Survey, uris: Iterable[str], above: Iterable[int]) -> Iterable[Gap]:
    """List what nobody said or somebody does not know, and versions of unknown origin."""
    for uri in uris:
        said = seen.declared(uri)
        for part in (Part.SOURCE, Part.LICENSE, Part.CONSENT, Part.CUSTODY):
            values = [getattr(d, part.value) for d in said]
            unknown = next((v for v in values if isinstance(v, Unknown)), None)
            if unknown is not None:
                yield Gap(uri, part, unknown.reason)
            elif seen.declared.is_root(uri) and all(value is None for value in values):
                yield Gap(uri, part, "absent")
    found = {
        (seen.ancestry.versions[version].uri, verdict)
        for version in above
        if (verdict := seen.lineage_verdict(version)) != "complete"
    }
    for uri, verdict in found:
        yield Gap(uri, Part.LINEAGE, verdict)
