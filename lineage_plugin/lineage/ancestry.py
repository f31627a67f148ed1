"""Which versions a dataset version was made from, worked out from who ran when.

Nothing about versions is stored: the record keeps runs and what they touched, and the edges follow
from the times.  So the answer does not depend on the order in which events arrived, and a late
event mends it.

A reader that ran from *s* to *e* read, of each dataset, the last version that was settled at *s*
and every version whose writer overlaps it.  To read a folder is to read its files, and a file was
also written by whoever wrote its folder.  A write keeps what was there before, unless replacing it
is proven.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from lineage_plugin.lineage import explicit
from lineage_plugin.model import DatasetRef, Subject
from lineage_plugin.store.api import Activity, History

#: Later than every event: the end of what has not ended.
_NEVER = 1 << 62

#: No activity has this id.
_NOBODY = 0

_STARTED_US = attrgetter("started_us")

#: In what order writers began, the same for the same writers.
_IN_TIME = attrgetter("started_us", "id")


class Version(NamedTuple):
    """One state of a dataset.

    ``activity`` wrote it; ``None`` is what was there before any write that the record knows.
    ``is_open`` says that its writer had not ended at the time asked about.
    """

    dataset: int
    uri: str
    activity: Activity | None
    is_open: bool

    @property
    def name(self) -> str:
        """A stable name: the DAG run's id (the writer's group), else ``original``."""
        return self.activity.group if self.activity else "original"

    @property
    def job(self) -> str:
        """The writer as namespace/name, else ``none``."""
        writer = self.activity
        return f"{writer.job_namespace}/{writer.job_name}" if writer else "none"


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The versions that some datasets consist of now, and all that these were made from.

    Versions are named by their index.  ``current`` maps the URI of each dataset asked for to the
    versions a reader would get.  ``made_from`` are the versions that the writer read; ``kept``
    those that it appended to.  ``toward`` is the next version on the shortest way to a version of
    ``current`` (-1 for those), ``depth`` the length of that way.  ``inputs_known`` says whether the
    writer is known to have read anything.  ``stand_ins`` are names under which nothing was written,
    of datasets that have another: they are there for what is declared about them.
    """

    versions: Sequence[Version]
    current: dict[str, tuple[int, ...]]
    made_from: Sequence[tuple[int, ...]]
    kept: Sequence[tuple[int, ...]]
    toward: Sequence[int]
    depth: Sequence[int]
    inputs_known: Sequence[bool]
    stand_ins: frozenset[int] = frozenset()

    def path(self, version: int) -> tuple[int, ...]:
        """Return the shortest way from a version that was asked for to *version*, both included."""
        way = [version]
        while (version := self.toward[version]) >= 0:
            way.append(version)
        return tuple(reversed(way))

    def above(self, versions: Iterable[int]) -> set[int]:
        """Return *versions* and all that they were made from."""
        found = set(versions)
        waiting = list(found)
        while waiting:
            version = waiting.pop()
            fresh = {*self.made_from[version], *self.kept[version]} - found
            found |= fresh
            waiting += fresh
        return found

    def dataset_path(self, version: int) -> tuple[str, ...]:
        """Return :meth:`path` as URIs; several versions of one dataset in a row count once."""
        uris: list[str] = []
        for step in self.path(version):
            uri = self.versions[step].uri
            if not uris or uris[-1] != uri:
                uris.append(uri)
        return tuple(uris)


def ascend(
    history: History,
    refs: Collection[DatasetRef],
    *,
    at_us: int | None,
    is_root: Callable[[str], bool],
    reader: Subject | None = None,
    trusts: Callable[[str], bool] = lambda _: False,
) -> Ancestry:
    """Find the versions that *refs* consist of at *at_us*, and all of their ancestors.

    Without *at_us* that is after all that is recorded: now, even where a writer's clock is ahead.
    *is_root* tells by its URI whether somebody declared that a dataset comes from outside.  What
    *reader* itself writes is not among the versions asked for: a task that reads and writes one
    table reads it as it was before.  *trusts* tells whose word counts that would make data look
    cleaner: that an output was made from some inputs only, or that a dataset of which nothing is
    known is another of which something is.
    """
    return _Ascent(history, at_us, is_root, reader, trusts).run(refs)


class _Closed(NamedTuple):
    """A version whose writer has ended.

    Of the writers up to this one, ``latest_us`` is the end of the last to end, ``last`` its place.
    ``tied`` is the place of another that ended when this one did, being the last (-1: none).
    """

    started_us: int
    ended_us: int
    latest_us: int
    last: int
    tied: int
    activity: Activity


@dataclass(slots=True)
class _Timeline:
    """The written versions of one dataset, in the order their writers started."""

    closed: list[_Closed] = field(default_factory=list)
    open: tuple[Activity, ...] = ()

    def add(self, activity: Activity, ended_us: int) -> None:
        if ended_us == _NEVER:
            self.open = (*self.open, activity)
            return
        place, latest_us, last, tied = len(self.closed), ended_us, len(self.closed), -1
        if place:
            before = self.closed[-1]
            if ended_us == before.latest_us:
                tied = before.last
            elif ended_us < before.latest_us:
                latest_us, last = before.latest_us, before.last
        self.closed.append(_Closed(activity.started_us, ended_us, latest_us, last, tied, activity))

    @property
    def is_of_one(self) -> bool:
        """Whether nobody wrote it twice."""
        return len(self.closed) + len(self.open) == 1

    def changes_us(self) -> Iterator[int]:
        """Yield when somebody began or ended to write, in no order."""
        for written in self.closed:
            yield written.started_us
            yield written.ended_us
        for activity in self.open:
            yield activity.started_us

    def first_us(self) -> int:
        opened = min((a.started_us for a in self.open), default=_NEVER)
        return min(self.closed[0].started_us, opened) if self.closed else opened

    def seen(self, reading: _Reading, *, settled: bool) -> list[Activity]:
        """Return the writers whose versions a reader gets, itself perhaps among them.

        The scan goes back only while some writer that started earlier ended after the reader
        started.  Of a run that is known by a single event all is known to have happened at once:
        nothing else that happened then was settled before it.
        """
        closed = self.closed
        start_us, end_us, *_ = reading
        at_once = reading.toward >= 0 and start_us == end_us
        found = [activity for activity in self.open if activity.started_us < end_us]
        before: list[_Closed] = []
        place = bisect_right(closed, end_us, key=_STARTED_US) - 1
        while place >= 0 and (
            (written := closed[place]).latest_us > start_us
            or (at_once and written.started_us == start_us)
        ):
            if at_once and written.started_us == written.ended_us == start_us:
                found.append(written.activity)
            elif written.ended_us <= start_us:
                before.append(written)
            elif written.started_us < end_us:
                found.append(written.activity)
            place -= 1
        if not settled:
            return found
        last_us = closed[place].latest_us if place >= 0 else -_NEVER
        if before:
            last_us = max(last_us, *(written.ended_us for written in before))
            found += [written.activity for written in before if written.ended_us == last_us]
        place = closed[place].last if place >= 0 and closed[place].latest_us == last_us else -1
        while place >= 0:
            found.append(closed[place].activity)
            place = closed[place].tied
        return found


class _Seen(NamedTuple):
    """The versions that a reader gets: those it is known to get, and those somebody speaks of."""

    known: list[int]
    doubtful: list[int]


_NOTHING = _Seen([], [])


class _Sight(NamedTuple):
    """What a reader of one dataset gets, remembered between any two changes of it.

    ``changes_us`` are the moments, in order, at which somebody began or ended to write it, what
    contains it or what it contains.  ``found`` holds what readers get between two of them.
    """

    changes_us: list[int]
    found: dict[int, _Seen]


class _Ascent:
    """One walk from what is asked for up to where everything came from."""

    def __init__(
        self,
        history: History,
        at_us: int | None,
        is_root: Callable[[str], bool],
        reader: Subject | None,
        trusts: Callable[[str], bool],
    ) -> None:
        self.history = history
        self.at_us = _horizon(history) if at_us is None else at_us
        self.uris = history.uris
        self.is_root = is_root
        self.timelines: dict[int, _Timeline] = {}
        self.sights: dict[int, _Sight] = {}
        self.overwrites: set[tuple[int, int]] = set()
        self.was_there: set[int] = set()
        self.reads: dict[int, list[int]] = defaultdict(list)
        self.read_by: dict[tuple[int, int], tuple[tuple[int, ...], bool]] = {}
        self.inputs_known: list[bool] = []
        self.sources = explicit.sources(history, trusts)
        self.names = explicit.names(history, trusts)
        self.stand_ins: set[int] = set()
        self.index: dict[tuple[int, int], int] = {}
        self.versions: list[Version] = []
        self.made_from: list[tuple[int, ...]] = []
        self.kept: list[tuple[int, ...]] = []
        self.toward: list[int] = []
        self.depth: list[int] = []
        self.own = _NOBODY if reader is None else _id_of(reader, history.activities.values())
        self._lay_out()

    def _lay_out(self) -> None:
        activities = self.history.activities
        writers: dict[int, list[Activity]] = defaultdict(list)
        for a, dataset, overwrites in self.history.writes:
            activity = activities[a]
            if not activity.refused and activity.started_us <= self.at_us:
                writers[dataset].append(activity)
                if overwrites:
                    self.overwrites.add((dataset, a))
        for dataset, wrote in writers.items():
            timeline = self.timelines[dataset] = _Timeline()
            for activity in sorted(wrote, key=_IN_TIME) if len(wrote) > 1 else wrote:
                timeline.add(activity, self._ended(activity))
        timelines = self.timelines
        # What was read before anybody wrote it was there before, whoever put it there.
        first_read = self.history.first_read_us
        self.was_there = {
            dataset
            for dataset, timeline in timelines.items()
            if min(first_read.get(name, _NEVER) for name in (dataset, *self.names.get(dataset, ())))
            < timeline.first_us()
        }
        for a, dataset in self.history.reads:
            self.reads[a].append(dataset)

    def _ended(self, activity: Activity) -> int:
        ended = activity.ended_us
        return _NEVER if ended is None or ended > self.at_us else ended

    def run(self, refs: Collection[DatasetRef]) -> Ancestry:
        by_uri = {uri: dataset for dataset, uri in self.uris.items()}
        reading = _Reading(self.at_us, self.at_us, self.own, toward=-1)
        current = {
            uri: tuple(itertools.chain(*self._read(by_uri[uri], reading)))
            for uri in dict.fromkeys(ref.uri for ref in refs)
        }
        position = 0
        while position < len(self.versions):
            self._find_parents(position)
            position += 1
        return Ancestry(
            self.versions,
            current,
            self.made_from,
            self.kept,
            self.toward,
            self.depth,
            self.inputs_known,
            frozenset(self.stand_ins),
        )

    def _find_parents(self, version: int) -> None:
        activity = self.versions[version].activity
        if activity is None:
            return
        reading = _Reading(
            activity.started_us, self._ended(activity), writer=activity.id, toward=version
        )
        dataset = self.versions[version].dataset
        sources = self.sources.get((activity.id, dataset))
        # Where nobody says which inputs made which outputs, all of them made all.
        key = (activity.id, _NOBODY if sources is None else dataset)
        if key not in self.read_by:
            read = self.reads.get(activity.id, ())
            seen = [self._seen(d, reading) for d in read if sources is None or d in sources]
            every = dict.fromkeys(p for sight in seen for p in (*sight.known, *sight.doubtful))
            # Who read nothing but what itself had written read nothing that is known.
            self.read_by[key] = tuple(every), any(sight.known for sight in seen)
        self.made_from[version], self.inputs_known[version] = self.read_by[key]
        if self.timelines[dataset].is_of_one and dataset not in self.was_there:
            return
        replaced = (dataset, activity.id) in self.overwrites
        self.kept[version] = tuple(self._of_one(dataset, reading, settled=not replaced))

    def _seen(self, dataset: int, reading: _Reading) -> _Seen:
        """Return what :meth:`_read` does, and work it out once for all who read the same state."""
        sight = self.sights.get(dataset)
        if sight is None:
            sight = self.sights[dataset] = _Sight(self._changes(dataset), {})
        changes_us = sight.changes_us
        epoch = bisect_left(changes_us, reading.start_us)
        if epoch != bisect_right(changes_us, reading.end_us):
            return self._read(dataset, reading)
        if epoch not in sight.found:
            sight.found[epoch] = self._read(dataset, reading)
        return sight.found[epoch]

    def _changes(self, dataset: int) -> list[int]:
        found: list[int] = []
        near = explicit.neighbours(self.history, self.names, dataset)
        for other in near & self.timelines.keys():
            found += self.timelines[other].changes_us()
        return sorted(found)

    def _read(self, dataset: int, reading: _Reading) -> _Seen:
        """Return the versions of *dataset* under all its names, and of its wholes and parts."""
        found = self._with_related(dataset, reading)
        beside = self._named_otherwise(dataset, reading) if self.names else _NOTHING
        is_empty = not (found or beside.known)
        if dataset in self.timelines:
            # Its writer read it before anything was there: the first run of an incremental table.
            missing = is_empty and not self._wrote(reading.writer, dataset)
        else:
            missing = is_empty or self.is_root(self.uris[dataset])
        doubtful = beside.doubtful
        if missing:
            found.append(self._add(dataset, None, reading.toward))
        elif not found and (beside.known or doubtful):
            doubtful = [*doubtful, self._stand_in(dataset, reading.toward)]
        return _Seen(found + beside.known, doubtful)

    def _with_related(self, dataset: int, reading: _Reading) -> list[int]:
        """Return the versions of *dataset*, of what contains it and of what it contains."""
        found = self._of_one(dataset, reading)
        for other in self.history.related.get(dataset, ()):
            written = self._of_one(other, reading)
            found += written
            if not written and self._stands_unwritten(other, inside=self.uris[dataset]):
                found.append(self._add(other, None, reading.toward))
        return found

    def _named_otherwise(self, dataset: int, reading: _Reading) -> _Seen:
        """Return the versions of *dataset* under other names, and those of its wholes and parts.

        Known is what, on trusted words, *dataset* itself is.
        """
        known: list[int] = []
        doubtful: list[int] = []
        for name, is_trusted in self.names.get(dataset, {}).items():
            under = self._with_related(name, reading)
            if not under and name not in self.timelines and self.is_root(self.uris[name]):
                under = [self._add(name, None, reading.toward)]
            if is_trusted:
                known += under
            else:
                doubtful += under
            if not under:
                doubtful.append(self._stand_in(name, reading.toward))
        for other in self.history.related.get(dataset, ()):
            for name in self.names.get(other, ()):
                doubtful += self._of_one(name, reading) or [self._stand_in(name, reading.toward)]
        return _Seen(known, doubtful)

    def _stands_unwritten(self, dataset: int, *, inside: str) -> bool:
        """Whether a related dataset that nobody wrote is part of what is read all the same."""
        if dataset in self.timelines:
            return False
        was_read = self.history.first_read_us.get(dataset, _NEVER) <= self.at_us
        uri = self.uris[dataset]
        return self.is_root(uri) or (was_read and uri.startswith(f"{inside}/"))

    def _wrote(self, activity: int, dataset: int) -> bool:
        timeline = self.timelines[dataset]
        return activity != self.own and any(
            a.id == activity for a in (*timeline.open, *(c.activity for c in timeline.closed))
        )

    def _of_one(self, dataset: int, reading: _Reading, *, settled: bool = True) -> list[int]:
        timeline = self.timelines.get(dataset)
        if timeline is None:
            return []
        found = [
            self._add(dataset, activity, reading.toward)
            for activity in timeline.seen(reading, settled=settled)
            if activity.id != reading.writer
        ]
        if (
            settled
            and dataset in self.was_there
            and not any(self._has_ended(v, reading.start_us) for v in found)
        ):
            found.append(self._add(dataset, None, reading.toward))
        return found

    def _has_ended(self, version: int, by_us: int) -> bool:
        activity = self.versions[version].activity
        return activity is not None and self._ended(activity) <= by_us

    def _add(self, dataset: int, activity: Activity | None, toward: int) -> int:
        key = (dataset, activity.id if activity else _NOBODY)
        index = self.index.get(key)
        if index is None:
            index = self.index[key] = len(self.versions)
            is_open = activity is not None and self._ended(activity) == _NEVER
            self.versions.append(Version(dataset, self.uris[dataset], activity, is_open))
            self.made_from.append(())
            self.kept.append(())
            self.toward.append(toward)
            self.depth.append(self.depth[toward] + 1 if toward >= 0 else 0)
            self.inputs_known.append(activity is None)
        if activity is None:
            self.stand_ins.discard(index)
        return index

    def _stand_in(self, dataset: int, toward: int) -> int:
        """Return the version of a name under which nothing is there, unless something was found."""
        index = self.index.get((dataset, _NOBODY))
        if index is None:
            index = self._add(dataset, None, toward)
            self.stand_ins.add(index)
        return index


def _horizon(history: History) -> int:
    """Return a moment after all that is recorded, whatever the clocks of those who ran said."""
    activities = history.activities.values()
    began = (activity.started_us for activity in activities)
    ended = (activity.ended_us for activity in activities if activity.ended_us is not None)
    return max(chain(began, ended, history.first_read_us.values()), default=0) + 1


class _Reading(NamedTuple):
    """Somebody reads during an interval; what ``writer`` writes meanwhile is not what it reads."""

    start_us: int
    end_us: int
    writer: int
    toward: int


def _id_of(reader: Subject, activities: Iterable[Activity]) -> int:
    asked = (reader.job_namespace, reader.job_name, reader.group)
    found = (a.id for a in activities if (a.job_namespace, a.job_name, a.group) == asked)
    return next(found, _NOBODY)
