"""From the facts of an entry to the rows that questions are answered from.

Appending and verifying run the same code, so that verification derives what appending wrote.  Rows
are only inserted, and only where they are not there yet; what an answer needs beyond that (is this
run closed? was this activity refused?) is computed when it is asked, because only then it does not
depend on the order in which facts arrived.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from lineage_plugin.codec import canonical, decode, encode
from lineage_plugin.model import (
    Alias,
    DatasetRef,
    Decision,
    Declaration,
    EdgeKind,
    RunFacts,
    Statement,
)
from lineage_plugin.store.api import EVENT_ORIGIN

#: Longer names (characters) take no part in containment: no file or object has one
#: (PATH_MAX is 4,096, S3 keys end at 1,024), and walking a forged one up would cost its square.
LONGEST_PATH = 4096

#: Kinds of entries.
RUN, DECLARATION, ORIGIN, DECISION, REDACTION, STATEMENT = (
    "run",
    "declaration",
    "origin",
    "decision",
    "redaction",
    "statement",
)

# (find the id of this key, make a row for it)
_JOB = (
    "SELECT id FROM job WHERE namespace = ? AND name = ?",
    "INSERT INTO job (namespace, name, seq) VALUES (?, ?, ?)",
)
_ACTIVITY = (
    "SELECT id FROM activity WHERE job_id = ? AND grp = ?",
    "INSERT INTO activity (job_id, grp, seq) VALUES (?, ?, ?)",
)
_RUN = (
    "SELECT id FROM run WHERE uuid = ? AND activity_id = ?",
    "INSERT INTO run (uuid, activity_id, seq) VALUES (?, ?, ?)",
)
_DATASET = (
    "SELECT id FROM dataset WHERE uri = ?",
    "INSERT INTO dataset (uri, seq) VALUES (?, ?)",
)
_VOICE = (
    "SELECT id FROM voice WHERE pattern = ? AND authority = ? AND origin = ?",
    "INSERT INTO voice (pattern, authority, origin, seq) VALUES (?, ?, ?, ?)",
)
_SAYING = (
    "SELECT id FROM saying WHERE sha256 = ? AND body = ?",
    "INSERT INTO saying (sha256, body, seq) VALUES (?, ?, ?)",
)


class Projection:
    """Derives rows within one transaction; what it found there it remembers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._ids: dict[tuple[Any, ...], int] = {}

    def replay(self, seq: int, kind: str, facts: str) -> None:
        """Derive the rows of an entry from its facts as they are written.

        Raises:
            ValueError: The facts are not those of an entry of this *kind*.
        """
        plain = json.loads(facts)
        try:
            if kind == RUN:
                self.run(seq, decode(RunFacts, plain))
            elif kind == DECISION:
                self.decision(seq, decode(Decision, plain))
            elif kind == DECLARATION:
                said = canonical(plain["said"]) if plain["action"] == "declare" else None
                self.declaration(seq, plain["pattern"], plain["authority"], plain["origin"], said)
            elif kind == ORIGIN:
                self.origin(seq, plain["origin"], plain["authority"], plain["digest"])
            elif kind == STATEMENT:
                self.statement(seq, decode(Statement, plain))
            elif kind == REDACTION:
                self.redaction(seq, plain["target"])
            else:
                message = f"unknown kind of entry {kind!r}"
                raise ValueError(message)
        except (KeyError, TypeError) as error:
            message = f"facts of another shape: {error}"
            raise ValueError(message) from error

    def run(self, seq: int, facts: RunFacts) -> None:
        """Derive what a run event says: its run, what it touched, what it declares."""
        job = self._id(_JOB, facts.job_namespace, facts.job_name, seq=seq)
        activity = self._id(_ACTIVITY, job, facts.group, seq=seq)
        run = self._id(_RUN, facts.run_id, activity, seq=seq)
        self._execute(
            "INSERT INTO run_event (seq, run_id, state, at_us, refused_by) VALUES (?, ?, ?, ?, ?)",
            (seq, run, facts.state.value, facts.at_us, facts.refused_by or None),
        )
        self._execute(
            "INSERT OR IGNORE INTO run_place (run_id, parent_uuid, slot, attempt, seq)"
            " VALUES (?, ?, ?, ?, ?)",
            (run, facts.parent_run_id, facts.slot, facts.attempt, seq),
        )
        named = (ref for output in facts.outputs for word in output.lineage for ref in word.inputs)
        for ref in (*facts.inputs, *named):
            self._touch(ref, "in", activity, seq)
        for output in facts.outputs:
            self._touch(output.ref, "over" if output.overwrites else "out", activity, seq)
        if any(output.lineage for output in facts.outputs):
            self._execute(
                "INSERT OR IGNORE INTO explicit (activity_id, seq) VALUES (?, ?)", (activity, seq)
            )
        for alias in facts.aliases:
            self._alias(alias, seq)
        if facts.edge is not EdgeKind.UNSPECIFIED:
            self._execute(
                "INSERT OR IGNORE INTO activity_edge (activity_id, kind, seq) VALUES (?, ?, ?)",
                (activity, facts.edge.value, seq),
            )
        origin = f"{EVENT_ORIGIN}{facts.job_namespace}/{facts.job_name}"
        for (authority, pattern), said in grouped(facts.declarations):
            self.declaration(seq, pattern, authority, origin, said, rank=facts.at_us)
        if facts.is_whole:
            self._execute(
                "INSERT INTO whole (seq, origin, activity_id, at_us) VALUES (?, ?, ?, ?)",
                (seq, origin, activity, facts.at_us),
            )

    def declaration(
        self,
        seq: int,
        pattern: str,
        authority: str,
        origin: str,
        said: str | None,
        *,
        rank: int | None = None,
    ) -> None:
        """Derive that a declaration is made, or retracted where *said* is ``None``.

        What files say is ranked by when it was recorded, what events say by when they happened,
        because events may arrive late.
        """
        voice = self._id(_VOICE, pattern, authority, origin, seq=seq)
        saying = None
        if said is not None:
            saying = self._id(_SAYING, hashlib.sha256(said.encode()).digest(), said, seq=seq)
        self._execute(
            "INSERT INTO declaration (voice_id, rank, seq, saying_id) VALUES (?, ?, ?, ?)",
            (voice, seq if rank is None else rank, seq, saying),
        )

    def origin(self, seq: int, origin: str, authority: str, digest: str) -> None:
        """Derive what was last read by way of an origin."""
        self._execute(
            "INSERT INTO origin (seq, origin, authority, digest) VALUES (?, ?, ?, ?)",
            (seq, origin, authority, digest),
        )

    def decision(self, seq: int, decision: Decision) -> None:
        """Derive by what a decision is found."""
        subject = decision.subject
        self._execute(
            "INSERT INTO decision (seq, id, outcome, purpose, frame_digest, policy_digest, at_us,"
            " valid_until_us, reused_from, job_namespace, job_name, grp, run_uuid)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                decision.id,
                decision.outcome.value,
                decision.purpose,
                decision.frame_digest,
                decision.policy_digest,
                decision.at_us,
                decision.valid_until_us,
                decision.reused_from,
                subject.job_namespace,
                subject.job_name,
                subject.group,
                subject.run_id,
            ),
        )
        for uri in {ref.uri for ref in decision.inputs}:
            self._execute(
                "INSERT INTO decision_input (decision_seq, uri) VALUES (?, ?)", (seq, uri)
            )

    def statement(self, seq: int, statement: Statement) -> None:
        """Derive by what a statement is found."""
        self._execute(
            "INSERT INTO statement (seq, id, kind, at_us, ends) VALUES (?, ?, ?, ?, ?)",
            (seq, statement.id, statement.kind.value, statement.at_us, statement.ends or None),
        )
        for uri in set(statement.datasets):
            self._execute(
                "INSERT INTO statement_dataset (uri, statement_seq) VALUES (?, ?)", (uri, seq)
            )

    def redaction(self, seq: int, target: int) -> None:
        """Derive that the payload of the entry *target* is to be gone."""
        self._execute("INSERT INTO redaction (seq, target) VALUES (?, ?)", (seq, target))

    def _touch(self, ref: DatasetRef, role: str, activity: int, seq: int) -> None:
        self._execute(
            "INSERT OR IGNORE INTO touch (dataset_id, role, activity_id, seq) VALUES (?, ?, ?, ?)",
            (self._dataset(ref, seq), role, activity, seq),
        )

    def _alias(self, alias: Alias, seq: int) -> None:
        """Derive that a dataset has another name; to which of the two it is one makes no odds."""
        pair = (self._dataset(alias.ref, seq), self._dataset(alias.other, seq))
        for one, other in {pair, pair[::-1]} if pair[0] != pair[1] else ():
            self._execute(
                "INSERT OR IGNORE INTO alias (dataset_id, other_id, said_by, seq)"
                " VALUES (?, ?, ?, ?)",
                (one, other, alias.said_by, seq),
            )

    def _dataset(self, ref: DatasetRef, seq: int) -> int:
        uri = ref.uri
        found = self._find(_DATASET, uri)
        dataset = self._make(_DATASET, uri, seq=seq) if found is None else found
        if found is None:
            self._contain(dataset, uri, seq)
        self._execute(
            "INSERT OR IGNORE INTO naming (dataset_id, namespace, name, seq) VALUES (?, ?, ?, ?)",
            (dataset, ref.namespace, ref.name, seq),
        )
        return dataset

    def _contain(self, dataset: int, uri: str, seq: int) -> None:
        """Note which known datasets a new one is part of, and which are part of it."""
        self._execute(
            "INSERT INTO contains (whole, part, seq) SELECT id, ?, ? FROM dataset"
            " WHERE uri IN (SELECT value FROM json_each(?))",
            (dataset, seq, json.dumps(wholes(uri))),
        )
        self._execute(
            "INSERT INTO contains (whole, part, seq) SELECT ?, id, ? FROM dataset"
            " WHERE uri > ? AND uri < ? AND length(uri) <= ?",
            (dataset, seq, *inside(uri), LONGEST_PATH),
        )

    def _id(self, table: tuple[str, str], *key: object, seq: int) -> int:
        found = self._find(table, *key)
        return self._make(table, *key, seq=seq) if found is None else found

    def _find(self, table: tuple[str, str], *key: object) -> int | None:
        known = self._ids.get((table, *key))
        if known is None:
            row = self._execute(table[0], key).fetchone()
            known = row[0] if row else None
            if known is not None:
                self._ids[(table, *key)] = known
        return known

    def _make(self, table: tuple[str, str], *key: object, seq: int) -> int:
        made = self._execute(table[1], (*key, seq)).lastrowid
        assert made is not None
        self._ids[(table, *key)] = made
        return made


def grouped(declarations: Iterable[Declaration]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what each authority says about each pattern, as the canonical JSON of a list.

    One authority may say several things about one pattern, each for its own time: all of them hold.
    """
    groups: dict[tuple[str, str], set[str]] = {}
    for declaration in declarations:
        key = (declaration.authority, declaration.pattern)
        groups.setdefault(key, set()).add(canonical(encode(declaration)))
    for key in sorted(groups):
        yield key, f"[{','.join(sorted(groups[key]))}]"


def wholes(uri: str) -> list[str]:
    """Return the URIs of the folders that a dataset is in, not above its authority.

    Example:
        >>> wholes("s3://lake/photos/1.jpg")
        ['s3://lake', 's3://lake/photos']
        >>> wholes("file:///data/x.csv")
        ['file:///', 'file:///data']
    """
    if len(uri) > LONGEST_PATH:
        return []
    scheme, found, _ = uri.partition("://")
    head = f"{scheme}{found}" if found else ""
    rest = uri[len(head) :]
    steps = rest.split("/")
    above = ("/".join(steps[:n]) or "/" for n in range(1, len(steps)))
    return [f"{head}{path}" for path in above if path != rest]


def inside(uri: str) -> tuple[str, str]:
    """Return between which two strings the URIs of all parts of a dataset sort.

    Example:
        >>> inside("s3://lake/photos")
        ('s3://lake/photos/', 's3://lake/photos0')
    """
    base = uri.removesuffix("/")
    return f"{base}/", f"{base}0"


def said_by(bodies: Iterable[str]) -> Collection[Declaration]:
    """Read back what :func:`grouped` wrote.

    Raises:
        ValueError: It is not that.
    """
    return [decode(Declaration, plain) for body in bodies for plain in json.loads(body)]
