"""Our facets as OpenLineage's Python client wants them: the door to OpenLineage's classes.

The JSON Schemas in ``facets/schemas`` are the source of truth and say what each field means; a test
compares them with these classes.  Field names are wire names, therefore camelCase.

Every event is sent from a process that was just forked and pays for this import, and making an
attrs class takes a millisecond: what lies inside a facet is a dictionary, and a facet without
fields of its own is no attrs class of its own.
"""
# Wire names are camelCase; and this file is the door to OpenLineage's classes.
# ruff: noqa: N815, TID253

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

import attr
from openlineage.client.facet_v2 import DatasetFacet, RunFacet

from lineage_plugin.facets import names

# Airflow's redactor replaces whatever looks like a secret.  Ours holds none, and a mask in the
# middle of a license would be taken for the license: ``_additional_skip_redact`` lists every field.


def _schema(name: str) -> str:
    return f"{names.schema_id(name)}#/$defs/{name}"


class Evidence(TypedDict, total=False):
    """A document that supports what is said."""

    uri: str
    sha256: str | None
    validUntil: str | None


class Statement(TypedDict, total=False):
    """What one authority says about one part of a dataset's provenance."""

    state: str
    assertedBy: str
    assurance: str
    reason: str | None
    effectiveFrom: str | None
    effectiveUntil: str | None
    evidence: list[Evidence] | None


class SourceStatement(Statement, total=False):
    """Where data comes from."""

    isExternal: bool | None
    issuer: str | None
    generationMethod: str | None
    origin: str | None
    originGeography: str | None
    longDescription: str | None


class LicenseStatement(Statement, total=False):
    """Under what terms."""

    declared: str | None
    concluded: str | None
    url: str | None
    attribution: str | None


class ConsentEvent(TypedDict, total=False):
    """What became of a consent, and when."""

    state: str
    eventTime: str
    validUntil: str | None
    entity: str | None
    eventType: str | None


class Compatibility(TypedDict, total=False):
    """A recorded decision that another purpose is compatible."""

    purpose: str
    decidedBy: str
    reason: str
    decidedAt: str | None
    validUntil: str | None
    evidence: list[Evidence] | None


class ConsentStatement(Statement, total=False):
    """On what legal basis."""

    hasLegalBasis: list[str] | None
    hasConsentStatus: str | None
    hasPurpose: list[str] | None
    validFrom: str | None
    validUntil: str | None
    privacyNotice: str | None
    events: list[ConsentEvent] | None
    reconfirmEverySeconds: int | None
    compatibility: list[Compatibility] | None
    recipients: list[str] | None


class Agreement(TypedDict, total=False):
    """Under what agreement data was handed over."""

    state: str
    reason: str | None
    uri: str | None
    sha256: str | None
    validUntil: str | None
    validFrom: str | None
    purposes: list[str] | None
    onwardTransfer: bool | None
    recipients: list[str] | None
    assignable: bool | None


class Transfer(TypedDict, total=False):
    """One step of custody."""

    eventType: str
    agreement: Agreement
    relatedParty: bool
    transferredFrom: str | None
    transferredTo: str | None
    at: str | None


class CustodyStatement(Statement, total=False):
    """Through whose hands."""

    transfers: list[Transfer] | None


class UseStatement(Statement, total=False):
    """What for."""

    intendedPurpose: list[str] | None
    processingExcluded: list[str] | None
    recipients: list[str] | None
    classification: list[str] | None


@attr.define(kw_only=True)
class StatedFacet(DatasetFacet):
    """What the facets for declarations have in common."""

    state: str
    assertedBy: list[str]
    assurance: str
    statements: list[Any]
    reason: str | None = None

    _additional_skip_redact: ClassVar[list[str]] = [
        "state",
        "assertedBy",
        "assurance",
        "statements",
        "reason",
    ]


class LineagePluginSourceDatasetFacet(StatedFacet):
    """Where a dataset comes from, as declared."""

    __slots__ = ()

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginSourceDatasetFacet")


class LineagePluginLicenseDatasetFacet(StatedFacet):
    """Under what terms a dataset may be used, as declared."""

    __slots__ = ()

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginLicenseDatasetFacet")


class LineagePluginConsentDatasetFacet(StatedFacet):
    """On what legal basis a dataset may be used, as declared."""

    __slots__ = ()

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginConsentDatasetFacet")


class LineagePluginCustodyDatasetFacet(StatedFacet):
    """Through whose hands a dataset went, as declared."""

    __slots__ = ()

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginCustodyDatasetFacet")


class LineagePluginUseDatasetFacet(StatedFacet):
    """What a dataset is meant for and what is in it, as declared."""

    __slots__ = ()

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginUseDatasetFacet")


class Gap(TypedDict, total=False):
    """One thing that is not known about an ancestor."""

    dataset: str
    part: str
    reason: str


class Declassification(TypedDict, total=False):
    """A recorded decision that kinds of data are no longer in an ancestor."""

    dataset: str
    removes: list[str]
    anonymizationMethodUsed: str
    decidedBy: str
    reason: str
    validUntil: str
    evidence: list[Evidence] | None


@attr.define(kw_only=True)
class LineagePluginEffectiveDatasetFacet(DatasetFacet):
    """The provenance that a dataset inherits from everything it was made from."""

    resolution: str
    reason: str | None = None
    asOf: str | None = None
    categories: list[str] | None = None
    licenses: list[str] | None = None
    duties: list[str] | None = None
    consentStatuses: list[str] | None = None
    legalBases: list[str] | None = None
    unknowns: list[Gap] | None = None
    unknownCount: int | None = None
    derivedFrom: list[str] | None = None
    derivedFromCount: int | None = None
    earliestExpiry: str | None = None
    assurance: str | None = None
    declassifications: list[Declassification] | None = None

    _additional_skip_redact: ClassVar[list[str]] = [
        "resolution",
        "reason",
        "asOf",
        "categories",
        "licenses",
        "duties",
        "consentStatuses",
        "legalBases",
        "unknowns",
        "unknownCount",
        "derivedFrom",
        "derivedFromCount",
        "earliestExpiry",
        "assurance",
        "declassifications",
    ]

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginEffectiveDatasetFacet")


class GateDataset(TypedDict, total=False):
    """A dataset that was judged."""

    namespace: str
    name: str


class GateReason(TypedDict, total=False):
    """One reason why a run may not proceed."""

    id: str
    dataset: str
    why: str
    remedy: str
    path: list[str]
    isDefinite: bool
    severity: str
    saidBy: str | None
    clause: str | None
    source: str | None


class GateWaived(TypedDict, total=False):
    """A reason that would block, and the waiver by which it does not."""

    reason: GateReason
    waiver: str
    by: str
    why: str
    until: str


@attr.define(kw_only=True)
class LineagePluginGateRunFacet(RunFacet):
    """What a provenance gate said before the body of a run."""

    decisionId: str
    outcome: str
    purpose: str
    inputs: list[GateDataset]
    reasons: list[GateReason]
    reasonCount: int
    decidedAt: str
    policyDigest: str
    frameDigest: str
    suites: list[str]
    warnings: list[GateReason] | None = None
    validUntil: str | None = None
    knownSeq: int | None = None
    rows: int | None = None
    reusedFrom: str | None = None
    recipient: str | None = None
    agreements: list[str] | None = None
    waived: list[GateWaived] | None = None
    waivedCount: int | None = None
    mode: str | None = None
    wouldBe: str | None = None
    owed: list[GateReason] | None = None
    owedCount: int | None = None
    breakGlass: str | None = None

    _additional_skip_redact: ClassVar[list[str]] = [
        "decisionId",
        "outcome",
        "purpose",
        "inputs",
        "reasons",
        "reasonCount",
        "decidedAt",
        "policyDigest",
        "frameDigest",
        "suites",
        "warnings",
        "validUntil",
        "knownSeq",
        "rows",
        "reusedFrom",
        "recipient",
        "agreements",
        "waived",
        "waivedCount",
        "mode",
        "wouldBe",
        "owed",
        "owedCount",
        "breakGlass",
    ]

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginGateRunFacet")


class TaskDataset(TypedDict, total=False):
    """A dataset that a task declares or touched, and how many files of it were touched."""

    namespace: str
    name: str
    files: int


class TaskLineage(TypedDict, total=False):
    """What an output was made from, of all that the task reads."""

    namespace: str
    name: str
    inputs: list[TaskDataset]


@attr.define(kw_only=True)
class LineagePluginTaskRunFacet(RunFacet):
    """What the author of a DAG says about a task and its datasets, and what the task touched."""

    edge: str
    overwrites: list[str]
    declarations: list[dict[str, Any]]
    inputs: list[TaskDataset] | None = None
    outputs: list[TaskDataset] | None = None
    lineage: list[TaskLineage] | None = None

    _additional_skip_redact: ClassVar[list[str]] = [
        "edge",
        "overwrites",
        "declarations",
        "inputs",
        "outputs",
        "lineage",
    ]

    @staticmethod
    def _get_schema() -> str:
        return _schema("LineagePluginTaskRunFacet")


#: Which class travels under which name.
FACETS: dict[str, type[DatasetFacet | RunFacet]] = {
    names.SOURCE: LineagePluginSourceDatasetFacet,
    names.LICENSE: LineagePluginLicenseDatasetFacet,
    names.CONSENT: LineagePluginConsentDatasetFacet,
    names.CUSTODY: LineagePluginCustodyDatasetFacet,
    names.USE: LineagePluginUseDatasetFacet,
    names.EFFECTIVE: LineagePluginEffectiveDatasetFacet,
    names.GATE: LineagePluginGateRunFacet,
    names.TASK: LineagePluginTaskRunFacet,
}

#: The objects inside facets; each is described under the same name in ``$defs`` of a schema.
VALUES: tuple[type, ...] = (
    Evidence,
    SourceStatement,
    LicenseStatement,
    ConsentEvent,
    Compatibility,
    ConsentStatement,
    Agreement,
    Transfer,
    CustodyStatement,
    UseStatement,
    Gap,
    Declassification,
    GateDataset,
    GateReason,
    GateWaived,
    TaskDataset,
    TaskLineage,
)
