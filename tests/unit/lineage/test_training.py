"""Which steps changed a dataset on its way."""

from __future__ import annotations

from lineage_plugin.lineage import training
from lineage_plugin.model import DatasetRef, EdgeKind
from tests.support.story import Story

RAW, CLEAN, COPY, MODEL = (DatasetRef("s3://lake", name) for name in ("raw", "clean", "copy", "m"))


def changed(story: Story, ref: DatasetRef) -> dict[str, tuple[str, ...]]:
    found = story.ascend(ref)
    return training.changes(found, found.current[ref.uri])


def test_every_way_counts_and_copying_changes_nothing() -> None:
    story = (
        Story()
        .ran("r1", 10, 20, reads=[RAW], writes=[CLEAN], edge=EdgeKind.FILTER)
        .ran("r1", 10, 20, reads=[RAW], writes=[COPY], edge=EdgeKind.COPY)
        .ran("r1", 30, 40, reads=[CLEAN, COPY], writes=[MODEL], edge=EdgeKind.TRAIN)
    )

    found = changed(story, MODEL)

    assert found[RAW.uri] == ("filter by ns/job", "train by ns/job")
    assert found[COPY.uri] == ("train by ns/job",)
    assert found[MODEL.uri] == ()


def test_a_step_of_which_nobody_said_what_it_was_is_a_change() -> None:
    story = Story().ran("r1", 10, 20, reads=[RAW], writes=[CLEAN])

    assert changed(story, CLEAN)[RAW.uri] == ("unspecified by ns/job",)


def test_data_that_goes_round_in_a_circle_ends() -> None:
    story = (
        Story()
        .ran("r1", 10, 50, reads=[RAW, CLEAN], writes=[COPY], edge=EdgeKind.JOIN)
        .ran("r2", 20, 60, reads=[COPY], writes=[CLEAN], edge=EdgeKind.FILTER)
    )

    assert changed(story, CLEAN)[RAW.uri] == ("filter by ns/job", "join by ns/job")
    assert training.reaches(story.ascend(CLEAN), [0], "review") == {}
