"""The written versions of one dataset in time, and which of them a reader gets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from lineage_plugin.store.api import Activity

#: Later than every event: the end of what has not ended.
NEVER = 1 << 62

_STARTED_US = attrgetter("started_us")


class Reading(NamedTuple):
    """Somebody reads during an interval; what ``writer`` writes meanwhile is not what it reads."""

    start_us: int
    end_us: int
    writer: int
    toward: int


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
class Timeline:
    """The written versions of one dataset, in the order their writers started."""

    closed: list[_Closed] = field(default_factory=list)
    open: tuple[Activity, ...] = ()

    def add(self, activity: Activity, ended_us: int) -> None:
        """Add a writer that began no earlier than those before it."""
        if ended_us == NEVER:
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

    def seen(self, reading: Reading, *, settled: bool) -> list[Activity]:
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
        last_us = closed[place].latest_us if place >= 0 else -NEVER
        if before:
            last_us = max(last_us, *(written.ended_us for written in before))
            found += [written.activity for written in before if written.ended_us == last_us]
        place = closed[place].last if place >= 0 and closed[place].latest_us == last_us else -1
        while place >= 0:
            found.append(closed[place].activity)
            place = closed[place].tied
        return found
