"""Appending entries to a SQLite record: each chained to the one before, each with its rows."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from lineage_plugin.codec import canonical
from lineage_plugin.errors import StoreCorrupt
from lineage_plugin.model import RunFacts
from lineage_plugin.store import chain
from lineage_plugin.store.sqlite_projection import DECLARATION, REDACTION, Projection


class Pen:
    """Appends entries within one transaction; ``seq`` is the last one's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.projection = Projection(connection)
        self.seq, self._chain = head_of(connection)

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


def head_of(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Return the last sequence number and its chain digest."""
    row = connection.execute("SELECT seq, chain FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return 0, chain.GENESIS
    if not isinstance(row[1], bytes) or len(row[1]) != chain.DIGEST_SIZE:
        raise StoreCorrupt(
            f"entry {row[0]} of the record has no digest to chain on", "run: lineage-plugin verify"
        )
    return row[0], row[1]
