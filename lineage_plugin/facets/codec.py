"""Values of :mod:`lineage_plugin.model` as facets, and gate facets back into decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lineage_plugin import codec
from lineage_plugin.facets import classes, names
from lineage_plugin.facets.events import micros_of
from lineage_plugin.facets.loose import ref_of
from lineage_plugin.model import (
    SECOND_US,
    AgreementTerms,
    Assurance,
    Compatibility,
    Consent,
    ConsentEvent,
    Custody,
    DatasetRef,
    Decision,
    Declaration,
    DeclaredNone,
    Declassification,
    EdgeKind,
    EffectiveSummary,
    Evidence,
    License,
    Mode,
    Outcome,
    Reason,
    Said,
    Source,
    Subject,
    Transfer,
    Unknown,
    Use,
    Waived,
    iso,
)

if TYPE_CHECKING:
    from openlineage.client.facet_v2 import DatasetFacet

#: Marquez keeps one row for each facet of each event and shows it as a tree: more helps nobody.
MOST_LISTED = 100

#: A reason may quote a whole suite; a facet is no place for it.
LONGEST_TEXT = 2_000

_SHA256 = re.compile(r"[0-9a-f]{64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US, _LAST_US = (
    (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    for moment in (datetime.min, datetime.max)  # noqa: DTZ901
)
#: Strictest first: one authority that does not know binds more than another that does.
_STATES = ("unknown", "declared", "none")

_NOT_COUNTED: Mapping[str, int] = {}

_S = TypeVar("_S", bound=classes.Statement)


def declared_facets(
    declarations: Sequence[Declaration], producer: str = names.PRODUCER
) -> dict[str, DatasetFacet]:
    """Say what *declarations* of one dataset come to, one facet for each part.

    Every facet is there, also when nobody said anything: a facet replaces its predecessor whole, so
    only an ``absent`` one takes back what was retracted.
    """
    return {
        names.SOURCE: _facet(
            classes.LineagePluginSourceDatasetFacet, _each(declarations, _source), producer
        ),
        names.LICENSE: _facet(
            classes.LineagePluginLicenseDatasetFacet, _each(declarations, _license), producer
        ),
        names.CONSENT: _facet(
            classes.LineagePluginConsentDatasetFacet, _each(declarations, _consent), producer
        ),
        names.CUSTODY: _facet(
            classes.LineagePluginCustodyDatasetFacet, _each(declarations, _custody), producer
        ),
        names.USE: _facet(
            classes.LineagePluginUseDatasetFacet, _each(declarations, _use), producer
        ),
    }


def effective_facet(
    summary: EffectiveSummary, producer: str = names.PRODUCER
) -> classes.LineagePluginEffectiveDatasetFacet:
    """Say what binds a dataset; of an unresolved summary nothing but the reason is said."""
    if not summary.resolved:
        return classes.LineagePluginEffectiveDatasetFacet(
            resolution="unresolved",
            reason=_text(summary.reason or "nothing is known"),
            asOf=_moment(summary.as_of_us),
            producer=producer,
        )
    return classes.LineagePluginEffectiveDatasetFacet(
        resolution="resolved",
        reason=_text(summary.reason) or None,
        asOf=_moment(summary.as_of_us or 0),
        categories=list(summary.categories),
        licenses=list(summary.licenses),
        duties=list(summary.duties),
        consentStatuses=list(summary.consent_statuses),
        legalBases=list(summary.legal_bases),
        unknowns=[
            classes.Gap(dataset=gap.dataset, part=gap.part.value, reason=_text(gap.reason))
            for gap in summary.gaps[:MOST_LISTED]
        ],
        unknownCount=max(summary.gap_count, len(summary.gaps)),
        derivedFrom=list(summary.roots[:MOST_LISTED]),
        derivedFromCount=max(summary.root_count, len(summary.roots)),
        earliestExpiry=_moment(summary.earliest_expiry_us),
        assurance=_assurance(summary.assurance),
        declassifications=[
            _declassification(found) for found in summary.declassifications[:MOST_LISTED]
        ]
        or None,
        producer=producer,
    )


def gate_facet(
    decision: Decision, producer: str = names.PRODUCER
) -> classes.LineagePluginGateRunFacet:
    """Say on the run what its gate said."""
    return classes.LineagePluginGateRunFacet(
        decisionId=decision.id,
        outcome=decision.outcome.value,
        purpose=decision.purpose,
        inputs=[
            classes.GateDataset(namespace=ref.namespace, name=ref.name) for ref in decision.inputs
        ],
        reasons=[_reason(reason) for reason in decision.reasons[:MOST_LISTED]],
        reasonCount=len(decision.reasons),
        warnings=[_reason(reason) for reason in decision.warnings[:MOST_LISTED]] or None,
        decidedAt=_iso(decision.at_us),
        validUntil=_moment(decision.valid_until_us),
        policyDigest=decision.policy_digest,
        frameDigest=decision.frame_digest,
        knownSeq=max(decision.known_seq, 0),
        suites=list(decision.suites),
        rows=decision.rows,
        reusedFrom=decision.reused_from or None,
        recipient=decision.recipient or None,
        agreements=list(decision.agreements) or None,
        waived=[_waived(each) for each in decision.waived[:MOST_LISTED]] or None,
        waivedCount=len(decision.waived) or None,
        mode=decision.mode.value if decision.owed or decision.reasons else None,
        wouldBe=decision.would_be.value if decision.would_be else None,
        owed=[_reason(reason) for reason in decision.owed[:MOST_LISTED]] or None,
        owedCount=len(decision.owed) or None,
        breakGlass=decision.break_glass or None,
        producer=producer,
    )


def decision_of(facet: object) -> Decision | None:
    """Read what :func:`gate_facet` made, as plain JSON data; ``None`` if that is not what it is.

    The subject is not in the facet: it is the run that the facet hangs on.
    """
    if not isinstance(facet, Mapping):
        return None
    try:
        return Decision(
            id=_str(facet["decisionId"]),
            outcome=Outcome(facet["outcome"]),
            purpose=_str(facet["purpose"]),
            inputs=tuple(ref for item in facet["inputs"] if (ref := ref_of(item)) is not None),
            subject=Subject(),
            reasons=tuple(_reason_of(item) for item in facet["reasons"]),
            at_us=micros_of(facet["decidedAt"]) or 0,
            valid_until_us=micros_of(facet.get("validUntil")),
            frame_digest=_str(facet["frameDigest"]),
            policy_digest=_str(facet["policyDigest"]),
            known_seq=int(facet.get("knownSeq", 0)),
            suites=tuple(_str(suite) for suite in facet["suites"]),
            rows=int(facet.get("rows", 0)),
            reused_from=_str(facet.get("reusedFrom", "")),
            warnings=tuple(_reason_of(item) for item in facet.get("warnings") or ()),
            mode=Mode(facet.get("mode") or Mode.BLOCK),
            would_be=Outcome(facet["wouldBe"]) if facet.get("wouldBe") else None,
            owed=tuple(_reason_of(item) for item in facet.get("owed") or ()),
            break_glass=_str(facet.get("breakGlass") or ""),
            recipient=_str(facet.get("recipient", "")),
            agreements=tuple(_str(digest) for digest in facet.get("agreements") or ()),
            waived=tuple(_waived_of(item) for item in facet.get("waived") or ()),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def task_facet(
    *,
    edge: EdgeKind = EdgeKind.UNSPECIFIED,
    overwrites: Iterable[DatasetRef] = (),
    declarations: Iterable[Declaration] = (),
    inputs: Iterable[DatasetRef] = (),
    outputs: Iterable[DatasetRef] = (),
    lineage: Mapping[DatasetRef, Iterable[DatasetRef]] | None = None,
    files: Mapping[str, int] = _NOT_COUNTED,
    producer: str = names.PRODUCER,
) -> classes.LineagePluginTaskRunFacet:
    """Say on the run what the author of its DAG said about the task, and what it touched.

    *files* tells of datasets, by URI, how many files of them were touched.
    """
    return classes.LineagePluginTaskRunFacet(
        edge=edge.value,
        overwrites=[ref.uri for ref in overwrites],
        declarations=[codec.encode(declaration) for declaration in declarations],
        inputs=_datasets(inputs, files) or None,
        outputs=_datasets(outputs, files) or None,
        lineage=[
            classes.TaskLineage(namespace=ref.namespace, name=ref.name, inputs=_datasets(made_from))
            for ref, made_from in (lineage or {}).items()
        ]
        or None,
        producer=producer,
    )


def _datasets(
    refs: Iterable[DatasetRef], files: Mapping[str, int] = _NOT_COUNTED
) -> list[classes.TaskDataset]:
    return [_task_dataset(ref, files) for ref in refs]


def _task_dataset(ref: DatasetRef, files: Mapping[str, int]) -> classes.TaskDataset:
    told = classes.TaskDataset(namespace=ref.namespace, name=ref.name)
    if ref.uri in files:
        told["files"] = files[ref.uri]
    return told


def _declassification(found: Declassification) -> classes.Declassification:
    said = found.said
    return classes.Declassification(
        dataset=found.dataset,
        removes=list(said.removes),
        anonymizationMethodUsed=_text(said.method),
        decidedBy=said.by,
        reason=_text(said.reason),
        validUntil=_iso(said.until_us),
        evidence=[_evidence(piece) for piece in said.evidence] or None,
    )


def _each(
    declarations: Iterable[Declaration], speak: Callable[[Declaration], _S | None]
) -> list[_S]:
    return [said for declaration in declarations if (said := speak(declaration)) is not None]


def _facet(
    facet: type[classes.StatedFacet], statements: Collection[classes.Statement], producer: str
) -> DatasetFacet:
    states = {statement["state"] for statement in statements}
    state = next((state for state in _STATES if state in states), "absent")
    reasons = dict.fromkeys(s["reason"] or "" for s in statements if s["state"] == state)
    weakest = min((_LEVELS[s["assurance"]] for s in statements), default=Assurance.ABSENT)
    return facet(
        state=state,
        reason=_text("; ".join(reasons)) if state in ("unknown", "none") else None,
        assertedBy=list(dict.fromkeys(statement["assertedBy"] for statement in statements)),
        assurance=_assurance(weakest),
        statements=list(statements),
        producer=producer,
    )


def _common(declaration: Declaration, said: Said) -> classes.Statement:
    """Say what statements about every part have in common."""
    state = {Unknown: "unknown", DeclaredNone: "none", type(None): "absent"}
    return classes.Statement(
        state=state.get(type(said), "declared"),
        assertedBy=declaration.authority,
        assurance=_assurance(declaration.assurance),
        reason=_text(said.reason) if isinstance(said, (Unknown, DeclaredNone)) else None,
        effectiveFrom=_moment(declaration.valid_from_us),
        effectiveUntil=_moment(declaration.valid_until_us),
        evidence=[
            _evidence(found)
            for found in (
                *declaration.evidence,
                *(said.evidence if isinstance(said, DeclaredNone) else ()),
            )
        ]
        or None,
    )


def _source(declaration: Declaration) -> classes.SourceStatement | None:
    said = declaration.source
    if said is None and not declaration.external:
        return None
    statement = cast("classes.SourceStatement", _common(declaration, said))
    statement["isExternal"] = declaration.external
    if isinstance(said, Source):
        statement["issuer"] = said.issuer
        statement["generationMethod"] = said.method or None
        statement["origin"] = said.origin or None
        statement["originGeography"] = said.geography or None
        statement["longDescription"] = _text(said.description) or None
    return statement


def _license(declaration: Declaration) -> classes.LicenseStatement | None:
    said = declaration.license
    if said is None:
        return None
    statement = cast("classes.LicenseStatement", _common(declaration, said))
    if isinstance(said, License):
        statement["declared"] = said.declared
        statement["concluded"] = said.concluded or None
        statement["url"] = said.url or None
        statement["attribution"] = said.attribution or None
    return statement


def _consent(declaration: Declaration) -> classes.ConsentStatement | None:
    said = declaration.consent
    if said is None:
        return None
    statement = cast("classes.ConsentStatement", _common(declaration, said))
    if isinstance(said, Consent):
        statement["hasLegalBasis"] = list(said.bases)
        statement["hasConsentStatus"] = said.status
        statement["hasPurpose"] = list(said.purposes)
        statement["validFrom"] = _moment(said.from_us)
        statement["validUntil"] = _moment(said.until_us)
        statement["privacyNotice"] = said.notice or None
        statement["events"] = [_event(event) for event in said.events] or None
        every_us = said.reconfirm_every_us
        statement["reconfirmEverySeconds"] = None if every_us is None else every_us // SECOND_US
        statement["compatibility"] = [_compatibility(d) for d in said.compatibility] or None
        statement["recipients"] = list(said.recipients) or None
    return statement


def _event(said: ConsentEvent) -> classes.ConsentEvent:
    return classes.ConsentEvent(
        state=said.state,
        eventTime=_iso(said.at_us),
        validUntil=_moment(said.until_us),
        entity=said.by or None,
        eventType=said.type or None,
    )


def _compatibility(said: Compatibility) -> classes.Compatibility:
    return classes.Compatibility(
        purpose=said.purpose,
        decidedBy=said.by,
        reason=_text(said.reason),
        decidedAt=_moment(said.at_us),
        validUntil=_moment(said.until_us),
        evidence=[_evidence(found) for found in said.evidence] or None,
    )


def _custody(declaration: Declaration) -> classes.CustodyStatement | None:
    said = declaration.custody
    if said is None:
        return None
    statement = cast("classes.CustodyStatement", _common(declaration, said))
    if isinstance(said, Custody):
        statement["transfers"] = [_transfer(step) for step in said.transfers]
    return statement


def _use(declaration: Declaration) -> classes.UseStatement | None:
    said = declaration.use
    if said is None and not declaration.categories:
        return None
    use = said or Use()
    statement = cast("classes.UseStatement", _common(declaration, use))
    statement["intendedPurpose"] = list(use.purposes)
    statement["processingExcluded"] = list(use.excluded)
    statement["recipients"] = list(use.recipients) or None
    statement["classification"] = list(declaration.categories)
    return statement


def _transfer(step: Transfer) -> classes.Transfer:
    return classes.Transfer(
        eventType=step.event,
        transferredFrom=step.giver or None,
        transferredTo=step.receiver or None,
        at=_moment(step.at_us),
        agreement=_agreement(step.agreement, step.terms),
        relatedParty=step.related_party,
    )


def _agreement(said: Evidence | DeclaredNone | None, terms: AgreementTerms) -> classes.Agreement:
    if said is None:
        return classes.Agreement(state="absent")
    if isinstance(said, DeclaredNone):
        return classes.Agreement(state="none", reason=_text(said.reason))
    found = _evidence(said)
    return classes.Agreement(
        state="declared",
        uri=found["uri"],
        sha256=found["sha256"],
        validUntil=found["validUntil"],
        validFrom=_moment(terms.from_us),
        purposes=list(terms.purposes) or None,
        onwardTransfer=terms.onward_transfer,
        recipients=list(terms.recipients) or None,
        assignable=terms.assignable,
    )


def _evidence(said: Evidence) -> classes.Evidence:
    digest = said.sha256.lower()
    return classes.Evidence(
        uri=said.uri,
        # What is no digest would make the whole facet invalid; the gate complains about it.
        sha256=digest if _SHA256.fullmatch(digest) else None,
        validUntil=_moment(said.until_us),
    )


def _reason(reason: Reason) -> classes.GateReason:
    return classes.GateReason(
        id=reason.id,
        dataset=reason.dataset,
        why=_text(reason.why),
        remedy=_text(reason.remedy),
        path=list(reason.path[:MOST_LISTED]),
        isDefinite=reason.is_definite,
        severity=reason.severity,
        saidBy=reason.said_by or None,
        clause=_text(reason.clause) or None,
        source=_text(reason.source) or None,
    )


def _waived(waived: Waived) -> classes.GateWaived:
    return classes.GateWaived(
        reason=_reason(waived.reason),
        waiver=waived.waiver,
        by=waived.actor,
        why=_text(waived.why),
        until=_iso(waived.until_us),
    )


def _reason_of(plain: Mapping[str, Any]) -> Reason:
    return Reason(
        id=_str(plain["id"]),
        dataset=_str(plain["dataset"]),
        why=_str(plain["why"]),
        remedy=_str(plain["remedy"]),
        path=tuple(_str(step) for step in plain["path"]),
        is_definite=plain["isDefinite"] is True,
        severity=_str(plain["severity"]),
        said_by=_str(plain.get("saidBy", "")),
        clause=_str(plain.get("clause", "")),
        source=_str(plain.get("source", "")),
    )


def _waived_of(plain: Mapping[str, Any]) -> Waived:
    return Waived(
        _reason_of(plain["reason"]),
        _str(plain["waiver"]),
        _str(plain["by"]),
        _str(plain["why"]),
        micros_of(plain["until"]) or 0,
    )


def _str(value: object) -> str:
    if not isinstance(value, str):
        message = f"expected a string, got {value!r}"
        raise TypeError(message)
    return value


def _text(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _assurance(level: Assurance) -> str:
    return level.name.lower().replace("_", "-")


_LEVELS = {_assurance(level): level for level in Assurance}


def _moment(at_us: int | None) -> str | None:
    return None if at_us is None else _iso(at_us)


def _iso(at_us: int) -> str:
    """Write a moment as JSON Schema's ``date-time``, which knows the years 1 to 9999 only."""
    return iso(min(max(at_us, _FIRST_US), _LAST_US))
