"""What Airflow does to tasks, and which versions of their data come of it, over a real record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.lineage.survey import Survey, survey
from lineage_plugin.model import Declaration
from lineage_plugin.store import open_store
from lineage_plugin.store.api import Store
from tests.support.records import COMPLETE, FAIL, START, dag_event, event, record, ref

#: What must not be lost on the way.
DIRTY = Declaration("team", ref("dirty").uri, external=True, categories=("personal",))
CLEAN = Declaration("team", ref("clean").uri, external=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path / 'record.db'}")) as store:
        yield store


def surveyed(store: Store, name: str) -> Survey:
    said = {declaration.pattern: (declaration,) for declaration in (DIRTY, CLEAN)}
    return survey(store, [ref(name)], lambda uri: said.get(uri, ()), at_us=10_000)


def runs(store: Store, name: str) -> set[str]:
    """Return the DAG runs whose versions a reader of *name* gets now."""
    ancestry = surveyed(store, name).ancestry
    return {ancestry.versions[version].name for version in ancestry.current[ref(name).uri]}


def is_tainted(store: Store, name: str) -> bool:
    seen = surveyed(store, name)
    current = seen.ancestry.current[ref(name).uri]
    return any(seen.labels[version].categories for version in current)


def ran(
    store: Store, job: str, at_us: int, *, reads: str, dag_run: str = "monday", **more: Any
) -> None:
    for state, moment in ((START, at_us), (COMPLETE, at_us + 5)):
        record(store, event(job, state, moment, reads=[reads], dag_run=dag_run, **more))


def test_what_is_appended_keeps_the_taint_and_what_is_overwritten_loses_it(store: Store) -> None:
    ran(store, "fill", 10, reads="dirty", writes=["table"])
    ran(store, "add", 20, reads="clean", writes=["table"])
    assert is_tainted(store, "table")

    ran(store, "renew", 30, reads="clean", overwrites=["table"])
    assert not is_tainted(store, "table")


def test_an_old_model_stays_tainted_when_its_table_is_renewed(store: Store) -> None:
    ran(store, "fill", 10, reads="dirty", writes=["table"])
    ran(store, "train", 20, reads="table", writes=["model"])
    ran(store, "renew", 30, reads="clean", overwrites=["table"])
    ran(store, "train", 40, reads="table", writes=["other-model"], dag_run="tuesday")

    assert (is_tainted(store, "model"), is_tainted(store, "other-model")) == (True, False)


def test_one_partition_that_is_renewed_leaves_the_others_as_they_were(store: Store) -> None:
    ran(store, "fill-1", 10, reads="dirty", writes=["table/day=1"])
    ran(store, "fill-2", 20, reads="dirty", writes=["table/day=2"])
    ran(store, "renew", 30, reads="clean", overwrites=["table/day=1"])

    assert not is_tainted(store, "table/day=1")
    assert is_tainted(store, "table/day=2")
    assert is_tainted(store, "table")


def test_mapped_tasks_write_one_version_that_holds_the_taint_of_each(store: Store) -> None:
    for slot, source in enumerate(("clean", "dirty", "clean")):
        ran(store, "split", 10 + slot, reads=source, writes=["table"], slot=slot)

    assert runs(store, "table") == {"monday"}
    assert is_tainted(store, "table")


def test_a_retry_writes_to_the_version_of_the_try_that_failed(store: Store) -> None:
    """What the first try wrote before it failed may still be there."""
    record(store, event("fill", START, 10, reads=["dirty"], writes=["table"], attempt=1))
    record(store, event("fill", FAIL, 15, reads=["dirty"], writes=["table"], attempt=1))
    ran(store, "fill", 20, reads="clean", writes=["table"], attempt=2)

    assert runs(store, "table") == {"monday"}
    assert is_tainted(store, "table")


def test_a_writer_that_failed_leaves_bytes_behind(store: Store) -> None:
    ran(store, "fill", 10, reads="clean", writes=["table"])
    record(store, event("spoil", START, 20, reads=["dirty"], writes=["table"]))
    record(store, event("spoil", FAIL, 25))

    assert is_tainted(store, "table")


def test_a_task_that_was_cleared_and_ran_again_is_one_version_from_first_to_last(
    store: Store,
) -> None:
    """Whoever read in between read what the first run wrote, and stays with it."""
    ran(store, "fill", 10, reads="dirty", writes=["table"], attempt=1)
    ran(store, "train", 20, reads="table", writes=["model"])
    ran(store, "fill", 30, reads="clean", writes=["table"], attempt=2)

    assert runs(store, "table") == {"monday"}
    assert is_tainted(store, "model")


def test_another_run_of_a_dag_writes_another_version(store: Store) -> None:
    ran(store, "fill", 10, reads="dirty", overwrites=["table"])
    ran(store, "fill", 30, reads="clean", overwrites=["table"], dag_run="tuesday")

    assert runs(store, "table") == {"tuesday"}
    assert not is_tainted(store, "table")


def test_a_backfill_counts_from_when_it_ran_not_from_the_day_it_is_for(store: Store) -> None:
    ran(store, "fill", 100, reads="clean", overwrites=["table"], dag_run="2026-05-03")
    ran(store, "fill", 200, reads="dirty", overwrites=["table"], dag_run="2014-01-01")

    assert runs(store, "table") == {"2014-01-01"}
    assert is_tainted(store, "table")


def test_the_end_of_a_dag_run_settles_what_its_lost_tasks_wrote(store: Store) -> None:
    record(store, dag_event(START, 5))
    record(store, event("fill", START, 10, reads=["dirty"], writes=["table"]))
    assert surveyed(store, "table").lineage_verdict(0) == "writer-open"

    record(store, dag_event(COMPLETE, 50))

    assert surveyed(store, "table").lineage_verdict(0) == "complete"
    assert is_tainted(store, "table")


def test_an_incremental_table_carries_its_taint_from_run_to_run(store: Store) -> None:
    ran(store, "fill", 10, reads="dirty", writes=["table"])
    for day in range(1, 5):
        ran(store, "grow", 10 * day + 10, reads="table", writes=["table"], dag_run=f"day-{day}")

    assert runs(store, "table") == {"day-4"}
    assert is_tainted(store, "table")


def test_an_output_that_a_run_of_unknown_length_wrote_is_in_what_came_after(store: Store) -> None:
    """Only its end was reported: nobody knows when it began, but it did write."""
    ran(store, "fill", 10, reads="dirty", writes=["table"])
    record(store, event("mix", COMPLETE, 20, reads=["clean"], writes=["table"]))

    assert runs(store, "table") == {"monday"}
    assert is_tainted(store, "table")


@pytest.mark.parametrize("spelling", ["table", "table/", "/table"])
def test_whatever_a_table_is_called_it_is_one_table(store: Store, spelling: str) -> None:
    ran(store, "fill", 10, reads="dirty", writes=["table"])
    ran(store, "train", 20, reads=spelling, writes=["model"])

    assert is_tainted(store, "model")
