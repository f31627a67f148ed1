"""Explicit lineage keeps inputs apart, other names add: and whose word counts for what."""

from __future__ import annotations

from lineage_plugin.model import DatasetRef
from tests.support.story import Story

PHOTOS, MAPS = DatasetRef("s3://lake", "photos"), DatasetRef("s3://lake", "maps")
FACES, ROADS = DatasetRef("s3://lake", "faces"), DatasetRef("s3://lake", "roads")
TABLE = DatasetRef("hive://store", "db.photos")
BOTH, APART = [PHOTOS, MAPS], {FACES: [PHOTOS], ROADS: [MAPS]}


def made_from(story: Story, ref: DatasetRef, *roots: DatasetRef) -> set[str]:
    """Return the names of all that *ref* consists of or was made from."""
    found = story.ascend(ref, is_root=lambda uri: uri in {root.uri for root in roots})
    above = found.above(found.current[ref.uri])
    return {found.versions[version].uri.rsplit("/", 1)[1] for version in above}


def test_inputs_flow_only_into_the_outputs_that_were_made_from_them() -> None:
    story = Story().ran("r1", 1, 2, reads=BOTH, writes=[FACES, ROADS]).says(APART)

    assert made_from(story, FACES) == {"faces", "photos"}
    assert made_from(story, ROADS) == {"roads", "maps"}


def test_whoever_is_not_trusted_keeps_nothing_apart() -> None:
    story = Story().ran("r1", 1, 2, reads=BOTH, writes=[FACES, ROADS]).says(APART, "them")

    assert made_from(story, ROADS) == {"roads", "maps", "photos"}


def test_an_input_that_the_list_forgot_flows_into_every_output() -> None:
    story = Story().ran("r1", 1, 2, reads=[*BOTH, TABLE], writes=[FACES, ROADS]).says(APART)

    assert made_from(story, FACES) == {"faces", "photos", "db.photos"}
    assert made_from(story, ROADS) == {"roads", "maps", "db.photos"}


def test_an_output_that_the_list_forgot_was_made_from_everything() -> None:
    story = Story().ran("r1", 1, 2, reads=BOTH, writes=[FACES, ROADS]).says({FACES: [PHOTOS]})

    assert made_from(story, ROADS) == {"roads", "maps", "photos"}


def test_an_output_of_nothing_has_no_known_inputs() -> None:
    made = {FACES: BOTH, ROADS: []}
    story = Story().ran("r1", 1, 2, reads=BOTH, writes=[FACES, ROADS]).says(made)
    found = story.ascend(ROADS)

    assert found.made_from == [()]
    assert found.inputs_known == [False]


def test_what_was_written_under_one_name_is_read_under_the_other() -> None:
    story = Story().ran("r1", 1, 2, reads=[MAPS], writes=[PHOTOS]).alias(PHOTOS, TABLE)
    found = story.ascend(TABLE)

    assert made_from(story, TABLE) == {"db.photos", "photos", "maps"}
    assert {found.versions[v].uri for v in found.stand_ins} == {TABLE.uri}


def test_a_source_is_found_under_its_other_name() -> None:
    """What is declared about either name binds both."""
    story = Story().ran("r1", 1, 2, reads=[TABLE], writes=[FACES]).alias(PHOTOS, TABLE)

    assert made_from(story, FACES, PHOTOS) == {"faces", "photos", "db.photos"}


def test_the_word_of_a_stranger_makes_nothing_known() -> None:
    """A forged alias of a clean source adds the source; what was unknown stays so."""
    story = Story().ran("r1", 1, 2, reads=[TABLE], writes=[FACES]).alias(PHOTOS, TABLE, "them")
    found = story.ascend(FACES, is_root=lambda uri: uri == PHOTOS.uri)

    assert made_from(story, FACES, PHOTOS) == {"faces", "photos", "db.photos"}
    assert found.stand_ins == frozenset()


def test_an_alias_of_a_part_makes_nothing_known() -> None:
    part = DatasetRef("s3://lake", "photos/1.jpg")
    story = Story().ran("r1", 1, 2, reads=[PHOTOS], writes=[FACES]).alias(part, MAPS)
    found = story.ascend(FACES, is_root=lambda uri: uri == MAPS.uri)

    assert "photos" in made_from(story, FACES, MAPS)
    assert {found.versions[v].uri for v in found.stand_ins}.isdisjoint({PHOTOS.uri})


def test_an_alias_hides_no_earlier_version() -> None:
    story = Story().ran("old", 1, 2, reads=[MAPS], writes=[PHOTOS]).alias(PHOTOS, TABLE)
    story.ran("new", 3, 4, reads=[ROADS], writes=[TABLE], overwrites=True)

    assert made_from(story, PHOTOS) == {"photos", "maps", "db.photos", "roads"}


def test_a_part_has_other_names_too() -> None:
    part = DatasetRef("s3://lake", "photos/1.jpg")
    story = Story().ran("r1", 1, 2, reads=[MAPS], writes=[TABLE]).alias(part, TABLE)

    assert made_from(story, PHOTOS) >= {"db.photos", "maps"}
