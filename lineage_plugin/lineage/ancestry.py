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

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from lineage_plugin.lineage import explicit
from lineage_plugin.lineage.timeline import NEVER, Reading, Timeline
from lineage_plugin.model import DatasetRef, Subject
from lineage_plugin.store.api import Activity, History

#: No activity has this id.
_NOBODY = 0

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
        self.sole: dict[int, Activity] = {}
        self.timelines: dict[int, Timeline] = {}
        self.sights: dict[int, _Sight] = {}
        self.was_there: set[int] = set()
        self.reads: dict[int, list[int]] = defaultdict(list)
        self.read_by: dict[int | tuple[int, int], int] = {}
        self.inputs_known: list[bool] = []
        self.sources = explicit.sources(history, trusts)
        self.names = explicit.names(history, trusts)
        self.stand_ins: set[int] = set()
        # What its sole writer made of a dataset goes by the dataset's id.
        self.index: dict[int | tuple[int, int], int] = {}
        self.versions: list[Version] = []
        self.made_from: list[tuple[int, ...]] = []
        self.kept: list[tuple[int, ...]] = []
        self.toward: list[int] = []
        self.depth: list[int] = []
        self.own = _NOBODY if reader is None else _id_of(reader, history.activities.values())
        self._lay_out()

    def _lay_out(self) -> None:
        """Sort what was written and read.

        Most datasets are one run's, and nothing is known of them but that: ``sole`` has their
        writers, who are quickly asked.  The others have timelines.
        """
        activities, at_us = self.history.activities, self.at_us
        writers: dict[int, list[Activity]] = defaultdict(list)
        for a, dataset, _ in self.history.writes:
            activity = activities[a]
            if not activity.refused and activity.started_us <= at_us:
                writers[dataset].append(activity)
        first_read_us = self.history.first_read_us
        entangled = self._entangled()
        for dataset, wrote in writers.items():
            names = (dataset, *self.names.get(dataset, ())) if dataset in entangled else (dataset,)
            # What was read before anybody wrote it was there before, whoever put it there.
            read_us = min(first_read_us.get(name, NEVER) for name in names)
            first = wrote[0] if len(wrote) == 1 else min(wrote, key=_IN_TIME)
            if read_us < first.started_us:
                self.was_there.add(dataset)
            elif len(wrote) == 1 and dataset not in entangled and self._is_over(first):
                self.sole[dataset] = first
                continue
            timeline = self.timelines[dataset] = Timeline()
            for activity in sorted(wrote, key=_IN_TIME):
                timeline.add(activity, self._ended(activity))
        self.overwrites = {
            (dataset, a)
            for a, dataset, over in self.history.writes
            if over and dataset in self.timelines
        }
        for a, dataset in self.history.reads:
            self.reads[a].append(dataset)

    def _is_over(self, activity: Activity) -> bool:
        """Whether it ended, and is not the reader's own, whose versions that one does not see."""
        return activity.id != self.own and self._ended(activity) != NEVER

    def _entangled(self) -> set[int]:
        """Return the datasets of which a reader may get what belongs to another, or does itself."""
        related = self.history.related
        return {*related, *chain.from_iterable(related.values()), *self.names}

    def _ended(self, activity: Activity) -> int:
        ended = activity.ended_us
        return NEVER if ended is None or ended > self.at_us else ended

    def run(self, refs: Collection[DatasetRef]) -> Ancestry:
        asked = dict.fromkeys(ref.uri for ref in refs)
        by_uri = {uri: dataset for dataset, uri in self.uris.items() if uri in asked}
        reading = Reading(self.at_us, self.at_us, self.own, toward=-1)
        current = {uri: tuple(self._versions_of(by_uri[uri], reading)) for uri in asked}
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
        dataset, _, activity, _ = self.versions[version]
        if activity is None:
            return
        reading = Reading(activity.started_us, self._ended(activity), activity.id, version)
        sources = self.sources.get((activity.id, dataset)) if self.sources else None
        # Where nobody says which inputs made which outputs, all of them made all.
        key = activity.id if sources is None else (activity.id, dataset)
        like = self.read_by.setdefault(key, version)
        if like == version:
            self._read_inputs(reading, sources)
        else:
            self.made_from[version] = self.made_from[like]
            self.inputs_known[version] = self.inputs_known[like]
        if dataset in self.sole:
            return
        if dataset in self.was_there or not self.timelines[dataset].is_of_one:
            replaced = (dataset, activity.id) in self.overwrites
            self.kept[version] = tuple(self._of_one(dataset, reading, settled=not replaced))

    def _read_inputs(self, reading: Reading, sources: Collection[int] | None) -> None:
        """Find what a writer read: of *sources* only, where they are given."""
        found: list[int] = []
        # Who read nothing but what itself had written read nothing that is known.
        is_known = False
        for dataset in self.reads.get(reading.writer, ()):
            if sources is not None and dataset not in sources:
                continue
            sole = self.sole.get(dataset)
            if sole is None:
                known, doubtful = self._seen(dataset, reading)
                found += known
                found += doubtful
                is_known = is_known or bool(known)
            elif sole.id != reading.writer:
                found.append(self._of_sole(dataset, sole, reading))
                is_known = True
        self.made_from[reading.toward] = tuple(dict.fromkeys(found))
        self.inputs_known[reading.toward] = is_known

    def _of_sole(self, dataset: int, sole: Activity, reading: Reading) -> int:
        """Return what a reader gets of a dataset that nobody but *sole* wrote."""
        start_us, end_us, _, toward = reading
        if sole.started_us >= end_us and self._ended(sole) > start_us:
            return self._add(dataset, None, toward)
        index = self.index.get(dataset)
        return self._append(dataset, dataset, sole, toward) if index is None else index

    def _versions_of(self, dataset: int, reading: Reading) -> Iterable[int]:
        sole = self.sole.get(dataset)
        if sole is None:
            return chain(*self._read(dataset, reading))
        return (self._of_sole(dataset, sole, reading),)

    def _seen(self, dataset: int, reading: Reading) -> _Seen:
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

    def _read(self, dataset: int, reading: Reading) -> _Seen:
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

    def _with_related(self, dataset: int, reading: Reading) -> list[int]:
        """Return the versions of *dataset*, of what contains it and of what it contains."""
        found = self._of_one(dataset, reading)
        for other in self.history.related.get(dataset, ()):
            written = self._of_one(other, reading)
            found += written
            if not written and self._stands_unwritten(other, inside=self.uris[dataset]):
                found.append(self._add(other, None, reading.toward))
        return found

    def _named_otherwise(self, dataset: int, reading: Reading) -> _Seen:
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
        was_read = self.history.first_read_us.get(dataset, NEVER) <= self.at_us
        uri = self.uris[dataset]
        return self.is_root(uri) or (was_read and uri.startswith(f"{inside}/"))

    def _wrote(self, activity: int, dataset: int) -> bool:
        timeline = self.timelines[dataset]
        return activity != self.own and any(
            a.id == activity for a in (*timeline.open, *(c.activity for c in timeline.closed))
        )

    def _of_one(self, dataset: int, reading: Reading, *, settled: bool = True) -> list[int]:
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
            return self._append(key, dataset, activity, toward)
        if activity is None:
            self.stand_ins.discard(index)
        return index

    def _append(
        self, key: int | tuple[int, int], dataset: int, activity: Activity | None, toward: int
    ) -> int:
        index = self.index[key] = len(self.versions)
        is_open = activity is not None and self._ended(activity) == NEVER
        self.versions.append(Version(dataset, self.uris[dataset], activity, is_open))
        self.made_from.append(())
        self.kept.append(())
        self.toward.append(toward)
        self.depth.append(self.depth[toward] + 1 if toward >= 0 else 0)
        self.inputs_known.append(activity is None)
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


def _id_of(reader: Subject, activities: Iterable[Activity]) -> int:
    asked = (reader.job_namespace, reader.job_name, reader.group)
    found = (a.id for a in activities if (a.job_namespace, a.job_name, a.group) == asked)
    return next(found, _NOBODY)
