"""The provenance frame: one row for each version that a task's inputs were made from.  Pure.

The columns are public API: suites name them.  No cell is ever null, because Great Expectations
passes over nulls: nobody said is ``absent``, somebody does not know is ``unknown``, somebody said
there is none is ``none``, and a derived dataset that says nothing itself is ``inherited``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any

from lineage_plugin.codec import digest
from lineage_plugin.gate import edge_columns, license_columns, quarantine
from lineage_plugin.lineage import training
from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import (
    Assurance,
    Consent,
    Custody,
    Declaration,
    DeclaredNone,
    Evidence,
    License,
    Source,
    iso,
)
from lineage_plugin.policy import combination, consent, custody, licenses, use, verdicts
from lineage_plugin.policy.license_terms import DIRECT, Reach
from lineage_plugin.policy.purposes import Purposes
from lineage_plugin.policy.recipients import NOBODY, Recipient
from lineage_plugin.propagation import Label, combine

#: Version of the columns below; part of every policy digest.
FRAME_VERSION = 2

#: Columns on which a decision depends, and what they hold.
RELEVANT = {
    "dataset": "URI of the dataset",
    "purpose": "what the inputs are to be used for",
    "role": "input (judged itself), root (from outside) or ancestor",
    "origin": "external, derived, or unknown (nobody recorded a writer, nobody declared a source)",
    "lineage_verdict": "whether all that this version was made from is known",
    "quarantine": "id of the statement that holds this version back, or none",
    "quarantine_verdict": "whether anybody holds this version back: clear or held",
    **edge_columns.ABOUT,
    "source_verdict": "whether it is known where the data comes from",
    "source_issuer": "who issued the data",
    "source_method": "how the data was generated (OASIS generation-method code)",
    "license": "SPDX expression, concluded where it differs from declared",
    "license_verdict": "whether the licence permits the purpose",
    "license_duties": "duties that come with the licence (ODRL and CC names)",
    "license_conflict": "licences of others with which nothing made from both may be shared",
    "license_conflict_verdict": "whether what is made from all of them can be shared",
    "license_concluded": "who says what about the licence, where they do not say the same",
    "license_concluded_verdict": "whether declared and concluded licence, and all who speak, agree",
    "license_derivation_verdict": "whether what is made from it may leave the house (ND)",
    "consent": "legal bases",
    "consent_status": "DPV consent status at the moment of the decision",
    "consent_since": "since when that status is so (ISO 8601), or unsaid",
    "consent_until": "when the basis ends (ISO 8601), or never",
    "consent_reuse": "who found the purpose compatible with the one collected for, or none",
    "consent_conflict": "authorities whose words about consent contradict each other, or none",
    "consent_verdict": "whether the legal basis covers the purpose now",
    "custody": "the kinds of transfer, oldest first",
    "custody_related": "transfers between related parties, or none",
    "custody_conflict": "authorities whose words about custody contradict each other, or none",
    "custody_verdict": "whether each transfer is covered by an agreement",
    "use_verdict": "whether the dataset's own terms of use exclude the purpose or the recipient",
    "recipient": "to whom the inputs are to be given, or none",
    "recipient_agreement": "SHA-256 of the agreements in force with the recipient, or none",
    "recipient_verdict": "whether an agreement lets the recipient have them",
    "categories": "categories of data that this dataset brings to the inputs, sorted, or none",
    "assurance": "the weakest support of any declaration",
    "authorities": "who declared, sorted, or nobody",
}

#: Columns that change from run to run; a decision depends on them only if a suite names them.
VOLATILE = {
    "version": "the writer's DAG run (OpenLineage run id), or original",
    "job": "the writer, namespace/name, or none",
    "depth": "number of steps from the judged input (0)",
}

COLUMNS = {**RELEVANT, **VOLATILE}

Row = Mapping[str, Any]

_NOTHING_HELD: Mapping[int, str] = {}

#: Of a declaration, all but where it is written and what supports it: no column shows these, but
#: for when the support ends.
_CONTENT = attrgetter(
    *(f.name for f in fields(Declaration) if f.name not in {"pattern", "where", "evidence"})
)


@dataclass(frozen=True)
class Frame:
    """What is known of each version, in the order of :attr:`Ancestry.versions`: nearest first.

    ``lasting`` are the relevant columns, as one object for all versions that share them.
    ``expires_us`` is when the first of the facts that they rest on changes by itself.
    """

    lasting: Sequence[Row]
    ancestry: Ancestry
    expires_us: int | None

    @cached_property
    def rows(self) -> Sequence[Row]:
        """All columns of each version."""
        return [
            {**row, "version": version.name, "job": version.job, "depth": depth}
            for row, version, depth in zip(
                self.lasting, self.ancestry.versions, self.ancestry.depth, strict=True
            )
        ]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what a decision depends on: the distinct rows, without volatile columns."""
        return digest(sorted(self._nearest(tuple(RELEVANT))))

    def distinct(self, columns: Iterable[str]) -> list[tuple[dict[str, Any], int]]:
        """Return the different rows of these columns, each with the nearest version that has it."""
        names = tuple(columns)
        return [
            (dict(zip(names, cells, strict=True)), version)
            for cells, version in self._nearest(names).items()
        ]

    def _nearest(self, names: Sequence[str]) -> dict[tuple[Any, ...], int]:
        rows = self.lasting if RELEVANT.keys() >= set(names) else self.rows
        # Of the rows that are one object only the first is looked into.
        first: dict[int, int] = {}
        for version, row in enumerate(rows):
            first.setdefault(id(row), version)
        cells = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        found: dict[tuple[Any, ...], int] = {}
        for version in first.values():
            found.setdefault(cells(rows[version]), version)
        return found


def build(
    seen: Survey,
    *,
    purpose: str,
    purposes: Purposes,
    at_us: int,
    terms: Mapping[str, licenses.Terms],
    license_through_train: str = "review",
    recipient: Recipient = NOBODY,
    held: Mapping[int, str] = _NOTHING_HELD,
) -> Frame:
    """Lay out what was surveyed for judgement.

    Args:
        seen: The versions behind a task's inputs, their labels and what is declared.
        purpose: What the inputs will be used for; a name in *purposes*.
        purposes: The tree of purposes.
        at_us: The moment to judge for.
        terms: Terms of the custom licences that catalogs registered.
        license_through_train: Whether licences reach a model where law has not settled it.
        recipient: To whom the inputs are to be given, and what that comes to.
        held: The versions that are held back, each with the id of the statement that says so.
    """
    ancestry = seen.ancestry
    inputs = {version for found in ancestry.current.values() for version in found}
    read = {ancestry.versions[version].uri for version in inputs}
    arriving = _arriving(seen, inputs)
    judge = _Judge(purpose, purposes, at_us, terms, recipient)
    reached = training.reaches(ancestry, inputs, license_through_train)
    said = {uri: seen.declared(uri) for uri in dict.fromkeys(v.uri for v in ancestry.versions)}
    conflicts = license_columns.conflict_columns(said, reached, terms)
    about = {
        uri: judge.columns(declared, arriving.get(uri, ()), reached.get(uri, DIRECT))
        for uri, declared in said.items()
    }
    # Of the versions of a dataset only a few things differ, and seldom.
    shared: dict[tuple[object, ...], Row] = {}
    rows = []
    for index, version in enumerate(ancestry.versions):
        uri, activity, verdict = version.uri, version.activity, seen.lineage_verdict(index)
        key = (uri, activity and activity.edges, verdict, held.get(index))
        row = shared.get(key)
        if row is None:
            external = seen.declared.is_root(uri)
            ancestor = "root" if external or not activity else "ancestor"
            row = shared[key] = {
                "dataset": uri,
                "role": "input" if uri in read else ancestor,
                "origin": "external" if external else "derived" if activity else "unknown",
                "lineage_verdict": verdict,
                **edge_columns.cells(seen, index),
                **quarantine.cells(index, held),
                **about[uri],
                **conflicts[uri],
            }
            for until_us in edge_columns.ends_us(seen, index):
                judge.note_expiry(until_us)
        rows.append(row)
    return Frame(rows, ancestry, judge.expires_us)


def _arriving(seen: Survey, inputs: Iterable[int]) -> dict[str, list[str]]:
    """Tell for each dataset as what categories its data arrives at the inputs."""
    reached = combine(Label(0, {}), *(seen.labels[version] for version in inputs))
    found: dict[str, list[str]] = {}
    for category in sorted(reached.categories):
        datasets = reached.categories[category]
        while datasets:
            lowest = datasets & -datasets
            found.setdefault(seen.uris[lowest.bit_length() - 1], []).append(category)
            datasets ^= lowest
    return found


class _Judge:
    """Judges what is declared about one dataset; remembers when the first answer may change."""

    def __init__(
        self,
        purpose: str,
        purposes: Purposes,
        at_us: int,
        terms: Mapping[str, licenses.Terms],
        recipient: Recipient,
    ) -> None:
        self.purpose = purpose
        self.purposes = purposes
        self.at_us = at_us
        self.terms = terms
        self.recipient = recipient
        self.expires_us = recipient.changes_us
        self._judged: dict[tuple[object, ...], dict[str, Any]] = {}

    def columns(
        self, said: Sequence[Declaration], categories: Sequence[str], reach: Reach
    ) -> dict[str, Any]:
        """Return the columns that all versions of a dataset share.

        Many datasets share them with others: those that are derived, those of one pattern.
        """
        content = tuple((_CONTENT(d), _supported_until_us(d)) for d in said)
        key = (content, tuple(categories), reach)
        found = self._judged.get(key)
        if found is None:
            found = self._judged[key] = self._columns(said, categories, reach)
        return found

    def _columns(
        self, said: Sequence[Declaration], categories: Sequence[str], reach: Reach
    ) -> dict[str, Any]:
        external = any(d.external for d in said)
        for declaration in said:
            self.note_expiry(declaration.valid_until_us)
            self.note_expiry(_supported_until_us(declaration))
        return {
            **self._source([d.source for d in said], external=external),
            **self._license(said, reach, external=external),
            **self._consent(said, categories, external=external),
            **self._custody(said, external=external),
            "use_verdict": verdicts.worst(
                "use",
                [
                    use.verdict(d.use, self.purpose, self.purposes, self.recipient.name)
                    for d in said
                    if d.use
                ]
                or ["inherited"],
            ),
            "purpose": self.purpose,
            "recipient": self.recipient.name or "none",
            "recipient_agreement": " ".join(self.recipient.agreements) or "none",
            "recipient_verdict": self.recipient.verdict,
            "categories": " ".join(categories) or "none",
            "assurance": min(map(self._assurance, said)).name.lower().replace("_", "-")
            if said
            else "inherited",
            "authorities": " ".join(sorted({d.authority for d in said})) or "nobody",
        }

    def _assurance(self, said: Declaration) -> Assurance:
        """Return how well it is supported now: no better than asserted by papers that ended."""
        until_us = _supported_until_us(said)
        has_ended = until_us is not None and until_us <= self.at_us
        return min(said.assurance, Assurance.ASSERTED) if has_ended else said.assurance

    def note_expiry(self, moment_us: int | None) -> None:
        """Remember that something changes by itself then."""
        if moment_us is not None and moment_us > self.at_us:
            self.expires_us = min(moment_us, self.expires_us or moment_us)

    def _source(self, said: Sequence[Any], *, external: bool) -> dict[str, str]:
        known = [s for s in said if s is not None]
        verdict = _worst(
            "source", ["known" if isinstance(s, Source) else "unknown" for s in known], external
        )
        sources = [s for s in known if isinstance(s, Source)]
        return {
            "source_verdict": verdict,
            "source_issuer": _text([s.issuer for s in sources], verdict),
            "source_method": _text([s.method or "unspecified" for s in sources], verdict),
        }

    def _license(
        self, declared: Sequence[Declaration], reach: Reach, *, external: bool
    ) -> dict[str, str]:
        known = [d.license for d in declared if d.license is not None]
        found = [
            licenses.judge(s, self.purpose, self.purposes, self.terms, reach=reach) for s in known
        ]
        verdict = _worst("license", found, external)
        bound = [combination.granted(s) for s in known if isinstance(s, License)]
        duties = {d for each in bound for d in licenses.duties(each, self.terms, reach)}
        forbidden = {p for each in bound for p in licenses.prohibitions(each, self.terms, reach)}
        derivation = "no-derivatives" if "cc:DerivativeWorks" in forbidden else "permitted"
        agreement, told = combination.agreement(declared)
        return {
            "license": licenses.united(filter(None, bound)) or _SILENCE.get(verdict, verdict),
            "license_verdict": verdict,
            "license_duties": " ".join(sorted(duties)) or "none",
            "license_concluded": told,
            "license_concluded_verdict": agreement,
            "license_derivation_verdict": derivation if bound else "inherited",
        }

    def _consent(
        self, said: Sequence[Declaration], categories: Collection[str], *, external: bool
    ) -> dict[str, str]:
        # Where nobody spoke, whoever brought the data in could have.
        spoken = [d for d in said if d.consent is not None] or [d for d in said if d.external][:1]
        kinds = {category for declared in said for category in declared.categories}
        found = [
            (
                declared,
                consent.verdict(
                    declared.consent,
                    purpose=self.purpose,
                    purposes=self.purposes,
                    categories=categories,
                    at_us=self.at_us,
                    recipient=self.recipient.name,
                    declared=kinds,
                ),
            )
            for declared in spoken
        ]
        bases = [d.consent for d, _ in found if isinstance(d.consent, Consent)]
        for basis in bases:
            self.note_expiry(consent.changes_us(basis, after_us=self.at_us))
        verdict = _worst("consent", [each for _, each in found], external)
        states = [consent.state(basis, self.at_us) for basis in bases]
        begun = (consent.since_us(basis, self.at_us) for basis in bases)
        since = max((moment for moment in begun if moment is not None), default=None)
        ends = (consent.ends_us(basis, self.at_us) for basis in bases)
        until = min((end for end in ends if end is not None), default=None)
        return {
            "consent": _text([" ".join(b.bases) for b in bases], verdict),
            "consent_status": _text([s.name or "unsaid" for s in states], verdict),
            "consent_since": "unsaid" if since is None else iso(since),
            "consent_until": "never" if until is None else iso(until),
            "consent_reuse": "; ".join(sorted(set(self._reuse(bases)))) or "none",
            "consent_conflict": _conflict("consent", found),
            "consent_verdict": verdict,
        }

    def _reuse(self, bases: Iterable[Consent]) -> Iterator[str]:
        """Tell on whose decision the purpose goes beyond what the data was collected for."""
        for basis in bases:
            if self.purposes.covers(basis.purposes, self.purpose):
                continue
            decided = consent.compatibility(
                basis, purpose=self.purpose, purposes=self.purposes, at_us=self.at_us
            )
            if decided is not None:
                until = "" if decided.until_us is None else f", until {iso(decided.until_us)}"
                yield f"compatible by decision of {decided.by}{until}: {decided.reason}"

    def _custody(self, said: Sequence[Declaration], *, external: bool) -> dict[str, str]:
        confirmed = [moment for d in said for moment in consent.confirmations_us(d.consent)]
        found = [
            (
                declared,
                custody.verdict(
                    declared.custody,
                    purpose=self.purpose,
                    purposes=self.purposes,
                    at_us=self.at_us,
                    recipient=self.recipient.name,
                    confirmed_us=confirmed,
                ),
            )
            for declared in said
            if declared.custody is not None
        ]
        chains = [d.custody for d, _ in found if isinstance(d.custody, Custody)]
        for chain in chains:
            self.note_expiry(custody.changes_us(chain, after_us=self.at_us))
        verdict = _worst("custody", [each for _, each in found], external)
        related = sorted({step for chain in chains for step in custody.related(chain)})
        return {
            "custody": _text([" ".join(t.event for t in c.transfers) for c in chains], verdict),
            "custody_related": "; ".join(related) or "none",
            "custody_conflict": _conflict("custody", found),
            "custody_verdict": verdict,
        }


def _supported_until_us(said: Declaration) -> int | None:
    """Return when the last paper ends that supports *said*: never, if one has no end or none is.

    Papers that nobody could read support nothing beside those that are pinned by a digest.
    """
    steps = said.custody.transfers if isinstance(said.custody, Custody) else ()
    agreements = [step.agreement for step in steps if isinstance(step.agreement, Evidence)]
    claims = said.consent.evidence if isinstance(said.consent, DeclaredNone) else ()
    papers = [*said.evidence, *agreements, *claims]
    ends = [paper.until_us for paper in [p for p in papers if p.sha256] or papers]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _conflict(area: str, found: Iterable[tuple[Declaration, str]]) -> str:
    """Name the authorities that say what cannot both be so: it may and it may not, or never was.

    Who says nothing, or does not know, contradicts nobody.
    """
    sides: dict[str, set[str]] = {}
    for declared, verdict in found:
        if verdict in _SILENCE:
            side = "there is none"
        elif verdict not in ("absent", "unknown"):
            side = "it may be used" if verdicts.passes(area, verdict) else verdict
        else:
            continue
        sides.setdefault(side, set()).add(declared.authority)
    speakers = set[str]().union(*sides.values())
    agree = len(sides) < 2 or len(speakers) < 2 or not sides.keys() & _PERMITTING  # noqa: PLR2004
    told = (f"{' and '.join(sorted(who))}: {side}" for side, who in sorted(sides.items()))
    return "none" if agree else "; ".join(told)


#: What contradicts any other side.
_PERMITTING = frozenset({"there is none", "it may be used"})


def _worst(area: str, found: Sequence[str], external: bool) -> str:  # noqa: FBT001
    if not found:
        return "absent" if external else "inherited"
    return verdicts.worst(area, found)


def _text(values: Sequence[str], verdict: str) -> str:
    """Join what was said, in no order of time; else the verdict says why nothing is to be shown."""
    return " AND ".join(sorted(set(values))) or _SILENCE.get(verdict, verdict)


#: What a cell holds where a verdict stands for silence.
_SILENCE = {"not-personal": "none", "first-party": "none", "contradiction": "none"}
