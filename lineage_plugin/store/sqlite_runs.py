"""When activities began and ended, worked out from the events of their runs.

Most runs say themselves that they ended, and the database boils these down to one row for each
activity.  What is left needs its surroundings: the end of its parent, or a later try.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

# What each run of the activities did.  A claim to have been refused counts only if the record holds
# that decision, and it was about this run: otherwise a writer could hide behind somebody else's
# refusal.  Whoever says that it completed had its body run.
_RUNS = """
SELECT x.id, r.id, r.uuid, min(e.at_us), max(e.at_us),
    max(CASE WHEN e.state = 'START' THEN e.at_us END),
    max(CASE WHEN e.state IN ('COMPLETE', 'FAIL', 'ABORT') THEN e.at_us END),
    max(e.state = 'COMPLETE'),
    max(CASE WHEN e.refused_by IS NULL THEN 0 ELSE EXISTS (
        SELECT 1 FROM decision d JOIN activity a ON a.id = x.id JOIN job j ON j.id = a.job_id
        WHERE d.id = e.refused_by AND d.seq <= :k AND d.outcome <> 'ALLOWED' AND (
            d.run_uuid = r.uuid
            OR (d.job_namespace, d.job_name, d.grp) = (j.namespace, j.name, a.grp))) END)
FROM temp.asked x CROSS JOIN run r CROSS JOIN run_event e
WHERE r.activity_id = x.id AND e.run_id = r.id AND e.seq <= :k
GROUP BY x.id, r.id ORDER BY x.id, r.id
"""

_PLACES = """
SELECT p.run_id, p.parent_uuid, p.slot, p.attempt
FROM json_each(:ids) i CROSS JOIN run_place p WHERE p.run_id = i.value AND p.seq <= :k
"""

_PARENTS = """
SELECT r.uuid,
    max(CASE WHEN e.state = 'START' THEN e.at_us END),
    max(CASE WHEN e.state IN ('COMPLETE', 'FAIL', 'ABORT') THEN e.at_us END)
FROM json_each(:ids) i CROSS JOIN run r CROSS JOIN run_event e
WHERE r.uuid = i.value AND e.run_id = r.id AND e.seq <= :k GROUP BY r.uuid
"""


class Span(NamedTuple):
    """From when to when an activity ran, and whether its body ever did.

    ``completed_us`` is the earliest start of a run that completed, ``last_us`` the last event.
    """

    started_us: int
    last_us: int
    ended_us: int | None
    refused: bool
    completed_us: int | None
    runs: tuple[str, ...]


class _Run(NamedTuple):
    """One run, boiled down from its events; ``start_us`` and ``final_us`` are the last of each."""

    id: int
    uuid: str
    first_us: int
    last_us: int
    start_us: int | None
    final_us: int | None
    completed: int
    refused: int

    def ends_at(self, moment_us: int | None) -> bool:
        """Whether something final at this moment ends the run, which may have started again."""
        began_us = self.first_us if self.start_us is None else self.start_us
        return moment_us is not None and moment_us >= began_us

    def span(self, ended_us: int | None) -> Span:
        """Return the span of an activity that has no other run."""
        return Span(
            self.first_us,
            self.last_us,
            ended_us,
            bool(self.refused and not self.completed),
            self.first_us if self.completed else None,
            (self.uuid,),
        )


class _Places(NamedTuple):
    """Where runs stand: when their parents ended, and which try of which map index they are."""

    parents_us: dict[int, list[int]]
    tries: dict[int, tuple[int, int]]


def spans(
    connection: sqlite3.Connection, known_seq: int, activities: Collection[int]
) -> dict[int, Span]:
    """Return the span of every one of *activities* that has an event.

    They stay in ``temp.asked``.
    """
    # By way of a table, whose order saves the database from sorting.
    connection.execute("DELETE FROM temp.asked")
    connection.execute(
        "INSERT INTO temp.asked SELECT value FROM json_each(?)", (json.dumps(sorted(activities)),)
    )
    found: dict[int, Span] = {}
    unclear: dict[int, list[_Run]] = {}
    for activity, rows in groupby(connection.execute(_RUNS, {"k": known_seq}), itemgetter(0)):
        row, *more = rows
        # Most activities are one run that said itself that it ended.  Hundreds of thousands of them
        # may be asked about, so that nothing is made of these but the answer.
        _, _, uuid, first_us, last_us, start_us, final_us, completed, refused = row
        if not more and final_us is not None and (start_us is None or final_us >= start_us):
            completed_us = first_us if completed else None
            is_refused = bool(refused and not completed)
            found[activity] = Span(first_us, last_us, final_us, is_refused, completed_us, (uuid,))
        else:
            unclear[activity] = [_Run._make(each[1:]) for each in (row, *more)]
    places = _places(connection, known_seq, [run.id for group in unclear.values() for run in group])
    for activity, group in unclear.items():
        found[activity] = _joined(group, places)
    return found


def _joined(runs: list[_Run], places: _Places) -> Span:
    """Return the span of an activity with several runs, or with one that did not end by itself."""
    later = _later_tries(runs, places.tries)
    each = [
        run.span(_end(run, places.parents_us.get(run.id, ()), later.get(run.id))) for run in runs
    ]
    ends = [span.ended_us for span in each if span.ended_us is not None]
    completed = [span.completed_us for span in each if span.completed_us is not None]
    return Span(
        started_us=min(span.started_us for span in each),
        last_us=max(span.last_us for span in each),
        ended_us=max(ends) if len(ends) == len(each) else None,
        refused=all(span.refused for span in each),
        completed_us=min(completed, default=None),
        runs=tuple(sorted(run.uuid for run in runs)),
    )


def _end(run: _Run, parents_us: Iterable[int], later_us: int | None) -> int | None:
    """Return when a run ended: as it said itself, else the first sign that it no longer ran."""
    if run.ends_at(run.final_us):
        return run.final_us
    signs = [moment for moment in parents_us if run.ends_at(moment)]
    if later_us is not None:
        signs.append(later_us)
    return min(signs, default=None)


def _places(connection: sqlite3.Connection, known_seq: int, ids: list[int]) -> _Places:
    """Look up where the runs with these ids stand."""
    parents: dict[int, set[str]] = defaultdict(set)
    tries: dict[int, tuple[int, int]] = {}
    values = {"ids": json.dumps(ids), "k": known_seq}
    for run, parent, slot, attempt in connection.execute(_PLACES, values):
        if parent:
            parents[run].add(parent)
        # Some events know less: then the number is the smallest.
        tries[run] = max(tries.get(run, (-1, 0)), (slot, attempt))
    uuids = sorted({uuid for found in parents.values() for uuid in found})
    values["ids"] = json.dumps(uuids)
    finals = {
        uuid: final
        for uuid, start, final in connection.execute(_PARENTS, values)
        if final is not None and (start is None or final >= start)
    }
    ended = {run: [finals[p] for p in found if p in finals] for run, found in parents.items()}
    return _Places(ended, tries)


def _later_tries(runs: list[_Run], tries: dict[int, tuple[int, int]]) -> dict[int, int]:
    """Map each run to the start of the first later try of the same map index, if there is one."""
    slots: dict[int, dict[int, list[_Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        slot, attempt = tries.get(run.id, (-1, 0))
        slots[slot][attempt].append(run)
    later: dict[int, int] = {}
    for attempts in slots.values():
        next_us: int | None = None
        for attempt in sorted(attempts, reverse=True):
            if next_us is not None:
                later.update((run.id, max(next_us, run.last_us)) for run in attempts[attempt])
            started = min(run.first_us for run in attempts[attempt])
            next_us = started if next_us is None else min(next_us, started)
    return later
