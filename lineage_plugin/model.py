"""The words of the product as values.  Pure: no library, no clock, no disk.

Times are whole microseconds since 1970-01-01T00:00:00Z (negative before), names end in ``_us``.
Of each part of a declaration three things are kept apart and never merged: nobody said (``None``),
somebody said there is none (:class:`DeclaredNone`), somebody said they do not know
(:class:`Unknown`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum
from posixpath import normpath
from typing import Union
from unicodedata import normalize

#: Microseconds in a second.
SECOND_US = 1_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(str, Enum):
    """What a gate says.  Only ``ALLOWED`` lets a body run."""

    ALLOWED = "ALLOWED"
    DENIED = "DENIED"
    UNDECIDED = "UNDECIDED"


class Mode(str, Enum):
    """How much a reason weighs: only ``BLOCK`` keeps a body from running."""

    #: Recorded, and told in one line.
    OBSERVE = "observe"
    #: Recorded, and told in full.
    WARN = "warn"
    BLOCK = "block"


class Assurance(IntEnum):
    """How well a declaration is supported, weakest first; combining takes the weakest."""

    ABSENT = 0
    ASSERTED = 1
    DOCUMENTED = 2
    VENDOR_ATTESTED = 3
    VERIFIED = 4


class EdgeKind(str, Enum):
    """What a transformation was; it decides what flows from its inputs to its outputs."""

    UNSPECIFIED = "unspecified"
    COPY = "copy"
    FILTER = "filter"
    JOIN = "join"
    AGGREGATE = "aggregate"
    ANONYMISE = "anonymise"
    EMBED = "embed"
    TRAIN = "train"
    FINE_TUNE = "fine-tune"
    GENERATE = "generate"


class Part(str, Enum):
    """The parts of a declaration that flow along lineage."""

    SOURCE = "source"
    LICENSE = "license"
    CONSENT = "consent"
    CUSTODY = "custody"
    USE = "use"
    ASSURANCE = "assurance"
    LINEAGE = "lineage"


@dataclass(frozen=True, slots=True, order=True)
class DatasetRef:
    """A dataset as OpenLineage names it: a namespace and a name in it.

    Source:
        OpenLineage naming, https://openlineage.io/docs/spec/naming.

    Example:
        >>> DatasetRef("s3://lake", "photos/").uri
        's3://lake/photos'
        >>> DatasetRef.parse("file:///data/x.csv")
        DatasetRef(namespace='file', name='/data/x.csv')
    """

    namespace: str
    name: str

    @property
    def uri(self) -> str:
        """The one spelling under which the record knows this dataset.

        A folder is the same dataset with and without its trailing slash, and a name the same with
        and without a leading one; a path of a file is what it leads to, ``s3a`` and ``s3n`` are
        ``s3``, and a letter with an accent is one letter (Unicode NFC).
        """
        namespace = self.namespace.rstrip("/")
        name = self.name.strip("/")
        if namespace == "file" or namespace.startswith("file:"):
            namespace = f"file://{namespace[5:].strip('/')}"
            name = normpath(f"/{name}").strip("/")
        elif namespace.startswith(("s3a://", "s3n://")):
            namespace = f"s3{namespace[3:]}"
        uri = f"{namespace}/{name}" if name or namespace == "file://" else namespace
        return uri if uri.isascii() else normalize("NFC", uri)

    @classmethod
    def parse(cls, text: str) -> DatasetRef:
        """Read what a person types.

        A URI, ``namespace/name`` where the namespace has no scheme, or the absolute path of a file.

        Raises:
            ValueError: *text* names no dataset.
        """
        text = text.strip()
        if text.startswith("/") and text.strip("/"):
            return cls("file", text)
        scheme, found, rest = text.partition("://")
        authority, _, name = (rest if found else scheme).partition("/")
        if not (authority or name) or (not found and not name):
            message = f"{text!r} names no dataset; write a URI such as s3://bucket/path"
            raise ValueError(message)
        if not found:
            return cls(authority, name)
        if scheme == "file":
            return cls(f"file://{authority}" if authority else "file", f"/{name}")
        return cls(f"{scheme}://{authority}", name or "/")

    def __str__(self) -> str:
        return self.uri


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what somebody wrote: what, where, and what to do."""

    message: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        hint = f"  ({self.hint})" if self.hint else ""
        where = f"\n    at {self.where}" if self.where else ""
        return f"{self.message}{hint}{where}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that supports a declaration, pinned by its digest where it could be read."""

    uri: str
    sha256: str = ""
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class DeclaredNone:
    """Somebody said that there is none, why, and by what documents."""

    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody said that they do not know, and why.  Binds like the strictest answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where data comes from.

    Source:
        OASIS Data Provenance Metadata 1.0, groups ``source`` and ``provenance``; ``method`` is one
        of its closed generation-method codes.
    """

    issuer: str
    method: str = ""
    origin: str = ""
    geography: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class License:
    """Under what terms; ``declared`` and ``concluded`` are SPDX expressions in canonical form.

    ``attribution`` is the notice that the licensor asks to be kept with the data.

    Source:
        SPDX 3.0 ``hasDeclaredLicense``, ``hasConcludedLicense``, ``software_attributionText``.
    """

    declared: str
    concluded: str = ""
    url: str = ""
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """What became of a consent, and when; ``until_us`` is when a consent that was given ends.

    ``by`` is the role or body that did it (data subjects, a guardian), never a person's name.

    Source:
        ISO/IEC TS 27560 ``event_state``, ``event_time``, ``validity_duration``, ``entity_id``,
        ``event_type``; states and types in the names of DPV 2.3.
    """

    state: str
    at_us: int
    until_us: int | None = None
    by: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Compatibility:
    """A recorded decision that a purpose is compatible with the one that data was collected for.

    ``by`` is the role or body that decided, never a person's name.

    Source:
        GDPR Article 6(4); DPV 2.3 ``hasReuseCompatibility``.
    """

    purpose: str
    by: str
    reason: str
    at_us: int | None = None
    until_us: int | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Consent:
    """On what legal basis, for which purposes, until when.

    ``events`` say what became of the basis in time, in any order; ``status`` is what is known
    without a date, and binds at every moment.  ``recipients``, where named, are all to whom the
    data may be given.

    Source:
        DPV 2.3 ``hasLegalBasis``, ``hasConsentStatus``, ``hasPurpose``; bases in the names of
        DPV's EU-GDPR extension (``eu-gdpr:A6-1-a``); ISO/IEC TS 27560 for the times, and
        ``recipient_third_parties``.
    """

    bases: tuple[str, ...]
    status: str = "dpv:ConsentGiven"
    purposes: tuple[str, ...] = ()
    from_us: int | None = None
    until_us: int | None = None
    notice: str = ""
    events: tuple[ConsentEvent, ...] = ()
    reconfirm_every_us: int | None = None
    compatibility: tuple[Compatibility, ...] = ()
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """What an agreement says beside its end, as somebody read it.

    ``purposes``, where named, are all that it covers, and ``recipients`` all to whom data may be
    passed on.  Of passing on and of assignment, ``None`` stands for: nobody said.
    """

    from_us: int | None = None
    purposes: tuple[str, ...] = ()
    onward_transfer: bool | None = None
    recipients: tuple[str, ...] = ()
    assignable: bool | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One step of custody: who gave data to whom, by what kind of event, under what agreement."""

    event: str
    giver: str = ""
    receiver: str = ""
    at_us: int | None = None
    agreement: Evidence | DeclaredNone | None = None
    related_party: bool = False
    terms: AgreementTerms = AgreementTerms()


@dataclass(frozen=True, slots=True)
class Custody:
    """The chain of transfers, oldest first."""

    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """What the data is meant for and what it must not be used for (purposes of the tree).

    ``recipients``, where named, are all to whom it may be given.
    """

    purposes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declassified:
    """The recorded decision that kinds of data which went in are no longer in what came out.

    The one thing by which a label may shrink: it takes ``removes`` (categories) away, on an edge of
    kind anonymise or aggregate, until ``until_us``; never a licence, a custody or a source.

    Source:
        SPDX 3.0 Dataset profile ``anonymizationMethodUsed``; OASIS Data Provenance Metadata 1.0
        ``data-risk-reducing``; declassification as an attributed downgrade (Myers and Liskov).
    """

    removes: tuple[str, ...]
    method: str
    by: str
    reason: str
    until_us: int
    evidence: tuple[Evidence, ...] = ()


#: What a declaration may say about one part; ``None`` stands for: nobody said.
Said = Union[Source, License, Consent, Custody, Use, DeclaredNone, Unknown, None]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one authority says about the datasets that match *pattern*.

    ``external`` makes what it matches a root: data from outside, which needs no producer.
    ``kind`` is ``model`` where somebody says that it is one.
    ``where`` is the file and line, for messages only; it takes no part in equality of content.
    """

    authority: str
    pattern: str
    external: bool = False
    valid_from_us: int | None = None
    valid_until_us: int | None = None
    source: Source | Unknown | None = None
    license: License | DeclaredNone | Unknown | None = None
    consent: Consent | DeclaredNone | Unknown | None = None
    custody: Custody | DeclaredNone | Unknown | None = None
    use: Use | None = None
    categories: tuple[str, ...] = ()
    assurance: Assurance = Assurance.ASSERTED
    evidence: tuple[Evidence, ...] = ()
    where: str = ""
    declassified: Declassified | None = None
    kind: str = ""

    def holds(self, at_us: int) -> bool:
        """Whether this declaration speaks about the moment *at_us*."""
        return (self.valid_from_us is None or self.valid_from_us <= at_us) and (
            self.valid_until_us is None or at_us < self.valid_until_us
        )


@dataclass(frozen=True, slots=True)
class ExplicitLineage:
    """What an output was made from, in the words of one producer; the run read all of it."""

    inputs: tuple[DatasetRef, ...]
    said_by: str


@dataclass(frozen=True, slots=True)
class Alias:
    """Two names of one dataset (OpenLineage's ``symlinks``), in the words of one producer."""

    ref: DatasetRef
    other: DatasetRef
    said_by: str


@dataclass(frozen=True, slots=True)
class Output:
    """A dataset that a run wrote; ``overwrites`` only where replacing all of it is proven.

    Without a word of explicit ``lineage`` it was made from everything that the run read.
    """

    ref: DatasetRef
    overwrites: bool = False
    lineage: tuple[ExplicitLineage, ...] = ()


class RunState(str, Enum):
    """OpenLineage's ``eventType``."""

    START = "START"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"
    ABORT = "ABORT"
    OTHER = "OTHER"

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self in _FINAL


_FINAL = frozenset({RunState.COMPLETE, RunState.FAIL, RunState.ABORT})


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What one OpenLineage run event says about lineage: all that the record computes with.

    ``group`` names what all map indexes and tries of one task in one DAG run have in common: the
    parent run's id, else the run's own.  ``slot`` is the map index and ``attempt`` the try, where
    known.  ``is_whole`` says that the run completed and its event names all that its task declares:
    what the task declared before and no longer names is retracted.  ``refused_by`` is the id of the
    decision that kept the body from running.
    """

    run_id: str
    job_namespace: str
    job_name: str
    state: RunState
    at_us: int
    group: str
    parent_run_id: str = ""
    slot: int = -1
    attempt: int = 0
    inputs: tuple[DatasetRef, ...] = ()
    outputs: tuple[Output, ...] = ()
    edge: EdgeKind = EdgeKind.UNSPECIFIED
    declarations: tuple[Declaration, ...] = ()
    is_whole: bool = False
    refused_by: str = ""
    producer: str = ""
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks a gate: a task of a DAG run, or a person at the command line (all empty).

    The first four are OpenLineage's names for it, the others Airflow's.
    """

    job_namespace: str = ""
    job_name: str = ""
    group: str = ""
    run_id: str = ""
    dag_id: str = ""
    task_id: str = ""
    dag_run_id: str = ""
    map_index: int = -1


@dataclass(frozen=True, slots=True)
class Step:
    """One version on the way to an ancestor: which job and run wrote it, when, and how.

    ``run`` is the DAG run.  ``at_us`` is when the writer ended, or began if it has not.
    ``skipped`` counts the steps before this one that are left out of a long way.
    """

    dataset: str
    job: str = ""
    run: str = ""
    at_us: int | None = None
    edges: tuple[EdgeKind, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Testimony:
    """Who said what a reason rests on: with what support, and where it is written."""

    authority: str
    says: str
    assurance: Assurance = Assurance.ASSERTED
    where: str = ""
    evidence: tuple[Evidence, ...] = ()


class ChangeKind(str, Enum):
    """By what kind of act a verdict changes."""

    DECLARE = "declare"
    OBTAIN = "obtain"
    RECORD = "record"
    EXCLUDE = "exclude"
    WAIT = "wait"
    WAIVE = "waive"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Change:
    """One way to another verdict: a command to copy, or a snippet and where it belongs."""

    kind: ChangeKind
    text: str
    command: str = ""
    snippet: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a run may not proceed.

    ``id`` is stable public API (``area.kebab-case``).  ``is_definite`` tells a prohibition from
    missing knowledge.  ``path`` leads from a judged input up to ``dataset``, URIs, input first.
    ``clause`` is what is required and ``source`` where that is written.  The steps of the way, the
    testimonies and the changes are kept for the first reasons of a decision only.
    ``suites`` are those that found it.  ``mode`` is what it weighed for the run that asked, and
    ``statement`` the id of the statement that let it pass, where one did.
    """

    id: str
    dataset: str
    why: str
    remedy: str
    path: tuple[str, ...] = ()
    is_definite: bool = True
    severity: str = "critical"
    said_by: str = ""
    clause: str = ""
    source: str = ""
    steps: tuple[Step, ...] = ()
    testimony: tuple[Testimony, ...] = ()
    changes: tuple[Change, ...] = ()
    suites: tuple[str, ...] = ()
    mode: Mode = Mode.BLOCK
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Waived:
    """A reason that would block, and the waiver by which it does not: whose, why, until when."""

    reason: Reason
    waiver: str
    actor: str
    why: str
    until_us: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate said, about what, for what purpose, why, and how long it may be said again.

    ``known_seq`` is the last entry of the record that was taken into account, so that the same
    decision can be made again from what was known.  ``judged_by`` names what it rests on besides:
    release, frame, policy, suites and terms of licences, each with its version or digest.
    ``recipient`` is to whom the inputs are to be given, ``agreements`` are the digests of the
    agreements with it that held.

    ``owed`` are reasons that a mode, a baseline or broken glass let pass: ``outcome`` does without
    them, ``would_be`` is what it would be with them (``None`` if the same), and ``mode`` the
    strictest mode that any reason had.  ``break_glass`` is the id of the statement by which a
    person let this run go on while no gate could say anything.
    """

    id: str
    outcome: Outcome
    purpose: str
    inputs: tuple[DatasetRef, ...]
    subject: Subject
    reasons: tuple[Reason, ...]
    at_us: int
    valid_until_us: int | None
    frame_digest: str
    policy_digest: str
    known_seq: int
    suites: tuple[str, ...] = ()
    rows: int = 0
    reused_from: str = ""
    warnings: tuple[Reason, ...] = ()
    judged_by: tuple[str, ...] = ()
    waived: tuple[Waived, ...] = ()
    recipient: str = ""
    agreements: tuple[str, ...] = ()
    mode: Mode = Mode.BLOCK
    would_be: Outcome | None = None
    owed: tuple[Reason, ...] = ()
    break_glass: str = ""

    @property
    def aim(self) -> str:
        """The purpose, and to whom it gives the inputs, in a sentence."""
        return f"{self.purpose} to {self.recipient}" if self.recipient else self.purpose

    def __str__(self) -> str:
        names = ", ".join(ref.uri for ref in self.inputs) or "(no dataset)"
        first = f": {self.reasons[0].why} [{self.reasons[0].id}]" if self.reasons else ""
        more = f" and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        waived = f" ({len(self.waived)} waived)" if self.waived else ""
        return f"{self.outcome.value}  {names}  for {self.aim}{first}{more}{waived}"


class StatementKind(str, Enum):
    """What a :class:`Statement` does."""

    #: A person lets one reason pass, for a dataset and a purpose, until a date.
    WAIVER = "waiver"
    #: What was there when gates were introduced is owed, not blocked.
    BASELINE = "baseline"
    #: A person let one run go on although no gate could say anything.
    BREAK_GLASS = "break-glass"
    #: What a run wrote must not be used.
    QUARANTINE = "quarantine"
    #: An earlier statement no longer holds.
    END = "end"


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody put on record about datasets, a purpose or a run; never changed, only ended.

    ``actor`` is a named person, or the gate itself.  ``datasets`` are URIs.  ``reason_id`` is the
    reason that a waiver lets pass, ``decision`` the id of the decision that a statement rests on,
    ``ends`` the id of the statement that one of kind ``END`` ends.
    """

    id: str
    kind: StatementKind
    actor: str
    why: str
    at_us: int
    until_us: int | None = None
    datasets: tuple[str, ...] = ()
    purpose: str = ""
    reason_id: str = ""
    subject: Subject = Subject()
    evidence: tuple[Evidence, ...] = ()
    decision: str = ""
    ends: str = ""


def in_force(statements: Iterable[Statement], at_us: int) -> tuple[Statement, ...]:
    """Return the statements that hold at *at_us*: begun, not over, and not ended by another.

    Example:
        >>> quarantine = Statement("q", StatementKind.QUARANTINE, "the gate", "read it late", 5)
        >>> lifted = Statement("e", StatementKind.END, "Ada", "judged since", 8, ends="q")
        >>> [len(in_force([quarantine, lifted], at)) for at in (4, 5, 7, 8)]
        [0, 1, 1, 0]
    """
    known = tuple(statements)
    ended = {s.ends for s in known if s.kind is StatementKind.END and s.at_us <= at_us}
    return tuple(
        s
        for s in known
        if s.kind is not StatementKind.END
        and s.id not in ended
        and s.at_us <= at_us
        and (s.until_us is None or at_us < s.until_us)
    )


def iso(moment_us: int) -> str:
    """Write a moment for people and files: ISO 8601, UTC, no more digits than needed.

    Example:
        >>> iso(0), iso(-1)
        ('1970-01-01T00:00:00Z', '1969-12-31T23:59:59.999999Z')
    """
    try:
        moment = _EPOCH + timedelta(microseconds=moment_us)
    except OverflowError:
        return f"{moment_us / SECOND_US:.0f} s since 1970"
    return moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is not known about an ancestor: which part of what is said, and why."""

    dataset: str
    part: Part
    reason: str


@dataclass(frozen=True, slots=True)
class Declassification:
    """A declassification that is in force on the way to a dataset, and of which ancestor."""

    dataset: str
    said: Declassified


@dataclass(frozen=True, slots=True)
class EffectiveSummary:
    """The label of a dataset, short enough to travel on an event.

    ``resolved`` is false where the label could not be computed, and ``reason`` says why; nothing
    else of an unresolved summary means anything.  Of a resolved one it says what to bear in mind.
    ``gaps`` and ``roots`` (URIs) may be cut short; ``gap_count`` and ``root_count`` then say how
    many there are.
    """

    resolved: bool
    reason: str = ""
    as_of_us: int | None = None
    categories: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    consent_statuses: tuple[str, ...] = ()
    legal_bases: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    gap_count: int = 0
    roots: tuple[str, ...] = ()
    root_count: int = 0
    earliest_expiry_us: int | None = None
    assurance: Assurance = Assurance.ABSENT
    declassifications: tuple[Declassification, ...] = ()
