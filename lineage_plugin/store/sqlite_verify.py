"""Whether a record still is what was appended to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from lineage_plugin.store import chain
from lineage_plugin.store.api import Verification
from lineage_plugin.store.sqlite_projection import Projection

#: What is derived from entries: table -> its column that names the entry a row came from.
DERIVED = {
    "redaction": "seq",
    "dataset": "seq",
    "naming": "seq",
    "contains": "seq",
    "job": "seq",
    "activity": "seq",
    "run": "seq",
    "run_place": "seq",
    "run_event": "seq",
    "touch": "seq",
    "activity_edge": "seq",
    "voice": "seq",
    "saying": "seq",
    "declaration": "seq",
    "whole": "seq",
    "origin": "seq",
    "decision": "seq",
    "decision_input": "decision_seq",
    "statement": "seq",
    "statement_dataset": "statement_seq",
    "alias": "seq",
    "explicit": "seq",
}

#: So many faults of one kind are listed; who sees these will not need the others.
MOST_FAULTS = 20

_ENTRIES = """
SELECT e.seq, e.kind, e.effective_us, e.recorded_us, e.facts, e.payload_digest, e.chain,
    p.seq, p.salt, p.body, EXISTS (SELECT 1 FROM record.redaction r WHERE r.target = e.seq)
FROM record.entry e LEFT JOIN record.payload p ON p.seq = e.seq ORDER BY e.seq
"""


def verify(connection: sqlite3.Connection) -> Verification:
    """Recompute every digest, and derive all rows again in the empty record around ``record``."""
    audit = _Audit(connection)
    audit.entries()
    audit.strays()
    for table, seq in DERIVED.items():
        audit.derived(table, seq)
    audit.pages()
    return Verification(
        entries=audit.count,
        head=audit.head.hex(),
        redacted=audit.redacted,
        faults=tuple(audit.faults),
    )


class _Audit:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._projection = Projection(connection)
        self.count = 0
        self.redacted = 0
        self.head = chain.GENESIS
        self.faults: list[str] = []

    def entries(self) -> None:
        last = 0
        for row in self._connection.execute(_ENTRIES):
            seq, kind, facts = row[0], row[1], row[4]
            self.count += 1
            found = [*_gap(last, seq), *self._broken_link(row), *self._payload_faults(row)]
            try:
                self._projection.replay(seq, kind, facts)
            except (ValueError, sqlite3.Error) as error:
                found.append(f"entry {seq}: its facts cannot be read: {error}")
            self._report(f"entry {seq}", iter(found))
            last = seq

    def strays(self) -> None:
        """Look for payloads that no entry vouches for."""
        rows = self._connection.execute(
            "SELECT p.seq FROM record.payload p LEFT JOIN record.entry e ON e.seq = p.seq"
            " WHERE e.payload_digest IS NULL ORDER BY p.seq"
        )
        self._report("payload", (f"entry {seq}: has a payload it never had" for (seq,) in rows))

    def derived(self, table: str, seq: str) -> None:
        """Compare the rows of a table with those that the facts give."""
        for verb, more, fewer in (
            ("a row was added or changed", "record", "main"),
            ("a row is missing or changed", "main", "record"),
        ):
            rows = self._connection.execute(
                f"SELECT {seq} FROM (SELECT * FROM {more}.{table}"  # noqa: S608 - names are ours
                f" EXCEPT SELECT * FROM {fewer}.{table}) ORDER BY 1"
            )
            found = (f"entry {n}: {verb} in table {table}" for (n,) in rows)
            self._report(f"table {table}", found)

    def pages(self) -> None:
        """Let SQLite check its own pages and indexes."""
        rows = self._connection.execute(f"PRAGMA record.integrity_check({MOST_FAULTS})")
        self._report("file", (f"file: {text}" for (text,) in rows if text != "ok"))

    def _broken_link(self, row: tuple[Any, ...]) -> Iterator[str]:
        stored = row[6]
        try:
            expected = chain.link(self.head, chain.Header(*row[:6]))
        except (AttributeError, TypeError, ValueError):  # a value of a type that was never written
            expected = None
        if expected != stored:
            yield f"entry {row[0]}: its digest does not fit its content and the entry before it"
        # Go on from what is stored, so that one change is one fault.
        self.head = stored if isinstance(stored, bytes) else b""

    def _payload_faults(self, row: tuple[Any, ...]) -> Iterator[str]:
        seq, digest, (payload_seq, salt, body, is_redacted) = row[0], row[5], row[7:]
        if digest is None:
            return
        self.redacted += bool(is_redacted)
        if payload_seq is None:
            yield f"entry {seq}: its payload is missing"
        elif is_redacted and (salt is not None or body is not None):
            yield f"entry {seq}: its payload was redacted, but is there"
        elif not is_redacted and not _fits(digest, salt, body):
            yield f"entry {seq}: its payload is not the one that was appended"

    def _report(self, where: str, faults: Iterator[str]) -> None:
        for number, fault in enumerate(faults):
            if number == MOST_FAULTS:
                self.faults.append(f"{where}: and more")
                return
            self.faults.append(fault)


def _gap(last: int, seq: int) -> Iterator[str]:
    if seq == last + 2:
        yield f"entry {last + 1}: missing"
    elif seq != last + 1:
        yield f"entries {last + 1} to {seq - 1}: missing"


def _fits(digest: object, salt: object, body: object) -> bool:
    return (
        isinstance(salt, bytes)
        and isinstance(body, str)
        and chain.payload_digest(salt, body) == digest
    )
