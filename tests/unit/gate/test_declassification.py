"""What a recorded declassification takes away, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lineage_plugin.gate import decide
from lineage_plugin.gate.frame import RELEVANT, Frame, build
from lineage_plugin.lineage.said import Declared, by_uri
from lineage_plugin.lineage.survey import over
from lineage_plugin.model import (
    Consent,
    DatasetRef,
    Declaration,
    Declassified,
    EdgeKind,
    License,
    Outcome,
    Unknown,
)
from lineage_plugin.policy.purposes import shipped
from tests.support.story import Story

PHOTOS, COUNTS, MODEL = (DatasetRef("s3://lake", name) for name in ("photos", "counts", "model"))
PEOPLE = Declaration(
    "vendor",
    PHOTOS.uri,
    external=True,
    license=License("CC-BY-NC-4.0"),
    consent=Unknown("nobody kept the forms"),
    categories=("personal", "location"),
)
DECIDED = Declassified(("personal", "location"), "k-anonymity", "team-privacy", "k is 20", 500)
DECISION = Declaration("team", COUNTS.uri, declassified=DECIDED)


def frame(
    *declared: Declaration,
    edge: EdgeKind = EdgeKind.ANONYMISE,
    at: int = 100,
    purpose: str = "model-training",
    beside: bool = False,
) -> Frame:
    """Return the frame over counts of photos, and over the photos themselves too if *beside*."""
    story = Story().ran("r1", 10, 20, reads=[PHOTOS], writes=[COUNTS], edge=edge)
    said = Declared(lambda _: (), by_uri(declared), at_us=at)
    seen = over(story.history(), [COUNTS, *([PHOTOS] if beside else [])], said, at_us=at)
    return build(seen, purpose=purpose, purposes=shipped(), at_us=at, terms={})


def cell(found: Frame, column: str, ref: DatasetRef = PHOTOS) -> str:
    return str(next(row[column] for row in found.rows if row["dataset"] == ref.uri))


def test_it_takes_the_need_for_consent_with_the_categories() -> None:
    found = frame(PEOPLE, DECISION)

    assert cell(found, "categories") == "none"
    assert cell(found, "consent_verdict") == "declassified"


def test_it_never_takes_a_license_a_source_or_a_custody() -> None:
    with_it, without = frame(PEOPLE, DECISION), frame(PEOPLE)

    for column in ("license", "license_verdict", "source_verdict", "custody_verdict", "assurance"):
        assert cell(with_it, column) == cell(without, column)


@pytest.mark.parametrize("edge", set(EdgeKind) - {EdgeKind.ANONYMISE, EdgeKind.AGGREGATE})
def test_no_other_kind_of_step_takes_anything_away(edge: EdgeKind) -> None:
    found = frame(PEOPLE, DECISION, edge=edge)

    assert cell(found, "consent_verdict") == "unknown"
    assert set(cell(found, "categories").split()) >= {"personal", "location"}
    assert "the step was" in cell(found, "declassification_lapsed", COUNTS)


def test_no_step_takes_anything_away_without_a_decision() -> None:
    assert cell(frame(PEOPLE), "categories") == "location personal"


def test_it_ends_on_its_date_and_so_does_every_decision_that_rests_on_it() -> None:
    assert frame(PEOPLE, DECISION).expires_us == DECIDED.until_us

    found = frame(PEOPLE, DECISION, at=DECIDED.until_us)

    assert cell(found, "consent_verdict") == "unknown"
    assert cell(found, "declassified", COUNTS) == "none"
    assert "it has ended" in cell(found, "declassification_lapsed", COUNTS)


def test_what_it_does_not_name_stays() -> None:
    partly = replace(DECISION, declassified=replace(DECIDED, removes=("location",)))

    assert cell(frame(PEOPLE, partly), "categories") == "personal"
    assert cell(frame(PEOPLE, partly), "consent_verdict") == "unknown"


def test_what_comes_by_another_way_stays() -> None:
    assert cell(frame(PEOPLE, DECISION, beside=True), "consent_verdict") == "unknown"


def test_somebody_who_says_that_it_is_still_personal_binds_too() -> None:
    other = Declaration("auditor", COUNTS.uri, categories=("personal",))

    assert cell(frame(PEOPLE, DECISION, other), "categories", COUNTS) == "personal"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("dpv:ConsentWithdrawn", "declassified"),
        ("dpv:ConsentInvalidated", "invalidated"),
        ("dpv:ConsentRefused", "refused"),
    ],
)
def test_what_never_had_a_basis_blocks_whatever_was_made_of_it(status: str, verdict: str) -> None:
    consent = Consent(("eu-gdpr:A6-1-a",), status, ("model-training",))

    assert cell(frame(replace(PEOPLE, consent=consent), DECISION), "consent_verdict") == verdict


def test_data_that_was_never_said_to_be_of_people_needs_its_consent_as_before() -> None:
    pictures = replace(PEOPLE, categories=("non-personal",))

    assert cell(frame(pictures, DECISION), "consent_verdict") == "unknown"


def test_telling_faces_apart_needs_consent_all_the_same() -> None:
    found = frame(PEOPLE, DECISION, purpose="face-recognition")

    assert cell(found, "consent_verdict") == "unknown"


def test_every_decision_that_rests_on_it_says_so() -> None:
    found = frame(PEOPLE, DECISION)
    said = Declared(lambda _: (), {}, at_us=1)
    story = Story().ran("r1", 10, 20, reads=[PHOTOS], writes=[COUNTS])
    ancestry = over(story.history(), [COUNTS], said, at_us=100).ancestry

    outcome, _, warnings = decide.explain(
        [], found.distinct(RELEVANT), ancestry, purpose="model-training"
    )

    assert outcome is Outcome.ALLOWED
    assert [(w.id, w.dataset) for w in warnings] == [("edge.declassified", COUNTS.uri)]
    assert "decided by team-privacy" in warnings[0].why
