"""Histories that nobody should have: endless, circular, of one moment, very long."""

from __future__ import annotations

import pytest

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.model import DatasetRef
from tests.support.story import Story

#: More steps than any stack has frames, and few enough for a test.
MANY = 20_000


def ref(number: int) -> DatasetRef:
    return DatasetRef("s3://lake", f"d{number}")


def claims(ancestry: Ancestry, uri: str) -> set[str]:
    """Return the versions of a dataset that inherit what is said about the first one."""
    root = ref(0).uri
    labels, _ = propagate(ancestry, lambda u: u == root, lambda _: (), lambda _: ())
    found = zip(ancestry.versions, labels, strict=True)
    return {version.name for version, label in found if version.uri == uri and label.claims}


def test_a_long_chain_is_walked_without_a_stack() -> None:
    story = Story()
    for number in range(MANY):
        story.ran("r", 2 * number, 2 * number + 1, reads=[ref(number)], writes=[ref(number + 1)])

    ancestry = story.ascend(ref(MANY), at=None, related=False)

    assert len(ancestry.versions) == MANY + 1
    assert len(ancestry.dataset_path(MANY)) == MANY + 1
    assert claims(ancestry, ref(MANY).uri) == {"r"}


def test_a_table_that_is_made_from_itself_every_day_for_years_ends() -> None:
    story = Story().ran("day-0", 0, 1, reads=[ref(0)], writes=[ref(1)])
    for day in range(1, 3_000):
        story.ran(f"day-{day}", 2 * day, 2 * day + 1, reads=[ref(1)], writes=[ref(1)])

    ancestry = story.ascend(ref(1), at=None, related=False)

    assert len(claims(ancestry, ref(1).uri)) == 3_000
    assert ancestry.dataset_path(len(ancestry.versions) - 1) == (ref(1).uri, ref(0).uri)


def test_a_run_that_never_ends_is_in_everything_that_came_after() -> None:
    story = Story().ran("endless", 0, None, reads=[ref(0)], writes=[ref(1)])
    for day in range(1, 50):
        story.ran(
            f"day-{day}", 2 * day, 2 * day + 1, reads=[ref(2)], writes=[ref(1)], overwrites=True
        )

    ancestry = story.ascend(ref(1))

    assert claims(ancestry, ref(1).uri) >= {"endless", "day-49"}


def test_runs_that_all_read_and_write_each_other_at_once_end() -> None:
    """Whoever overlaps may have read the other: all of it is in all of it."""
    story = Story()
    for number in range(60):
        reads = [ref(number), ref((number + 1) % 60)]
        story.ran(f"r{number}", 0, 10, reads=reads, writes=[ref((number + 7) % 60)])

    ancestry = story.ascend(ref(5))

    assert {version.uri for version in ancestry.versions} == {ref(n).uri for n in range(60)}
    assert all(claims(ancestry, ref(n).uri) for n in range(60))


@pytest.mark.parametrize("moment", [-(1 << 55), -1, 0, 1 << 55], ids=str)
def test_a_task_that_reads_only_what_it_writes_is_no_source_at_any_time(moment: int) -> None:
    story = Story().ran("self", moment, moment + 1, reads=[ref(0)], writes=[ref(0)])

    ancestry = story.ascend(ref(0), at=None)

    assert ancestry.made_from == [()]
    assert ancestry.inputs_known == [False]
