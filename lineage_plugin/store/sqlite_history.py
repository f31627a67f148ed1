"""How datasets came to be: one walk upstream in the database, then everything at once.

Each question is answered within one read transaction and only from rows up to one sequence number,
so that what was known at any time can be asked again.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from lineage_plugin.codec import decode
from lineage_plugin.model import DatasetRef, EdgeKind, Output
from lineage_plugin.store.api import Activity, DatasetSummary, History
from lineage_plugin.store.sqlite_projection import LONGEST_PATH, inside, wholes
from lineage_plugin.store.sqlite_runs import Span, spans

#: Walks from datasets to what they were made from.  "s" are ids asked for, "t" ids only related to
#: what was asked for, "k" the last entry known.  Kinds of rows: 0 datasets asked for or read by a
#: writer, 1 what contains these or is part of them, 2 activities that wrote any of both.  Another
#: name of a dataset is of its kind.
_WALK = """
WITH RECURSIVE r (kind, id) AS (
    SELECT 0, value FROM json_each(:s)
    UNION SELECT 1, value FROM json_each(:t)
    UNION SELECT 1, c.whole FROM r CROSS JOIN contains c
        WHERE r.kind = 0 AND c.part = r.id AND c.seq <= :k
    UNION SELECT 1, c.part FROM r CROSS JOIN contains c
        WHERE r.kind = 0 AND c.whole = r.id AND c.seq <= :k
    UNION SELECT r.kind, n.other_id FROM r CROSS JOIN alias n
        WHERE r.kind < 2 AND n.dataset_id = r.id AND n.seq <= :k
    UNION SELECT 2, t.activity_id FROM r CROSS JOIN touch t
        WHERE r.kind < 2 AND t.dataset_id = r.id AND t.role IN ('out', 'over') AND t.seq <= :k
    UNION SELECT 0, t.dataset_id FROM r CROSS JOIN touch t
        WHERE r.kind = 2 AND t.activity_id = r.id AND t.role = 'in' AND t.seq <= :k
)
SELECT kind, id FROM r
"""

_NAMES = """
SELECT n.dataset_id, n.namespace, n.name FROM json_each(:ids) x CROSS JOIN naming n
WHERE n.dataset_id = x.value AND n.seq <= :k
"""

_RELATED = """
SELECT c.part, c.whole FROM json_each(:ids) x CROSS JOIN contains c
WHERE c.part = x.value AND c.seq <= :k
UNION ALL
SELECT c.whole, c.part FROM json_each(:ids) x CROSS JOIN contains c
WHERE c.whole = x.value AND c.seq <= :k
"""

_READS = """
SELECT t.activity_id, t.dataset_id FROM json_each(:ids) x CROSS JOIN touch t
WHERE t.dataset_id = x.value AND t.role = 'in' AND t.seq <= :k
"""

_WRITES = """
SELECT t.activity_id, t.dataset_id, t.role = 'over' FROM json_each(:ids) x CROSS JOIN touch t
WHERE t.dataset_id = x.value AND t.role IN ('out', 'over') AND t.seq <= :k
"""

# Of the activities whose spans were asked for, by way of the same table.
_ACTIVITIES = """
SELECT a.id, j.namespace, j.name, a.grp
FROM temp.asked x CROSS JOIN activity a CROSS JOIN job j
WHERE a.id = x.id AND j.id = a.job_id
"""

_EDGES = """
SELECT e.activity_id, group_concat(e.kind, ' ') FROM temp.asked x CROSS JOIN activity_edge e
WHERE e.activity_id = x.id AND e.seq <= :k GROUP BY x.id
"""

_ALIASES = """
SELECT n.dataset_id, n.other_id, n.said_by FROM json_each(:ids) x CROSS JOIN alias n
WHERE n.dataset_id = x.value AND n.seq <= :k
"""

# All events of the activities of which any says what an output was made from.
_EXPLICIT = """
SELECT r.activity_id, e.facts
FROM json_each(:ids) x CROSS JOIN explicit p CROSS JOIN run r CROSS JOIN run_event v
CROSS JOIN entry e
WHERE p.activity_id = x.value AND p.seq <= :k AND r.activity_id = p.activity_id
AND v.run_id = r.id AND v.seq <= :k AND e.seq = v.seq
"""

_INSIDE = """
SELECT id FROM dataset WHERE uri > ? AND uri < ? AND length(uri) <= ? AND seq <= ?
"""


#: No dataset has an id this low; those that a record does not know have -1 and so on.
_NOT_REACHED = -(1 << 40)


class Walk:
    """One question to the record, within the read transaction of *connection*."""

    def __init__(self, connection: sqlite3.Connection, known_seq: int | None) -> None:
        self._connection = connection
        self._execute = connection.execute
        head: int = self._execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()[0]
        self._seq = head if known_seq is None else min(head, known_seq)

    def history(self, refs: Collection[DatasetRef]) -> History:
        """Return how *refs* came to be."""
        asked = {ref.uri: ref for ref in refs}
        known = dict(self._known(asked))
        unknown = {-n: ref for n, ref in enumerate((asked[u] for u in asked if u not in known), 1)}
        related = self._related_to_unknown(unknown)
        beside = {i for others in related.values() for i in others if i > 0}
        read, seen, writers = self._reached(known.values(), beside)
        for dataset, other in self._of(_RELATED, read):
            related[dataset].add(other)
        reads: list[tuple[int, int]] = self._of(_READS, seen).fetchall()
        # Who replaced and who only wrote is one writer, that replaced.
        wrote: dict[tuple[int, int], bool] = {}
        for a, dataset, over in self._of(_WRITES, seen):
            wrote[a, dataset] = bool(over) or wrote.get((a, dataset), False)
        # What was there before anybody wrote it, all readers tell, not only those that wrote.
        found = spans(self._connection, self._seq, {*writers, *(a for a, _ in reads)})
        activities = self._activities(set(writers), found)
        datasets = {**self._names(seen), **unknown}
        return History(
            datasets=datasets,
            related={dataset: tuple(sorted(others)) for dataset, others in related.items()},
            activities=activities,
            writes=[(a, dataset, over) for (a, dataset), over in wrote.items()],
            # Writers only read what was reached, so none of their reads is missing here.
            reads=[pair for pair in reads if pair[0] in activities],
            first_read_us=_first_reads(found, reads),
            seq=self._seq,
            explicit=self._explicit(writers, datasets),
            aliases=self._aliases(seen),
        )

    def _aliases(self, ids: Collection[int]) -> dict[int, tuple[tuple[int, str], ...]]:
        found: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for dataset, other, said_by in self._of(_ALIASES, ids):
            found[dataset].append((other, said_by))
        return {dataset: tuple(sorted(names)) for dataset, names in found.items()}

    def _explicit(
        self, writers: Collection[int], datasets: Mapping[int, DatasetRef]
    ) -> dict[tuple[int, int], tuple[tuple[str, tuple[int, ...]], ...]]:
        """Read what events say that outputs were made from; one silent event silences the rest."""
        number = {ref.uri: dataset for dataset, ref in datasets.items()}
        said: dict[tuple[int, int], set[tuple[str, tuple[int, ...]]]] = defaultdict(set)
        silent: set[tuple[int, int]] = set()
        for activity, facts in self._of(_EXPLICIT, writers):
            for plain in json.loads(facts).get("outputs", ()):
                output = decode(Output, plain)
                # What made an output that was not asked for did not make the others.
                written = number.setdefault(output.ref.uri, _NOT_REACHED - len(number))
                key = (activity, written)
                if not output.lineage:
                    silent.add(key)
                for word in output.lineage:
                    inputs = {number[ref.uri] for ref in word.inputs}
                    said[key].add((word.said_by, tuple(sorted(inputs))))
        return {key: tuple(sorted(words)) for key, words in said.items() if key not in silent}

    def summaries(self, ids: Collection[int]) -> Iterator[DatasetSummary]:
        """Say for each dataset how often it was written and read, and by what last."""
        touches: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for activity, dataset in self._of(_READS, ids):
            touches[dataset].append((activity, "in"))
        for activity, dataset, _ in self._of(_WRITES, ids):
            touches[dataset].append((activity, "out"))
        involved = {a for pairs in touches.values() for a, _ in pairs}
        found = spans(self._connection, self._seq, involved)
        activities = self._activities(involved, found)
        for dataset, ref in self._names(ids).items():
            done = [(a, role) for a, role in touches[dataset] if not activities[a].refused]
            latest = max(
                ((found[a].last_us, activities[a].job_name) for a, _ in done or touches[dataset]),
                default=(0, ""),
            )
            yield DatasetSummary(
                ref=ref,
                writes=len({a for a, role in done if role != "in"}),
                reads=len({a for a, role in done if role == "in"}),
                last_job=latest[1],
                last_us=latest[0],
            )

    def _reached(
        self, asked: Iterable[int], beside: Iterable[int]
    ) -> tuple[list[int], list[int], list[int]]:
        """Walk upstream: datasets read, these and all related to them, and their writers.

        Each list is in order, so that the pages of the file are visited in order.
        """
        start = {"s": json.dumps(list(asked)), "t": json.dumps(list(beside)), "k": self._seq}
        kinds: tuple[list[int], list[int], list[int]] = ([], [], [])
        for kind, number in self._execute(_WALK, start):
            kinds[kind].append(number)
        read, parts, writers = kinds
        return sorted(read), sorted({*read, *parts}), sorted(writers)

    def _of(self, query: str, ids: Collection[int]) -> sqlite3.Cursor:
        return self._execute(query, {"ids": json.dumps(list(ids)), "k": self._seq})

    def _known(self, uris: Collection[str]) -> Iterator[tuple[str, int]]:
        yield from self._execute(
            "SELECT d.uri, d.id FROM json_each(?) i CROSS JOIN dataset d"
            " WHERE d.uri = i.value AND d.seq <= ?",
            (json.dumps(list(uris)), self._seq),
        )

    def _related_to_unknown(self, unknown: dict[int, DatasetRef]) -> dict[int, set[int]]:
        """Find the folders and the contents of what was asked for but is not in the record."""
        related: dict[int, set[int]] = defaultdict(set)
        for dataset, ref in unknown.items():
            above = wholes(ref.uri)
            found = {i for _, i in self._known(above)}
            span = (*inside(ref.uri), LONGEST_PATH, self._seq)
            found.update(i for (i,) in self._execute(_INSIDE, span))
            found.update(other for other, whole in unknown.items() if whole.uri in above)
            for other in found:
                related[dataset].add(other)
                related[other].add(dataset)
        return related

    def _names(self, ids: Collection[int]) -> dict[int, DatasetRef]:
        names: dict[int, DatasetRef] = {}
        for dataset, namespace, name in self._of(_NAMES, ids):
            ref = DatasetRef(namespace, name)
            # Of several spellings the first in order of the alphabet, whichever came first.
            names[dataset] = min(ref, names[dataset]) if dataset in names else ref
        return names

    def _activities(self, ids: Collection[int], spans: dict[int, Span]) -> dict[int, Activity]:
        told: dict[int, str] = dict(self._of(_EDGES, ()))
        kinds = {text: frozenset(map(EdgeKind, text.split())) for text in {"", *told.values()}}
        found: dict[int, Activity] = {}
        for activity, namespace, name, group in self._execute(_ACTIVITIES):
            if activity in ids:
                started_us, _, ended_us, refused, _, runs = spans[activity]
                edges = kinds[told.get(activity, "")]
                found[activity] = Activity(
                    activity, namespace, name, group, started_us, ended_us, refused, edges, runs
                )
        return found


def _first_reads(spans: dict[int, Span], reads: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Map each dataset to the earliest start of a run that read it and completed."""
    first: dict[int, int] = {}
    for activity, dataset in reads:
        moment = spans[activity].completed_us
        if moment is not None and moment < first.get(dataset, moment + 1):
            first[dataset] = moment
    return first
