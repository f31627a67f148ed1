"""A record in one SQLite file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from lineage_plugin.codec import canonical, decode, encode
from lineage_plugin.errors import StoreConflict, StoreCorrupt
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    Outcome,
    RunFacts,
    Statement,
    StatementKind,
    Subject,
)
from lineage_plugin.store import sqlite_listing as listing
from lineage_plugin.store.api import (
    EVENT_ORIGIN,
    DatasetSummary,
    History,
    Tally,
    Verification,
)
from lineage_plugin.store.sqlite_file import SqliteFile
from lineage_plugin.store.sqlite_history import Walk
from lineage_plugin.store.sqlite_pen import Pen, head_of
from lineage_plugin.store.sqlite_projection import (
    DECISION,
    ORIGIN,
    RUN,
    STATEMENT,
    grouped,
    said_by,
)
from lineage_plugin.store.sqlite_verify import verify

#: What holds, of each voice: the saying of highest rank, at equal rank (two events of one moment)
#: the one whose digest is highest.  Of what a task declared, nothing from before the newest DAG run
#: in which it completed: there it named all that it declares.
_ACTIVE = """
SELECT v.authority, v.pattern, v.origin, s.body
FROM voice v JOIN saying s ON s.id = (
    SELECT d.saying_id FROM declaration d LEFT JOIN saying t ON t.id = d.saying_id
    WHERE d.voice_id = v.id AND d.seq <= :k AND d.rank >= coalesce((
        SELECT min(e.at_us) FROM run r JOIN run_event e ON e.run_id = r.id
        WHERE e.seq <= :k AND r.activity_id = (
            SELECT w.activity_id FROM whole w JOIN activity a ON a.id = w.activity_id
            WHERE w.origin = v.origin AND w.seq <= :k ORDER BY w.at_us DESC, a.grp DESC LIMIT 1
        )), d.rank)
    ORDER BY d.rank DESC, t.sha256 DESC LIMIT 1)
WHERE v.origin >= :origin AND v.origin < :end
"""

_STATEMENTS = """
WITH found AS (
    SELECT s.seq, s.id FROM statement s WHERE s.seq <= :k
    AND (:kinds IS NULL OR s.kind IN (SELECT value FROM json_each(:kinds)))
    AND (:about IS NULL OR s.seq IN (
        SELECT d.statement_seq FROM json_each(:about) x CROSS JOIN statement_dataset d
        WHERE d.uri = x.value))
)
SELECT e.facts FROM statement s JOIN entry e ON e.seq = s.seq
WHERE s.seq IN (
    SELECT seq FROM found
    UNION SELECT t.seq FROM found JOIN statement t ON t.ends = found.id WHERE t.seq <= :k)
ORDER BY s.at_us, s.id
"""

#: Later than every entry of a record.
_LAST_SEQ = (1 << 63) - 1

#: What has an id of its own in the record.
_V = TypeVar("_V", Decision, Statement)


class SqliteStore:
    """An append-only, hash-chained record in one file; see :class:`lineage_plugin.store.api.Store`.

    Opened on first use, once per process and thread, so that it may be made before a fork and used
    after it.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout_ms: int = 2000,
        read_only: bool = False,
        create: bool = True,
    ) -> None:
        self._file = SqliteFile(
            path, busy_timeout_ms=busy_timeout_ms, read_only=read_only, create=create
        )

    def append_runs(self, events: Iterable[tuple[RunFacts, str]], *, recorded_us: int) -> int:
        """Append run events, each with its raw JSON, in one transaction.

        What cannot be stored as text (half of a surrogate pair) is stored as ``?``.

        Raises:
            ValueError: A number in an event has more than 64 bits.
        """
        # Serialised before the lock is taken: other writers need not wait for that.
        ready = [(*_storable(facts), _text(raw)) for facts, raw in events]
        with self._appending() as pen:
            for facts, text, raw in ready:
                if not pen.has_event(facts, text):
                    seq = pen.entry(RUN, facts.at_us, recorded_us, text, raw)
                    pen.projection.run(seq, facts)
            return pen.seq

    def append_declarations(
        self,
        authority: str,
        declarations: Collection[Declaration],
        *,
        recorded_us: int,
        origin: str,
        digest: str,
    ) -> int:
        """Make *declarations* all that is said by way of *origin*; see the protocol.

        An origin speaks for one authority: what another one said by the same way is retracted.

        Raises:
            ValueError: *origin* is one of events, or a declaration is of another authority.
        """
        if origin.startswith(EVENT_ORIGIN):
            message = f"{origin!r} names events; declarations of events come with the events"
            raise ValueError(message)
        if any(declaration.authority != authority for declaration in declarations):
            message = f"declarations by way of {origin!r} must be those of {authority!r}"
            raise ValueError(message)
        newest = {"origin": origin, "authority": authority, "digest": digest}
        with self._asking() as connection:
            if _newest(connection, origin) == (authority, digest):
                return 0
        wanted = dict(grouped(declarations))
        with self._appending() as pen:
            if _newest(pen.connection, origin) == (authority, digest):
                return 0
            before = pen.seq
            for facts in _changes(_active_of(pen.connection, origin), wanted, origin):
                pen.declare(facts, recorded_us)
            seq = pen.entry(ORIGIN, recorded_us, recorded_us, canonical(newest))
            pen.projection.origin(seq, origin, authority, digest)
            return pen.seq - before

    def append_decision(self, decision: Decision, *, recorded_us: int) -> int:
        """Append a decision; one that is there already is passed over.

        Raises:
            StoreConflict: Another decision has the same id.
        """
        return self._appended(
            DECISION, decision, decision.at_us, recorded_us, lambda pen: pen.projection.decision
        )

    def append_statement(self, statement: Statement, *, recorded_us: int) -> int:
        """Append a statement; one that is there already is passed over.

        Raises:
            StoreConflict: Another statement has the same id.
        """
        return self._appended(
            STATEMENT, statement, statement.at_us, recorded_us, lambda pen: pen.projection.statement
        )

    def statements(
        self,
        *,
        kinds: Collection[StatementKind] = (),
        about: Collection[str] | None = None,
        known_seq: int | None = None,
    ) -> list[Statement]:
        """Return statements and those that end them, oldest first."""
        asked = {
            "kinds": json.dumps([kind.value for kind in kinds]) if kinds else None,
            "about": None if about is None else json.dumps(sorted(about)),
            "k": _known(known_seq),
        }
        with self._asking() as connection:
            rows = connection.execute(_STATEMENTS, asked)
            return [decode(Statement, json.loads(facts)) for (facts,) in rows]

    def history(self, refs: Collection[DatasetRef], *, known_seq: int | None = None) -> History:
        """Return how *refs* came to be, from one unchanging state of the record."""
        with self._asking() as connection:
            return Walk(connection, known_seq).history(refs)

    def origins(self) -> dict[str, tuple[str, str]]:
        """Return the authority and the newest digest of each origin that declares anything now."""
        with self._asking() as connection:
            rows = connection.execute("SELECT origin, authority, digest FROM origin ORDER BY seq")
            newest = {origin: (who, digest) for origin, who, digest in rows}
            return {origin: read for origin, read in newest.items() if _speaks(connection, origin)}

    def declarations(
        self,
        *,
        known_seq: int | None = None,
        origin: str = "",
        patterns: Collection[str] | None = None,
    ) -> list[Declaration]:
        """Return what every authority says as known at *known_seq*."""
        query = _ACTIVE
        values: dict[str, Any] = _bounds(origin, known_seq)
        if patterns is not None:
            query += " AND v.pattern IN (SELECT value FROM json_each(:patterns))"
            values["patterns"] = json.dumps(list(patterns))
        with self._asking() as connection:
            found = sorted(connection.execute(query, values).fetchall())
            return list(said_by(body for *_, body in found))

    def touches(self) -> list[tuple[str, DatasetRef]]:
        """Return which job (its name) read or wrote which dataset, each pair once."""
        with self._asking() as connection:
            return listing.touches(connection)

    def inputs_of(self, subject: Subject, *, known_seq: int | None = None) -> list[DatasetRef]:
        """Return what the record saw a task of a DAG run read."""
        with self._asking() as connection:
            rows = connection.execute(
                "SELECT t.dataset_id, n.namespace, n.name FROM job j"
                " JOIN activity a ON a.job_id = j.id JOIN touch t ON t.activity_id = a.id"
                " JOIN naming n ON n.dataset_id = t.dataset_id"
                " WHERE j.namespace = ? AND j.name = ? AND a.grp = ? AND t.role = 'in'"
                " AND max(t.seq, n.seq) <= ? ORDER BY n.namespace DESC, n.name DESC",
                (subject.job_namespace, subject.job_name, subject.group, _known(known_seq)),
            )
            return sorted({i: DatasetRef(namespace, name) for i, namespace, name in rows}.values())

    def reusable_decision(
        self, frame_digest: str, policy_digest: str, purpose: str, *, at_us: int
    ) -> Decision | None:
        """Return the newest decision on the same question that is valid at *at_us*."""
        return self._decision(
            "WHERE d.frame_digest = ? AND d.policy_digest = ? AND d.purpose = ? AND d.at_us <= ?"
            " AND (d.valid_until_us IS NULL OR d.valid_until_us > ?)"
            " ORDER BY d.at_us DESC, d.id DESC LIMIT 1",
            (frame_digest, policy_digest, purpose, at_us, at_us),
        )

    def decision(self, decision_id: str) -> Decision | None:
        """Return one decision."""
        return self._decision("WHERE d.id = ?", (decision_id,))

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
        """Return decisions, newest first by the time that they were made for."""
        uri = dataset.uri if dataset is not None else None
        return self._decisions(
            *listing.newest_first(
                limit=limit,
                dataset=uri,
                purpose=purpose,
                outcome=outcome,
                asker=asker,
                before=before,
            )
        )

    def newest_decisions(
        self, uris: Collection[str], *, purpose: str | None = None
    ) -> dict[str, Decision]:
        """Return the newest decision about each of these datasets."""
        with self._asking() as connection:
            return listing.newest_of_each(connection, uris, purpose)

    def datasets(
        self, *, prefix: str = "", containing: str = "", after: str = "", limit: int | None = None
    ) -> list[DatasetSummary]:
        """Return the datasets whose URI starts with *prefix*, by URI."""
        with self._asking() as connection:
            ids = listing.dataset_ids(
                connection, prefix=prefix, containing=containing, after=after, limit=limit
            )
            found = list(Walk(connection, None).summaries(ids))
        return sorted(found, key=lambda summary: summary.ref.uri)

    def tally(self) -> Tally:
        """Count what the record holds."""
        with self._asking() as connection:
            return listing.tally(connection)

    def find(self, uri: str, *, known_seq: int | None = None) -> DatasetRef | None:
        """Return the dataset that the record knows under this URI, however it is spelled."""
        try:
            asked = DatasetRef.parse(uri)
        except ValueError:
            return None
        with self._asking() as connection:
            row = connection.execute(
                "SELECT n.namespace, n.name FROM dataset d JOIN naming n ON n.dataset_id = d.id"
                " WHERE d.uri = ? AND n.seq <= ? ORDER BY n.namespace, n.name LIMIT 1",
                (asked.uri, _known(known_seq)),
            ).fetchone()
        return DatasetRef(*row) if row else None

    def redact(self, seq: int, *, reason: str, actor: str, recorded_us: int) -> int:
        """Erase the payload of an entry, keep its digest, and append an entry that says so.

        The bytes are overwritten in the file, and the log beside it is emptied unless somebody is
        reading; then they go with the next redaction or when the last process closes the record.
        Backups are not reached.

        Returns:
            The sequence number of the entry that says so, the older one if it was redacted before.

        Raises:
            ValueError: The entry has no payload.
        """
        facts = {"target": seq, "reason": reason, "actor": actor}
        with self._appending() as pen:
            done = pen.connection.execute(
                "SELECT seq FROM redaction WHERE target = ?", (seq,)
            ).fetchone()
            if done is None:
                pen.redact(seq, canonical(facts), recorded_us)
            said = pen.seq if done is None else done[0]
        self._file.erase_traces()
        return int(said)

    def verify(self) -> Verification:
        """Recompute the chain and every payload's digest, and derive all rows again to compare.

        That the last entries were cut off shows only against a head that was noted elsewhere
        (:meth:`head`): what is left of a chain is a chain.  The same holds for a record that was
        rewritten as a whole.
        """
        with self._file.replica() as connection:
            return verify(connection)

    def head(self) -> tuple[int, str]:
        """Return the last sequence number and its chain digest."""
        with self._asking() as connection:
            seq, digest = head_of(connection)
        return seq, digest.hex()

    def seq_at(self, recorded_us: int) -> int:
        """Return the last entry that was recorded at or before this moment."""
        with self._asking() as connection:
            row = connection.execute(
                "SELECT seq FROM entry WHERE recorded_us <= ? ORDER BY seq DESC LIMIT 1",
                (recorded_us,),
            ).fetchone()
        return int(row[0]) if row else 0

    def digest_at(self, seq: int) -> str:
        """Return the chain digest of one entry, empty if there is none."""
        with self._asking() as connection:
            row = connection.execute("SELECT chain FROM entry WHERE seq = ?", (seq,)).fetchone()
        return row[0].hex() if row is not None and isinstance(row[0], bytes) else ""

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        self._file.close()

    @contextlib.contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        with self._file.reading() as connection:
            try:
                yield connection
            except UnicodeEncodeError:
                raise  # the question cannot be text, the record is not to blame
            except (ValueError, KeyError) as error:
                raise StoreCorrupt(
                    f"the record {self._file.path} holds what this release cannot read: {error}",
                    "upgrade lineage-plugin if a newer one wrote it, else: lineage-plugin verify",
                ) from error

    @contextlib.contextmanager
    def _appending(self) -> Iterator[Pen]:
        with self._file.writing() as connection:
            try:
                yield Pen(connection)
            except OverflowError as error:
                message = "a number in what is to be recorded has more than 64 bits"
                raise ValueError(message) from error

    def _appended(
        self,
        kind: str,
        value: _V,
        effective_us: int,
        recorded_us: int,
        derive: Callable[[Pen], Callable[[int, _V], None]],
    ) -> int:
        """Append a value that has an id, unless it is there already."""
        text = canonical(encode(value))
        with self._appending() as pen:
            row = pen.connection.execute(
                f"SELECT e.seq, e.facts FROM {kind} v JOIN entry e ON e.seq = v.seq"  # noqa: S608 - one of two names of ours
                " WHERE v.id = ?",
                (value.id,),
            ).fetchone()
            if row is None:
                seq = pen.entry(kind, effective_us, recorded_us, text)
                derive(pen)(seq, value)
                return seq
        if row[1] != text:
            raise StoreConflict(
                f"{kind} {value.id} is already in the record, as entry {row[0]}, and differs",
                f"give every {kind} an id of its own",
            )
        return int(row[0])

    def _decision(self, condition: str, values: tuple[object, ...]) -> Decision | None:
        found = self._decisions(condition, values)
        return found[0] if found else None

    def _decisions(self, condition: str, values: tuple[object, ...]) -> list[Decision]:
        with self._asking() as connection:
            return list(listing.decisions(connection, condition, values))


def _newest(connection: sqlite3.Connection, origin: str) -> tuple[str, str] | None:
    found: tuple[str, str] | None = connection.execute(
        "SELECT authority, digest FROM origin WHERE origin = ? ORDER BY seq DESC LIMIT 1", (origin,)
    ).fetchone()
    return found


def _speaks(connection: sqlite3.Connection, origin: str) -> bool:
    """Tell whether anything is declared now by way of exactly this origin."""
    query = f"SELECT EXISTS ({_ACTIVE} AND v.origin = :origin)"
    return bool(connection.execute(query, _bounds(origin)).fetchone()[0])


def _active_of(connection: sqlite3.Connection, origin: str) -> dict[tuple[str, str], str]:
    rows = connection.execute(_ACTIVE, _bounds(origin))
    return {(who, pattern): body for who, pattern, way, body in rows if way == origin}


def _changes(
    active: dict[tuple[str, str], str], wanted: dict[tuple[str, str], str], origin: str
) -> Iterator[dict[str, Any]]:
    """Yield the facts of the entries that lead from *active* to *wanted*."""
    for (authority, pattern), text in wanted.items():
        said = json.loads(text)
        before = active.get((authority, pattern))
        if before is None or _content(json.loads(before)) != _content(said):
            yield {
                "action": "declare",
                "authority": authority,
                "pattern": pattern,
                "origin": origin,
                "said": said,
            }
    for authority, pattern in sorted(active.keys() - wanted.keys()):
        yield {
            "action": "retract",
            "authority": authority,
            "pattern": pattern,
            "origin": origin,
        }


def _content(said: list[dict[str, Any]]) -> list[str]:
    """Return what is said without where it is written: a line that moved changes nothing."""
    return sorted(canonical({k: v for k, v in one.items() if k != "where"}) for one in said)


def _bounds(origin: str, known_seq: int | None = None) -> dict[str, Any]:
    return {"origin": origin, "end": origin + listing.LAST, "k": _known(known_seq)}


def _known(known_seq: int | None) -> int:
    return _LAST_SEQ if known_seq is None else known_seq


def _text(text: str) -> str:
    return text.encode(errors="replace").decode()


def _storable(facts: RunFacts) -> tuple[RunFacts, str]:
    """Return *facts* and their canonical JSON, in which everything can be stored."""
    text = canonical(encode(facts))
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _text(text)
        facts = decode(RunFacts, json.loads(text))
    return facts, text
