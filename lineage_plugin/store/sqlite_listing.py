"""What a SQLite record lists for people: decisions and datasets, a page at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from lineage_plugin.codec import decode
from lineage_plugin.model import DatasetRef, Decision, Outcome, Subject
from lineage_plugin.store.api import Tally

#: Sorts after every text that begins with what stands before it.
LAST = "\U0010ffff"

_NEWEST = """
SELECT e.facts FROM decision_input i JOIN decision d ON d.seq = i.decision_seq
JOIN entry e ON e.seq = d.seq
WHERE i.uri = :uri AND (:purpose IS NULL OR d.purpose = :purpose)
ORDER BY d.at_us DESC, d.id DESC LIMIT 1
"""

#: Of the names of a dataset, the first: they all mean the same.
_TOUCHES = """
SELECT DISTINCT j.name, n.namespace, n.name FROM touch t
JOIN activity a ON a.id = t.activity_id JOIN job j ON j.id = a.job_id
JOIN naming n ON n.dataset_id = t.dataset_id AND (n.namespace, n.name) = (
    SELECT namespace, name FROM naming WHERE dataset_id = t.dataset_id ORDER BY 1, 2 LIMIT 1)
ORDER BY 1, 2, 3
"""


def decisions(
    connection: sqlite3.Connection, condition: str, values: Sequence[object]
) -> Iterator[Decision]:
    """Read the decisions of a query; *condition* is ours, *values* are anybody's."""
    rows = connection.execute(
        f"SELECT e.facts FROM decision d JOIN entry e ON e.seq = d.seq {condition}",  # noqa: S608 - conditions are ours, values are bound
        values,
    )
    return (decode(Decision, json.loads(facts)) for (facts,) in rows)


def newest_first(
    *,
    limit: int,
    dataset: str | None,
    purpose: str | None,
    outcome: Outcome | None,
    asker: Subject,
    before: tuple[int, str] | None,
) -> tuple[str, tuple[object, ...]]:
    """Return the condition, and its values, under which :func:`decisions` lists."""
    # A job of Airflow is called after its DAG: an index leads to the few that are looked into.
    jobs = (f"{asker.dag_id}.", f"{asker.dag_id}.{LAST}") if asker.dag_id else ()
    asked: tuple[tuple[str, Sequence[object]], ...] = (
        ("d.seq IN (SELECT decision_seq FROM decision_input WHERE uri = ?)", _given(dataset)),
        ("d.purpose = ?", _given(purpose)),
        ("d.outcome = ?", _given(outcome.value if outcome else None)),
        ("d.job_name = ?", _given(asker.job_name)),
        ("d.job_name > ? AND d.job_name < ?", jobs),
        ("json_extract(e.facts, '$.subject.dag_id') = ?", _given(asker.dag_id)),
        ("json_extract(e.facts, '$.subject.task_id') = ?", _given(asker.task_id)),
        ("json_extract(e.facts, '$.subject.dag_run_id') = ?", _given(asker.dag_run_id)),
        ("(d.at_us, d.id) < (?, ?)", before or ()),
    )
    where = " AND ".join(condition for condition, values in asked if values) or "TRUE"
    found = [value for _, values in asked for value in values]
    return f"WHERE {where} ORDER BY d.at_us DESC, d.id DESC LIMIT ?", (*found, limit)


def _given(value: str | None) -> Sequence[object]:
    return (value,) if value else ()


def newest_of_each(
    connection: sqlite3.Connection, uris: Collection[str], purpose: str | None
) -> dict[str, Decision]:
    """Return the newest decision about each dataset."""
    found = {}
    # One by one: as JSON, a name would end at a zero byte.
    for uri in uris:
        asked = {"uri": uri, "purpose": purpose}
        for (facts,) in connection.execute(_NEWEST, asked):
            found[uri] = decode(Decision, json.loads(facts))
    return found


def dataset_ids(
    connection: sqlite3.Connection, *, prefix: str, containing: str, after: str, limit: int | None
) -> list[int]:
    """Return the ids of some datasets, by URI."""
    query = "SELECT id FROM dataset WHERE uri >= ? AND uri < ? AND uri > ?"
    values: list[Any] = [prefix, prefix + LAST, after]
    if containing:
        query += " AND instr(lower(uri), lower(?))"
        values.append(containing)
    rows = connection.execute(
        f"{query} ORDER BY uri LIMIT ?", (*values, -1 if limit is None else limit)
    )
    return [i for (i,) in rows]


def tally(connection: sqlite3.Connection) -> Tally:
    """Count datasets and decisions."""
    (count,) = connection.execute("SELECT count(*) FROM dataset").fetchone()
    rows = connection.execute(
        "SELECT purpose, outcome, count(*) FROM decision GROUP BY purpose, outcome"
    )
    return Tally(count, {(purpose, Outcome(outcome)): number for purpose, outcome, number in rows})


def touches(connection: sqlite3.Connection) -> list[tuple[str, DatasetRef]]:
    """Return which job (its name) read or wrote which dataset."""
    rows = connection.execute(_TOUCHES)
    return [(job, DatasetRef(namespace, name)) for job, namespace, name in rows]
