"""A record in one SQLite file."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from lineage_plugin.codec import canonical, decode, encode
from lineage_plugin.errors import StoreConflict, StoreCorrupt
from lineage_plugin.model import DatasetRef, Decision, Declaration, Outcome, RunFacts, Subject
from lineage_plugin.store import chain
from lineage_plugin.store.api import EVENT_ORIGIN, DatasetSummary, History, Verification
from lineage_plugin.store.sqlite_file import SqliteFile
from lineage_plugin.store.sqlite_history import Walk
from lineage_plugin.store.sqlite_projection import (
    DECISION,
    DECLARATION,
    ORIGIN,
    REDACTION,
    RUN,
    Projection,
    grouped,
    said_by,
)
from lineage_plugin.store.sqlite_verify import verify

#: Sorts after every URI that begins with what stands before it.
_LAST = "\U0010ffff"

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
        text = canonical(encode(decision))
        with self._appending() as pen:
            row = pen.connection.execute(
                "SELECT e.seq, e.facts FROM decision d JOIN entry e ON e.seq = d.seq"
                " WHERE d.id = ?",
                (decision.id,),
            ).fetchone()
            if row is None:
                seq = pen.entry(DECISION, decision.at_us, recorded_us, text)
                pen.projection.decision(seq, decision)
                return seq
        if row[1] != text:
            raise StoreConflict(
                f"decision {decision.id} is already in the record, as entry {row[0]}, and differs",
                "give every decision an id of its own",
            )
        return int(row[0])

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

    def inputs_of(self, subject: Subject) -> list[DatasetRef]:
        """Return what the record saw a task of a DAG run read."""
        with self._asking() as connection:
            rows = connection.execute(
                "SELECT t.dataset_id, n.namespace, n.name FROM job j"
                " JOIN activity a ON a.job_id = j.id JOIN touch t ON t.activity_id = a.id"
                " JOIN naming n ON n.dataset_id = t.dataset_id"
                " WHERE j.namespace = ? AND j.name = ? AND a.grp = ? AND t.role = 'in'"
                " ORDER BY n.namespace DESC, n.name DESC",
                (subject.job_namespace, subject.job_name, subject.group),
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
    ) -> list[Decision]:
        """Return decisions, newest first by the time that they were made for."""
        where, values = ["TRUE"], []
        if dataset is not None:
            where.append("d.seq IN (SELECT decision_seq FROM decision_input WHERE uri = ?)")
            values.append(dataset.uri)
        if purpose is not None:
            where.append("d.purpose = ?")
            values.append(purpose)
        if outcome is not None:
            where.append("d.outcome = ?")
            values.append(outcome.value)
        condition = f"WHERE {' AND '.join(where)} ORDER BY d.at_us DESC, d.id DESC LIMIT ?"
        return self._decisions(condition, (*values, limit))

    def datasets(self, *, prefix: str = "", limit: int | None = None) -> list[DatasetSummary]:
        """Return the datasets whose URI starts with *prefix*, by URI."""
        with self._asking() as connection:
            ids = [
                i
                for (i,) in connection.execute(
                    "SELECT id FROM dataset WHERE uri >= ? AND uri < ? ORDER BY uri LIMIT ?",
                    (prefix, prefix + _LAST, -1 if limit is None else limit),
                )
            ]
            found = list(Walk(connection, None).summaries(ids))
        return sorted(found, key=lambda summary: summary.ref.uri)

    def find(self, uri: str) -> DatasetRef | None:
        """Return the dataset that the record knows under this URI, however it is spelled."""
        try:
            asked = DatasetRef.parse(uri)
        except ValueError:
            return None
        with self._asking() as connection:
            row = connection.execute(
                "SELECT n.namespace, n.name FROM dataset d JOIN naming n ON n.dataset_id = d.id"
                " WHERE d.uri = ? ORDER BY n.namespace, n.name LIMIT 1",
                (asked.uri,),
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
            seq, digest = _head(connection)
        return seq, digest.hex()

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
    def _appending(self) -> Iterator[_Pen]:
        with self._file.writing() as connection:
            try:
                yield _Pen(connection)
            except OverflowError as error:
                message = "a number in what is to be recorded has more than 64 bits"
                raise ValueError(message) from error

    def _decision(self, condition: str, values: tuple[object, ...]) -> Decision | None:
        found = self._decisions(condition, values)
        return found[0] if found else None

    def _decisions(self, condition: str, values: tuple[object, ...]) -> list[Decision]:
        with self._asking() as connection:
            rows = connection.execute(
                f"SELECT e.facts FROM decision d JOIN entry e ON e.seq = d.seq {condition}",  # noqa: S608 - conditions are ours, values are bound
                values,
            )
            return [decode(Decision, json.loads(facts)) for (facts,) in rows]


class _Pen:
    """Appends entries within one transaction; ``seq`` is the last one's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.projection = Projection(connection)
        self.seq, self._chain = _head(connection)

    def entry(
        self,
        kind: str,
        effective_us: int,
        recorded_us: int,
        facts: str,
        payload: str | None = None,
    ) -> int:
        """Append one entry and return its sequence number."""
        self.seq += 1
        salt = os.urandom(chain.SALT_SIZE)
        digest = None if payload is None else chain.payload_digest(salt, payload)
        header = chain.Header(self.seq, kind, effective_us, recorded_us, facts, digest)
        self._chain = chain.link(self._chain, header)
        self.connection.execute(
            "INSERT INTO entry (seq, kind, effective_us, recorded_us, facts, payload_digest, chain)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.seq, kind, effective_us, recorded_us, facts, digest, self._chain),
        )
        if payload is not None:
            self.connection.execute(
                "INSERT INTO payload (seq, salt, body) VALUES (?, ?, ?)", (self.seq, salt, payload)
            )
        return self.seq

    def has_event(self, facts: RunFacts, text: str) -> bool:
        """Whether this very event is there already."""
        rows = self.connection.execute(
            "SELECT e.facts FROM run r JOIN run_event v ON v.run_id = r.id"
            " JOIN entry e ON e.seq = v.seq WHERE r.uuid = ? AND v.state = ? AND v.at_us = ?",
            (facts.run_id, facts.state.value, facts.at_us),
        )
        return any(found == text for (found,) in rows)

    def declare(self, facts: dict[str, Any], recorded_us: int) -> None:
        """Append that something is declared or retracted."""
        seq = self.entry(DECLARATION, recorded_us, recorded_us, canonical(facts))
        said = canonical(facts["said"]) if facts["action"] == "declare" else None
        self.projection.declaration(
            seq, facts["pattern"], facts["authority"], facts["origin"], said
        )

    def redact(self, target: int, facts: str, recorded_us: int) -> None:
        """Append that a payload is redacted, then erase it, with its bytes in the file."""
        there = self.connection.execute("SELECT 1 FROM payload WHERE seq = ?", (target,)).fetchone()
        if there is None:
            message = f"entry {target} has no payload that could be redacted"
            raise ValueError(message)
        self.projection.redaction(self.entry(REDACTION, recorded_us, recorded_us, facts), target)
        self.connection.execute("PRAGMA secure_delete = ON").fetchall()
        self.connection.execute(
            "UPDATE payload SET salt = NULL, body = NULL WHERE seq = ?", (target,)
        )


def _head(connection: sqlite3.Connection) -> tuple[int, bytes]:
    row = connection.execute("SELECT seq, chain FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return 0, chain.GENESIS
    if not isinstance(row[1], bytes) or len(row[1]) != chain.DIGEST_SIZE:
        raise StoreCorrupt(
            f"entry {row[0]} of the record has no digest to chain on", "run: lineage-plugin verify"
        )
    return row[0], row[1]


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
    known = (1 << 63) - 1 if known_seq is None else known_seq
    return {"origin": origin, "end": origin + _LAST, "k": known}


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
