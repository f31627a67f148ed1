"""A builder of histories: who ran when, reading and writing what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from lineage_plugin.lineage.ancestry import Ancestry, ascend
from lineage_plugin.model import DatasetRef, EdgeKind, Subject
from lineage_plugin.store.api import Activity, History


class Story:
    """Tells a history: who ran when, reading and writing what."""

    def __init__(self) -> None:
        self.datasets: dict[DatasetRef, int] = {}
        self.activities: dict[int, Activity] = {}
        self.writes: list[tuple[int, int, bool]] = []
        self.reads: list[tuple[int, int]] = []
        self.first_read: dict[int, int] = {}
        self.explicit: dict[tuple[int, int], tuple[tuple[str, tuple[int, ...]], ...]] = {}
        self.aliases: dict[int, tuple[tuple[int, str], ...]] = {}

    def ran(
        self,
        name: str,
        start: int,
        end: int | None,
        *,
        reads: Collection[DatasetRef] = (),
        writes: Collection[DatasetRef] = (),
        overwrites: bool = False,
        refused: bool = False,
        edge: EdgeKind | None = None,
    ) -> Story:
        """Add a task of the DAG run *name*."""
        number = len(self.activities) + 1
        self.activities[number] = Activity(
            number,
            "ns",
            "job",
            name,
            start,
            end,
            refused,
            frozenset({edge} if edge else ()),
            (name,),
        )
        for ref in reads:
            self.reads.append((number, self._id(ref)))
            if end is not None and not refused:
                first = self.first_read.get(self._id(ref), start)
                self.first_read[self._id(ref)] = min(first, start)
        self.writes += [(number, self._id(ref), overwrites) for ref in writes]
        return self

    def says(self, made: Mapping[DatasetRef, Collection[DatasetRef]], said_by: str = "us") -> Story:
        """Say of the last task which of its outputs was made from which inputs."""
        for output, inputs in made.items():
            words = (said_by, tuple(sorted(map(self._id, inputs))))
            self.explicit[len(self.activities), self._id(output)] = (words,)
        return self

    def alias(self, one: DatasetRef, other: DatasetRef, said_by: str = "us") -> Story:
        """Say that two names are of one dataset."""
        for a, b in ((one, other), (other, one)):
            known = self.aliases.get(self._id(a), ())
            self.aliases[self._id(a)] = (*known, (self._id(b), said_by))
        return self

    def knows(self, *refs: DatasetRef) -> Story:
        """Have datasets in the record that nobody may have touched."""
        for ref in refs:
            self._id(ref)
        return self

    def _id(self, ref: DatasetRef) -> int:
        return self.datasets.setdefault(ref, len(self.datasets) + 1)

    def history(self, *, related: bool = True) -> History:
        """Return what a record would; without *related*, no dataset is part of another."""
        parts = {
            mine: tuple(
                other
                for b, other in self.datasets.items()
                if b.uri.startswith(f"{a.uri}/") or a.uri.startswith(f"{b.uri}/")
            )
            for a, mine in (self.datasets.items() if related else ())
        }
        return History(
            {number: ref for ref, number in self.datasets.items()},
            parts,
            self.activities,
            self.writes,
            self.reads,
            self.first_read,
            1,
            self.explicit,
            self.aliases,
        )

    def ascend(
        self,
        *refs: DatasetRef,
        at: int | None = 1000,
        is_root: Callable[[str], bool] = lambda _: False,
        reader: Subject | None = None,
        related: bool = True,
    ) -> Ancestry:
        self.knows(*refs)
        return ascend(
            self.history(related=related),
            refs,
            at_us=at,
            is_root=is_root,
            reader=reader,
            trusts=lambda who: who == "us",
        )
