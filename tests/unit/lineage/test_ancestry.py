"""Which versions were made from which, from who ran when."""

from __future__ import annotations

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.model import DatasetRef, Subject
from tests.support.story import Story

RAW, FACES, MODEL = (DatasetRef("s3://lake", name) for name in ("raw", "faces", "model"))


def names(ancestry: Ancestry) -> set[tuple[str, str]]:
    """Return all versions as (dataset, DAG run)."""
    return {(v.uri.removeprefix("s3://lake/"), v.name) for v in ancestry.versions}


def current(ancestry: Ancestry, ref: DatasetRef) -> set[str]:
    """Return the DAG runs whose versions a reader of *ref* gets."""
    return {ancestry.versions[v].name for v in ancestry.current[ref.uri]}


def test_a_version_descends_from_what_its_writer_read() -> None:
    found = Story().ran("r1", 10, 20, reads=[RAW], writes=[FACES]).ascend(FACES)

    assert names(found) == {("faces", "r1"), ("raw", "original")}
    assert found.dataset_path(1) == ("s3://lake/faces", "s3://lake/raw")


def test_a_model_stays_with_the_version_it_was_trained_on_when_the_table_is_replaced() -> None:
    found = (
        Story()
        .ran("dirty", 10, 20, writes=[FACES])
        .ran("train", 30, 40, reads=[FACES], writes=[MODEL])
        .ran("clean", 50, 60, writes=[FACES], overwrites=True)
        .ascend(MODEL, FACES)
    )

    assert current(found, FACES) == {"clean"}
    assert ("faces", "dirty") in names(found)


def test_a_replaced_table_no_longer_descends_from_what_it_was() -> None:
    found = (
        Story()
        .ran("dirty", 10, 20, reads=[RAW], writes=[FACES])
        .ran("clean", 50, 60, writes=[FACES], overwrites=True)
        .ascend(FACES)
    )

    assert names(found) == {("faces", "clean")}


def test_a_write_keeps_what_was_there_unless_replacing_is_proven() -> None:
    found = (
        Story()
        .ran("old", 10, 20, reads=[RAW], writes=[FACES])
        .ran("new", 50, 60, writes=[FACES])
        .ascend(FACES)
    )

    assert {("faces", "old"), ("raw", "original")} <= names(found)


def test_a_reader_that_overlaps_a_writer_read_both_what_was_and_what_came() -> None:
    found = (
        Story()
        .ran("old", 10, 20, writes=[FACES])
        .ran("new", 28, 35, writes=[FACES], overwrites=True)
        .ran("train", 30, 40, reads=[FACES], writes=[MODEL])
        .ascend(MODEL)
    )

    assert {("faces", "old"), ("faces", "new")} <= names(found)


def test_a_writer_that_has_not_ended_leaves_an_open_version() -> None:
    found = (
        Story()
        .ran("old", 10, 20, writes=[FACES])
        .ran("now", 30, None, writes=[FACES])
        .ascend(FACES)
    )

    assert current(found, FACES) == {"old", "now"}
    assert [v.is_open for v in found.versions if v.name == "now"] == [True]


def test_a_task_that_reads_its_own_table_reads_it_as_it_was_before() -> None:
    found = (
        Story()
        .ran("day1", 10, 20, reads=[RAW], writes=[FACES])
        .ran("day2", 30, None, reads=[FACES], writes=[FACES])
        .ascend(FACES, reader=Subject("ns", "job", "day2"))
    )

    assert current(found, FACES) == {"day1"}


def test_the_first_run_of_an_incremental_table_reads_nothing_of_it() -> None:
    found = Story().ran("day1", 10, 20, reads=[RAW, FACES], writes=[FACES]).ascend(FACES)

    assert names(found) == {("faces", "day1"), ("raw", "original")}


def test_what_completed_readers_saw_before_the_first_write_was_there_before() -> None:
    found = (
        Story()
        .ran("look", 5, 6, reads=[FACES])
        .ran("r1", 10, 20, reads=[RAW], writes=[FACES])
        .ascend(FACES)
    )

    assert ("faces", "original") in names(found)


def test_a_refused_run_wrote_nothing() -> None:
    found = (
        Story()
        .ran("good", 10, 20, writes=[MODEL])
        .ran("refused", 30, 31, reads=[RAW], writes=[MODEL], refused=True)
        .ascend(MODEL)
    )

    assert names(found) == {("model", "good")}


def test_to_read_a_folder_is_to_read_its_files() -> None:
    part = DatasetRef("s3://lake", "faces/1.parquet")
    found = Story().ran("r1", 10, 20, reads=[RAW], writes=[part]).ascend(FACES)

    assert names(found) == {("faces/1.parquet", "r1"), ("raw", "original")}


def test_a_file_was_written_by_whoever_wrote_its_folder() -> None:
    part = DatasetRef("s3://lake", "faces/1.parquet")
    found = Story().ran("r1", 10, 20, reads=[RAW], writes=[FACES]).ascend(part)

    assert names(found) == {("faces", "r1"), ("raw", "original")}


def test_files_added_to_a_folder_from_outside_do_not_hide_the_rest_of_it() -> None:
    part = DatasetRef("s3://lake", "faces/extra.jpg")
    found = (
        Story()
        .ran("r1", 10, 20, reads=[RAW], writes=[part])
        .ascend(FACES, is_root=lambda uri: uri == FACES.uri)
    )

    assert ("faces", "original") in names(found)


def test_the_past_is_asked_without_what_came_after() -> None:
    story = (
        Story()
        .ran("old", 10, 20, reads=[RAW], writes=[FACES])
        .ran("new", 50, 60, writes=[FACES], overwrites=True)
    )

    assert names(story.ascend(FACES, at=40)) == {("faces", "old"), ("raw", "original")}
    assert current(story.ascend(FACES, at=55), FACES) == {"old", "new"}


def test_tables_that_feed_each_other_end() -> None:
    found = (
        Story()
        .ran("a", 10, 40, reads=[RAW], writes=[FACES])
        .ran("b", 20, 30, reads=[FACES], writes=[RAW])
        .ascend(FACES)
    )

    assert {("faces", "a"), ("raw", "b")} <= names(found)


def test_a_dataset_nobody_knows_is_its_own_original() -> None:
    assert names(Story().ascend(RAW)) == {("raw", "original")}


def test_of_writers_that_ended_at_once_a_reader_gets_all_versions() -> None:
    shards = DatasetRef("s3://lake", "shards")
    story = Story()
    for number, start in enumerate((10, 11, 12)):
        story.ran(f"r{number}", start, 20, writes=[shards])

    found = story.ascend(shards)

    assert {found.versions[index].name for index in found.current[shards.uri]} == {"r0", "r1", "r2"}


def test_a_task_that_read_only_what_it_wrote_itself_read_nothing_known() -> None:
    """Otherwise a task that works in place would make anything clean."""
    found = Story().ran("r1", 10, 20, reads=[FACES], writes=[FACES]).ascend(FACES)

    assert list(found.inputs_known) == [False]


def test_a_write_by_a_clock_that_is_ahead_is_seen_all_the_same() -> None:
    story = Story().ran("ahead", 5_000, 6_000, reads=[RAW], writes=[FACES])

    assert current(story.ascend(FACES, at=None), FACES) == {"ahead"}
    assert current(story.ascend(FACES, at=1_000), FACES) == {"original"}


def test_a_run_that_is_known_by_one_event_keeps_what_was_there_before_it() -> None:
    """Its start was lost, or its tool sends none: it began and ended in one moment."""
    story = Story().ran("fill", 1, 2, reads=[RAW], writes=[FACES])
    story.ran("mix", 5, 5, reads=[MODEL], writes=[FACES])
    story.ran("mend", 5, 5, reads=[MODEL], writes=[FACES])

    ancestry = story.ascend(FACES)

    assert RAW.uri in {version.uri for version in ancestry.versions}
    for version, kept in zip(ancestry.versions, ancestry.kept, strict=True):
        others = {"fill", "mix", "mend"} - {version.name}
        if version.name in {"mix", "mend"} and version.uri == FACES.uri:
            assert {ancestry.versions[k].name for k in kept} == others
