"""Events that wait for the record."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from lineage_plugin.errors import StoreConflict, StoreError, StoreUnavailable
from lineage_plugin.model import DatasetRef, RunFacts, RunState
from lineage_plugin.store.api import Store
from lineage_plugin.store.spool import DRAINED, LOST, SET_ASIDE, SPOOLED, Spool


class Taking:
    """A record that takes events, until it is told what to refuse."""

    def __init__(self) -> None:
        self.taken: list[tuple[RunFacts, str]] = []
        self.refused: dict[str, Exception] = {}
        self.transactions = 0

    def append_runs(self, events: Iterable[tuple[RunFacts, str]], *, recorded_us: int) -> int:
        events = list(events)
        self.transactions += 1
        for facts, _ in events:
            if facts.run_id in self.refused:
                raise self.refused[facts.run_id]
        self.taken += events
        return len(self.taken)

    @property
    def run_ids(self) -> list[str]:
        return [facts.run_id for facts, _ in self.taken]


def facts(run_id: str) -> RunFacts:
    return RunFacts(
        run_id, "ns", "job", RunState.START, 0, run_id, inputs=(DatasetRef("s3://lake", "x"),)
    )


def drain(spool: Spool, record: Taking, **how: Any) -> int:
    return spool.drain(cast("Store", record), recorded_us=0, **how)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "spool").glob("*.json"))


def filled(folder: Path, *run_ids: str) -> Spool:
    spool = Spool(folder)
    for at, run_id in enumerate(run_ids):
        assert spool.put(facts(run_id), f'{{"run":"{run_id}"}}', received_us=at)
    return spool


def test_what_was_put_is_drained_once_oldest_first(tmp_path: Path) -> None:
    spool, record = filled(tmp_path, "a", "b", "c"), Taking()

    assert spool.pending() == 3
    assert drain(spool, record) == 3
    assert drain(spool, record) == 0

    assert record.taken == [(facts(name), f'{{"run":"{name}"}}') for name in "abc"]
    assert record.transactions == 1
    assert spool.pending() == 0
    assert spool.counts() == {SPOOLED: 3, DRAINED: 3}


def test_an_empty_spool_costs_and_makes_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "state")

    assert (drain(spool, Taking()), spool.pending(), spool.counts()) == (0, 0, {})
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("bound", [{"most_files": 2}, {"most_bytes": 400}], ids=str)
def test_a_full_spool_keeps_the_oldest_and_counts_the_loss(
    tmp_path: Path, bound: dict[str, int]
) -> None:
    spool, record = Spool(tmp_path, **bound), Taking()

    kept = [spool.put(facts(name), "{}", received_us=at) for at, name in enumerate("abcd")]

    assert kept == [True, True, False, False]
    assert spool.counts()[LOST] == 2
    drain(spool, record)
    assert record.run_ids == ["a", "b"]


def test_a_spool_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    spool = Spool(tmp_path)

    assert spool.put(facts("a"), "{}", received_us=0) is False
    assert spool.counts() == {LOST: 1}


def test_nothing_raises_even_if_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    spool = Spool(tmp_path / "state")

    assert spool.put(facts("a"), "{}", received_us=0) is False
    assert (spool.pending(), spool.counts(), drain(spool, Taking())) == (0, {}, 0)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"facts": {}, "event": ""}', b"\xff" * 100],
    ids=["empty", "cut", "list", "no facts", "no text"],
)
def test_a_corrupt_file_is_set_aside_and_stops_nothing(tmp_path: Path, content: bytes) -> None:
    spool, record = filled(tmp_path, "a", "b", "c"), Taking()
    corrupt = files(tmp_path)[1]
    corrupt.write_bytes(content)

    assert drain(spool, record) == 2

    assert record.run_ids == ["a", "c"]
    assert [path.name for path in (tmp_path / "spool" / "aside").iterdir()] == [corrupt.name]
    assert spool.counts()[SET_ASIDE] == 1
    assert spool.pending() == 0


def test_an_event_the_record_will_never_take_is_set_aside_alone(tmp_path: Path) -> None:
    spool, record = filled(tmp_path, "a", "b", "c"), Taking()
    record.refused["b"] = StoreConflict("event b is there with other content", "look at it")

    assert drain(spool, record) == 2

    assert record.run_ids == ["a", "c"]
    assert spool.counts()[SET_ASIDE] == 1


def test_a_bug_in_one_event_does_not_hold_up_the_others(tmp_path: Path) -> None:
    spool, record = filled(tmp_path, "a", "b"), Taking()
    record.refused["a"] = OverflowError("int too large")

    assert drain(spool, record) == 1
    assert record.run_ids == ["b"]


@pytest.mark.parametrize("error", [StoreUnavailable("locked", "wait"), StoreError("odd", "look")])
def test_events_stay_while_the_record_is_out_of_order(tmp_path: Path, error: StoreError) -> None:
    spool, record = filled(tmp_path, "a", "b"), Taking()
    record.refused["b"] = error

    assert drain(spool, record) == 0
    assert spool.pending() == 2

    record.refused.clear()
    assert drain(spool, record) == 2


def test_draining_keeps_to_its_limits(tmp_path: Path) -> None:
    spool, record = filled(tmp_path, *(f"r{n:03}" for n in range(150))), Taking()

    assert drain(spool, record, budget_s=-1) == 0
    assert drain(spool, record, limit=120) == 120
    assert record.transactions == 2
    assert spool.pending() == 30


def test_two_processes_may_drain_at_once(tmp_path: Path) -> None:
    """A file that has gone when its turn comes is no error."""
    spool, record = filled(tmp_path, "a", "b"), Taking()

    class Racing(Taking):
        def append_runs(self, events: Iterable[tuple[RunFacts, str]], *, recorded_us: int) -> int:
            drain(Spool(tmp_path), record)
            return super().append_runs(events, recorded_us=recorded_us)

    assert drain(spool, Racing()) == 2
    assert record.run_ids == ["a", "b"]
    assert spool.pending() == 0


@pytest.mark.parametrize(("content", "taken", "missing"), [(None, 1, 0), (b"{", 0, 1)], ids=str)
def test_what_a_dying_process_left_beside_its_place_waits_and_is_taken_up_in_time(
    tmp_path: Path, content: bytes | None, taken: int, missing: int
) -> None:
    spool = filled(tmp_path, "a")
    (place,) = files(tmp_path)
    beside = place.replace(place.with_name(f".{'0' * 32}-{place.name}"))
    if content is not None:
        beside.write_bytes(content)

    assert (drain(spool, Taking()), spool.pending(), beside.exists()) == (0, 1, True)

    os.utime(beside, (0, 0))
    assert drain(spool, Taking()) == taken
    assert (spool.pending(), spool.missing()) == (0, missing)


def test_an_event_waits_from_the_moment_at_which_it_begins_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    waiting: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: waiting.append(spool.pending()))

    spool.put(facts("a"), "{}", received_us=0)

    assert (waiting, spool.pending()) == ([1], 1)


@pytest.mark.parametrize("name", [LOST, SET_ASIDE])
def test_a_counter_that_a_full_disk_left_empty_stands_for_one_event(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "counters").mkdir()
    (tmp_path / "counters" / name).touch()

    assert Spool(tmp_path).missing() == 1


def test_a_pipe_in_the_spool_is_set_aside_and_never_waited_for(tmp_path: Path) -> None:
    spool = filled(tmp_path, "a")
    pipe = tmp_path / "spool" / f"{'0' * 20}-{'a' * 32}-5.json"
    os.mkfifo(pipe)
    drained: list[int] = []
    draining = threading.Thread(target=lambda: drained.append(drain(spool, Taking())), daemon=True)

    draining.start()
    draining.join(timeout=5)

    assert drained == [1]
    assert (spool.pending(), spool.missing(), pipe.exists()) == (0, 1, False)


def test_an_event_from_before_1970_has_its_place(tmp_path: Path) -> None:
    spool, record = Spool(tmp_path), Taking()
    spool.put(facts("a"), "{}", received_us=-5)

    assert drain(spool, record) == 1


def test_a_counter_survives_its_process(tmp_path: Path) -> None:
    Spool(tmp_path).count("x", 3)
    Spool(tmp_path).count("x")

    assert Spool(tmp_path).counts() == {"x": 4}
