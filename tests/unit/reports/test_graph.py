"""What is drawn follows what was surveyed and what gates said."""

from __future__ import annotations

import pytest

from lineage_plugin.lineage import effective
from lineage_plugin.model import (
    Consent,
    DatasetRef,
    Declaration,
    EdgeKind,
    License,
    Outcome,
    Unknown,
)
from lineage_plugin.reports.graph import Answer, Run, Shape, Standing, Stopped, build
from tests.support.drawn import against, asked, decided, survey_of
from tests.support.records import ref
from tests.support.story import Story

PHOTOS, MAPS, FACES, MODEL, OTHER = map(ref, ("photos", "maps", "faces", "model", "other"))


def root(dataset: DatasetRef, **said: object) -> Declaration:
    return Declaration("team", dataset.uri, external=True, **said)  # type: ignore[arg-type]


ROOTS = (root(PHOTOS, license=License("MIT"), categories=("personal",)), root(MAPS))


def story() -> Story:
    return (
        Story()
        .ran("a", 1, 2, reads=[PHOTOS, MAPS], writes=[FACES], edge=EdgeKind.EMBED)
        .ran("b", 3, 4, reads=[FACES], writes=[MODEL], edge=EdgeKind.TRAIN)
    )


def test_sources_datasets_models_and_what_nobody_declared_have_shapes_of_their_own() -> None:
    seen = survey_of(story(), MODEL, said=ROOTS[:1])

    drawn = build(seen, [asked(MODEL, decided(MODEL))], at_us=1_000).by_id

    assert {uri: node.shape for uri, node in drawn.items()} == {
        PHOTOS.uri: Shape.SOURCE,
        MAPS.uri: Shape.ORPHAN,
        FACES.uri: Shape.DATASET,
        MODEL.uri: Shape.MODEL,
    }


def test_a_prohibition_colours_its_dataset_and_all_that_was_made_of_it_and_nothing_else() -> None:
    seen = survey_of(story(), MODEL, said=ROOTS)
    denied = decided(MODEL, reasons=[against(PHOTOS, MODEL, FACES, PHOTOS)])

    drawn = build(seen, [asked(MODEL, denied)], at_us=1_000)

    assert {uri: node.standing for uri, node in drawn.by_id.items()} == {
        PHOTOS.uri: Standing.FORBIDDEN,
        MAPS.uri: Standing.CLEAR,
        FACES.uri: Standing.FROM_FORBIDDEN,
        MODEL.uri: Standing.FROM_FORBIDDEN,
    }
    assert {(edge.parent, edge.child) for edge in drawn.edges if edge.is_on_way} == {
        (PHOTOS.uri, FACES.uri),
        (FACES.uri, MODEL.uri),
    }


def test_what_is_not_known_weighs_less_than_what_is_forbidden() -> None:
    seen = survey_of(story(), MODEL, said=ROOTS)
    reasons = [against(PHOTOS), against(MAPS, is_definite=False)]

    drawn = build(seen, [asked(MODEL, decided(MODEL, reasons=reasons))], at_us=1_000).by_id

    assert drawn[MAPS.uri].standing is Standing.UNKNOWN
    assert drawn[FACES.uri].standing is Standing.FROM_FORBIDDEN


def test_colours_follow_versions_not_names() -> None:
    """A table that was made anew from clean data lost what its earlier version had."""
    told = (
        Story()
        .ran("a", 1, 2, reads=[PHOTOS], writes=[FACES])
        .ran("b", 3, 4, reads=[FACES], writes=[OTHER])
        .ran("c", 5, 6, reads=[MAPS], writes=[FACES], overwrites=True)
        .ran("d", 7, 8, reads=[FACES], writes=[MODEL])
    )
    seen = survey_of(told, MODEL, OTHER, said=ROOTS)
    answers = [
        asked(MODEL, decided(MODEL)),
        asked(OTHER, decided(OTHER, reasons=[against(PHOTOS)])),
    ]

    drawn = build(seen, answers, at_us=1_000).by_id

    assert drawn[MODEL.uri].standing is Standing.CLEAR
    assert drawn[OTHER.uri].standing is Standing.FROM_FORBIDDEN


def test_where_the_gate_could_not_judge_nothing_is_drawn_as_clear() -> None:
    seen = survey_of(story(), MODEL, said=ROOTS)
    broken = decided(MODEL, reasons=[against(PHOTOS, dataset="", is_definite=False)])

    standings = {node.standing for node in build(seen, [asked(MODEL, broken)], at_us=1_000).nodes}

    assert broken.outcome is Outcome.UNDECIDED
    assert standings == {Standing.UNJUDGED}


def test_a_model_whose_training_was_stopped_is_drawn_with_what_it_would_have_read() -> None:
    seen = survey_of(story(), FACES, said=ROOTS)
    run = Run("ns/train", "monday", 9, 9, ("train",), is_stopped=True)
    denied = decided(FACES, reasons=[against(PHOTOS, FACES, PHOTOS)])

    drawn = build(
        seen,
        [Answer((OTHER.uri,), denied, is_to_be_made=True)],
        [Stopped(run, (FACES.uri,), (OTHER.uri,))],
        at_us=1_000,
    )

    model = drawn.by_id[OTHER.uri]
    assert (model.shape, model.standing, model.is_made) == (
        Shape.MODEL,
        Standing.FROM_FORBIDDEN,
        False,
    )
    (edge,) = [edge for edge in drawn.edges if edge.child == OTHER.uri]
    assert edge.is_stopped
    assert edge.is_on_way


def test_a_folder_is_drawn_with_the_files_that_it_holds() -> None:
    file = ref("photos/1.jpg")
    seen = survey_of(Story().ran("a", 1, 2, reads=[MAPS], writes=[file]), PHOTOS, said=ROOTS[1:])

    edges = build(seen, [asked(PHOTOS, decided(PHOTOS))], at_us=1_000).edges

    assert [(e.child, e.is_part) for e in edges if e.parent == file.uri] == [(PHOTOS.uri, True)]


def test_what_is_effective_is_what_travels_on_events() -> None:
    said = (
        root(PHOTOS, license=License("CC-BY-4.0"), categories=("personal",)),
        root(MAPS, license=Unknown("nobody asked"), consent=Consent(("eu-gdpr:A6-1-a",))),
    )
    seen = survey_of(story(), MODEL, FACES, said=said)
    drawn = build(seen, [asked(MODEL, decided(MODEL))], at_us=1_000).by_id

    for uri, summary in effective.of(seen, 1_000).items():
        facts = {fact.about: fact.text for fact in drawn[uri].effective}
        assert facts["licences"] == ", ".join((*summary.licenses, "unknown"))
        assert facts["duties"] == ", ".join(summary.duties)
        assert facts["categories"] == ", ".join(summary.categories)
        assert facts["sources"] == str(summary.root_count)
        assert facts["legal bases"] == "eu-gdpr:A6-1-a (dpv:ConsentGiven)"


def test_each_declared_fact_names_who_said_it() -> None:
    seen = survey_of(story(), MODEL, said=ROOTS)

    drawn = build(seen, [asked(MODEL, decided(MODEL))], at_us=1_000).by_id

    facts = {(fact.about, fact.text, fact.by) for fact in drawn[PHOTOS.uri].declared}
    assert ("licence", "MIT", "team") in facts
    assert drawn[FACES.uri].declared == ()


@pytest.mark.parametrize("count", [1, 40])
def test_runs_are_told_newest_first_and_counted(count: int) -> None:
    told = Story()
    for number in range(count):
        told.ran(f"run-{number:02}", 2 * number, 2 * number + 1, reads=[MAPS], writes=[FACES])

    node = build(survey_of(told, FACES, said=ROOTS), [], at_us=1_000).by_id[FACES.uri]

    assert node.run_count == count
    assert node.runs[0].id == f"run-{count - 1:02}"


def test_of_several_that_were_asked_about_together_only_those_with_a_reason_are_coloured() -> None:
    told = Story().ran("a", 1, 2, reads=[PHOTOS], writes=[FACES])
    told.ran("b", 1, 2, reads=[MAPS], writes=[OTHER])
    run = Run("ns/train", "monday", 9, 9, ("train",), is_stopped=True)
    denied = decided(FACES, OTHER, reasons=[against(PHOTOS, FACES, PHOTOS)])

    drawn = build(
        survey_of(told, FACES, OTHER, said=ROOTS),
        [Answer((FACES.uri, OTHER.uri, MODEL.uri), denied)],
        [Stopped(run, (FACES.uri,), (MODEL.uri,))],
        at_us=1_000,
    ).by_id

    assert drawn[FACES.uri].standing is Standing.FROM_FORBIDDEN
    assert drawn[OTHER.uri].standing is Standing.CLEAR
    assert drawn[MODEL.uri].standing is Standing.FROM_FORBIDDEN
