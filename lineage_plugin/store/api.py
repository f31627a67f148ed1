"""What a record promises, whatever it is kept in.

Every fact has two clocks: when it was true (``at_us``) and when it was recorded (``recorded_us``);
the sequence number of its entry stands for the second, so that "what was known then" is
``known_seq``.  The record is a set of facts: the same facts in another order of arrival answer
every question alike, and a fact appended twice is there once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    EdgeKind,
    Outcome,
    RunFacts,
    Statement,
    StatementKind,
    Subject,
)


class Activity(NamedTuple):
    """One task in one DAG run, with all its map indexes and tries: what writes one version.

    ``ended_us`` is ``None`` while any of its runs is open.  A run is closed by its own final event,
    by its parent's, or by a later try of the same map index.  ``refused`` says that no run of it
    ever had its body run, because gates refused every one: it wrote nothing.
    """

    id: int
    job_namespace: str
    job_name: str
    group: str
    started_us: int
    ended_us: int | None
    refused: bool
    edges: frozenset[EdgeKind]
    runs: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """All that the record knows about how some datasets came to be, as of one sequence number.

    ``datasets`` are all that can be reached upstream of what was asked for, by any version.
    ``related`` maps each dataset to those that contain it or that it contains (itself left out).
    ``writes`` are (activity, dataset, overwrites), ``reads`` are (activity, dataset), for every
    activity that wrote any of the datasets.  ``first_read_us`` is the earliest start of any reader
    of a dataset that completed (one that failed proves nothing about what was there), also of
    readers that are not among the activities.  ``explicit`` maps (activity, written dataset) to
    what producers say it was made from, each with the datasets it names; it is there only if every
    event that names the dataset as written says so, and also for datasets that were not reached (by
    ids that are in no other field).  ``aliases`` maps a dataset to its other names,
    each with the producer that says so.
    """

    datasets: Mapping[int, DatasetRef]
    related: Mapping[int, tuple[int, ...]]
    activities: Mapping[int, Activity]
    writes: Sequence[tuple[int, int, bool]]
    reads: Sequence[tuple[int, int]]
    first_read_us: Mapping[int, int]
    seq: int
    explicit: Mapping[tuple[int, int], tuple[tuple[str, tuple[int, ...]], ...]] = field(
        default_factory=dict
    )
    aliases: Mapping[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)

    @cached_property
    def uris(self) -> dict[int, str]:
        """The one spelling of each dataset."""
        return {dataset: ref.uri for dataset, ref in self.datasets.items()}


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """One dataset the record knows, for listings: how often written and read, and by what last."""

    ref: DatasetRef
    writes: int
    reads: int
    last_job: str
    last_us: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many datasets there are, and how many decisions for each purpose and outcome."""

    datasets: int
    decisions: Mapping[tuple[str, Outcome], int]


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain of digests holds from its first entry to its head."""

    entries: int
    head: str
    redacted: int
    faults: tuple[str, ...]


#: How the origin of declarations begins that came with run events (decorators, assets).
EVENT_ORIGIN = "event:"

#: How the origin of declarations begins that came from a catalog file.
CATALOG_ORIGIN = "catalog:"


class Store(Protocol):
    """An append-only, hash-chained record.

    Every method may raise :class:`~lineage_plugin.errors.StoreUnavailable`,
    :class:`~lineage_plugin.errors.StoreCorrupt` or :class:`~lineage_plugin.errors.StoreTooNew`.
    """

    def append_runs(self, events: Iterable[tuple[RunFacts, str]], *, recorded_us: int) -> int:
        """Append run events, each with its raw JSON (redactable), in one transaction.

        The declarations in an event are appended like :meth:`append_declarations` does, each for
        itself: the newer one of the same authority and pattern supersedes the older.  An event
        that is there already is passed over.

        Returns:
            The sequence number of the last entry of the record.
        """

    def append_declarations(
        self,
        authority: str,
        declarations: Collection[Declaration],
        *,
        recorded_us: int,
        origin: str,
        digest: str,
    ) -> int:
        """Make *declarations* all that *authority* says by way of *origin* (a file, a DAG).

        Entries are appended only for what differs: new and changed ones supersede what the
        authority said about the same pattern by the same way, missing ones are retracted.  One more
        entry records *digest* (of the file as it was read); where the newest one of *origin* is the
        same already, nothing is compared and nothing appended.  An origin speaks for one authority
        at a time: what another one said by the same way is retracted.

        Returns:
            How many entries were appended.
        """

    def append_decision(self, decision: Decision, *, recorded_us: int) -> int:
        """Append a decision.

        Raises:
            StoreConflict: Another decision has the same id.
        """

    def append_statement(self, statement: Statement, *, recorded_us: int) -> int:
        """Append a statement; one that is there already is passed over.

        Returns:
            The sequence number of its entry.

        Raises:
            StoreConflict: Another statement has the same id.
        """

    def statements(
        self,
        *,
        kinds: Collection[StatementKind] = (),
        about: Collection[str] | None = None,
        known_seq: int | None = None,
    ) -> list[Statement]:
        """Return statements and those that end them, as known at *known_seq*, oldest first.

        Only of these *kinds*, and only those that name any of these URIs, where given.  Whether
        one holds at a moment is for :func:`lineage_plugin.model.in_force` to say.
        """

    def history(self, refs: Collection[DatasetRef], *, known_seq: int | None = None) -> History:
        """Return how *refs* came to be, as known at *known_seq* (now, if not given).

        Datasets that the record does not know are in ``datasets`` all the same, with negative ids.
        """

    def origins(self) -> dict[str, tuple[str, str]]:
        """Return the authority and the newest digest of each origin that declares anything now."""

    def declarations(
        self,
        *,
        known_seq: int | None = None,
        origin: str = "",
        patterns: Collection[str] | None = None,
    ) -> list[Declaration]:
        """Return what every authority says as known at *known_seq*: no superseded or retracted one.

        Only from origins that begin with *origin*, and only about *patterns*, where given.
        """

    def touches(self) -> list[tuple[str, DatasetRef]]:
        """Return which job (its name) read or wrote which dataset, each pair once."""

    def inputs_of(self, subject: Subject, *, known_seq: int | None = None) -> list[DatasetRef]:
        """Return what the record saw a task of a DAG run read (job and group of *subject*)."""

    def reusable_decision(
        self, frame_digest: str, policy_digest: str, purpose: str, *, at_us: int
    ) -> Decision | None:
        """Return the newest decision on the same frame, policy and purpose, valid at *at_us*.

        Valid: decided at or before *at_us*, and *at_us* is before its ``valid_until_us``.
        """

    def decision(self, decision_id: str) -> Decision | None:
        """Return one decision."""

    def decisions(
        self,
        *,
        limit: int,
        dataset: DatasetRef | None = None,
        purpose: str | None = None,
        outcome: Outcome | None = None,
        asker: Subject = Subject(),  # noqa: B008 - an immutable value
        before: tuple[int, str] | None = None,
    ) -> list[Decision]:
        """Return decisions, newest first.

        Only what *asker* asked, by those of its names that are set (job, DAG, task, DAG run), and
        only those that come after *before* (time and id of a decision) in that order, where given.
        """

    def newest_decisions(
        self, uris: Collection[str], *, purpose: str | None = None
    ) -> dict[str, Decision]:
        """Return the newest decision about each of these inputs (URIs), if there is one."""

    def datasets(
        self, *, prefix: str = "", containing: str = "", after: str = "", limit: int | None = None
    ) -> list[DatasetSummary]:
        """Return the datasets whose URI starts with *prefix*, by URI.

        Only those that contain *containing*, in any case, and come after the URI *after*.
        """

    def tally(self) -> Tally:
        """Count what the record holds."""

    def find(self, uri: str, *, known_seq: int | None = None) -> DatasetRef | None:
        """Return the dataset that the record knows under this URI, as OpenLineage named it."""

    def redact(self, seq: int, *, reason: str, actor: str, recorded_us: int) -> int:
        """Erase the payload of an entry, keep its digest, and append an entry that says so."""

    def verify(self) -> Verification:
        """Recompute the chain and compare what was derived from it."""

    def head(self) -> tuple[int, str]:
        """Return the last sequence number and its chain digest (0 and zeros when empty)."""

    def seq_at(self, recorded_us: int) -> int:
        """Return the last entry that was recorded at or before this moment, 0 if there is none.

        Entries are recorded one after another: what stands before an entry was known with it,
        whatever a clock that was set back says.
        """

    def digest_at(self, seq: int) -> str:
        """Return the chain digest of an entry, empty if there is none: to check a noted head."""

    def close(self) -> None:
        """Let go of connections."""
