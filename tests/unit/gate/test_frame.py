"""The provenance frame: one row per version, no cell ever null."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lineage_plugin.gate.frame import COLUMNS, RELEVANT, Frame, build
from lineage_plugin.lineage.said import Declared, by_uri
from lineage_plugin.lineage.survey import over
from lineage_plugin.model import (
    Assurance,
    Consent,
    ConsentEvent,
    Custody,
    DatasetRef,
    Declaration,
    DeclaredNone,
    EdgeKind,
    Evidence,
    License,
    Source,
    Transfer,
    Unknown,
)
from lineage_plugin.policy.purposes import shipped
from tests.support.story import Story

PHOTOS, FACES, MODEL = (DatasetRef("s3://lake", name) for name in ("photos", "faces", "model"))

COMPLETE = Declaration(
    "team",
    PHOTOS.uri,
    external=True,
    source=Source("Acme", "user-generated-content"),
    license=License("CC-BY-4.0"),
    consent=Consent(("eu-gdpr:A6-1-a",), purposes=("model-training",), until_us=5_000),
    custody=Custody(
        (Transfer("licensed", "Acme", "us", agreement=Evidence("a.pdf", until_us=9_000)),)
    ),
    categories=("personal", "face-image"),
)


SILENT = Declaration("team", PHOTOS.uri, external=True)
UNKNOWN = replace(SILENT, license=Unknown("?"), consent=Unknown("?"), custody=Unknown("?"))
NOTHING = replace(
    SILENT, license=DeclaredNone("."), consent=DeclaredNone("."), custody=DeclaredNone(".")
)


def frame(
    story: Story,
    ref: DatasetRef,
    declarations: Iterable[Declaration] = (),
    *,
    at: int = 1000,
    purpose: str = "model-training",
) -> Frame:
    """Return the frame over *ref*."""
    said = Declared(lambda _: (), by_uri(declarations), at_us=at)
    story.knows(ref)
    seen = over(story.history(), [ref], said, at_us=at)
    return build(seen, purpose=purpose, purposes=shipped(), at_us=at, terms={})


def cells(found: Frame, ref: DatasetRef) -> dict[str, object]:
    """Return the nearest row of a dataset."""
    return dict(next(row for row in found.rows if row["dataset"] == ref.uri))


def story() -> Story:
    return (
        Story()
        .ran("r1", 10, 20, reads=[PHOTOS], writes=[FACES], edge=EdgeKind.EMBED)
        .ran("r1", 30, 40, reads=[FACES], writes=[MODEL], edge=EdgeKind.TRAIN)
    )


def test_every_ancestor_has_a_row_and_every_row_all_columns() -> None:
    found = frame(story(), MODEL, [COMPLETE])

    assert [row["dataset"] for row in found.rows] == [MODEL.uri, FACES.uri, PHOTOS.uri]
    assert [row["role"] for row in found.rows] == ["input", "ancestor", "root"]
    assert all(row.keys() == COLUMNS.keys() for row in found.rows)


def test_no_cell_is_ever_null_whatever_is_declared() -> None:
    for said in (COMPLETE, SILENT, UNKNOWN, NOTHING):
        for row in frame(story(), MODEL, [said]).rows:
            assert all(cell not in (None, "") for cell in row.values())


def test_absent_none_and_unknown_are_three_things() -> None:
    def verdicts(said: Declaration) -> tuple[object, ...]:
        row = cells(frame(story(), MODEL, [said]), PHOTOS)
        return row["license_verdict"], row["consent_verdict"], row["custody_verdict"]

    assert verdicts(SILENT) == ("absent", "absent", "absent")
    assert verdicts(UNKNOWN) == ("unknown", "unknown", "unknown")
    assert verdicts(NOTHING) == ("none", "not-personal", "first-party")


def test_a_derived_dataset_that_declares_nothing_inherits() -> None:
    row = cells(frame(story(), MODEL, [COMPLETE]), FACES)

    assert row["license_verdict"] == row["consent_verdict"] == row["custody_verdict"] == "inherited"


def test_photos_through_an_embedding_are_judged_as_biometric_data() -> None:
    row = cells(frame(story(), MODEL, [COMPLETE]), PHOTOS)

    assert "biometric" in str(row["categories"])
    assert row["consent_verdict"] == "special-category"


def test_photos_before_the_embedding_are_not_biometric_yet() -> None:
    row = cells(frame(story(), PHOTOS, [COMPLETE]), PHOTOS)

    assert "biometric" not in str(row["categories"])
    assert row["consent_verdict"] == "valid"


def test_what_nobody_wrote_and_nobody_declared_is_unknown() -> None:
    assert cells(frame(story(), MODEL), PHOTOS)["lineage_verdict"] == "unknown-producer"


def test_an_output_of_a_run_without_known_inputs_is_unknown() -> None:
    found = frame(Story().ran("r1", 10, 20, writes=[FACES]), FACES)

    assert cells(found, FACES)["lineage_verdict"] == "no-known-inputs"


def test_a_task_that_brings_data_in_needs_no_inputs_where_its_output_is_declared_external() -> None:
    found = frame(Story().ran("r1", 10, 20, writes=[PHOTOS]), PHOTOS, [COMPLETE])

    assert cells(found, PHOTOS)["lineage_verdict"] == "complete"


def test_several_authorities_bind_together() -> None:
    auditor = Declaration("auditor", PHOTOS.uri, license=License("CC-BY-NC-4.0"))
    row = cells(frame(story(), MODEL, [COMPLETE, auditor]), PHOTOS)

    assert row["license_verdict"] == "non-commercial"
    assert row["license"] == "CC-BY-4.0 AND CC-BY-NC-4.0"
    assert row["authorities"] == "auditor team"


def test_a_frame_expires_when_the_first_of_its_facts_does() -> None:
    assert frame(story(), MODEL, [COMPLETE]).expires_us == 5_000
    assert frame(story(), MODEL, [COMPLETE], at=6_000).expires_us == 9_000


def test_another_daily_run_does_not_change_the_digest() -> None:
    """A decision is reused although every day adds versions."""
    day1, day2 = story(), story()
    day2.ran("r2", 50, 60, reads=[PHOTOS], writes=[FACES], edge=EdgeKind.EMBED)
    day2.ran("r2", 70, 80, reads=[FACES], writes=[MODEL], edge=EdgeKind.TRAIN)

    assert len(frame(day2, MODEL, [COMPLETE]).rows) > len(frame(day1, MODEL, [COMPLETE]).rows)
    assert frame(day2, MODEL, [COMPLETE]).digest == frame(day1, MODEL, [COMPLETE]).digest


def test_a_changed_declaration_changes_the_digest() -> None:
    other = Declaration("auditor", PHOTOS.uri, license=License("MIT"))

    assert (
        frame(story(), MODEL, [COMPLETE]).digest != frame(story(), MODEL, [COMPLETE, other]).digest
    )


def test_distinct_rows_come_with_their_nearest_version() -> None:
    day2 = story().ran("r2", 50, 60, reads=[PHOTOS], writes=[FACES], edge=EdgeKind.EMBED)
    found = frame(day2, FACES, [COMPLETE]).distinct(RELEVANT)

    assert [version for _, version in found] == sorted(version for _, version in found)


def test_the_order_in_which_authorities_spoke_does_not_change_the_digest() -> None:
    auditor = Declaration("auditor", PHOTOS.uri, license=License("MIT"))

    one, other = ([COMPLETE, auditor], [auditor, COMPLETE])

    assert frame(story(), MODEL, one).digest == frame(story(), MODEL, other).digest


def test_papers_that_ended_support_nothing_and_the_last_to_end_bounds_the_frame() -> None:
    papers = (Evidence("a.pdf", "a" * 64, until_us=2_000), Evidence("b.pdf", "b" * 64, 3_000))
    said = replace(SILENT, assurance=Assurance.VERIFIED, evidence=papers)
    unending = replace(said, evidence=(*papers, Evidence("c.pdf", "c" * 64)))

    def seen(declaration: Declaration, at: int) -> tuple[str, int | None]:
        found = frame(story(), MODEL, [declaration], at=at)
        return next(r["assurance"] for r in found.rows if r["role"] == "root"), found.expires_us

    assert seen(said, 1_000) == ("verified", 3_000)
    assert seen(said, 2_999) == ("verified", 3_000)
    assert seen(said, 3_000) == ("asserted", None)
    assert seen(unending, 3_000) == ("verified", None)


def test_one_dataset_does_not_lend_its_papers_to_another_that_says_the_same() -> None:
    ended, standing = (
        replace(SILENT, pattern=ref.uri, assurance=Assurance.DOCUMENTED, evidence=(paper,))
        for ref, paper in (
            (PHOTOS, Evidence("a.pdf", "a" * 64, until_us=500)),
            (FACES, Evidence("b.pdf", "b" * 64)),
        )
    )

    rows = frame(story(), MODEL, [standing, ended]).rows

    said = {row["dataset"]: row["assurance"] for row in rows}
    assert (said[PHOTOS.uri], said[FACES.uri]) == ("asserted", "documented")


def shared(license_id: str, ref: DatasetRef = PHOTOS, **more: Any) -> Declaration:
    return replace(SILENT, pattern=ref.uri, license=License(license_id, **more))


MAPS = DatasetRef("s3://lake", "maps")


def joined(edge: EdgeKind = EdgeKind.JOIN) -> Story:
    return Story().ran("r1", 10, 20, reads=[PHOTOS, MAPS], writes=[MODEL], edge=edge)


def test_share_alike_licenses_of_two_sources_conflict_and_name_each_other() -> None:
    said = [shared("CC-BY-SA-4.0"), shared("ODbL-1.0", MAPS)]
    found = frame(joined(), MODEL, said)

    assert cells(found, PHOTOS)["license_conflict"] == f"ODbL-1.0 of {MAPS.uri}"
    assert cells(found, MAPS)["license_conflict"] == f"CC-BY-SA-4.0 of {PHOTOS.uri}"
    assert cells(found, PHOTOS)["license_conflict_verdict"] == "share-alike"
    assert cells(found, MODEL)["license_conflict_verdict"] == "inherited"


def test_a_model_is_reviewed_for_share_alike_and_keeps_duties_and_nc() -> None:
    said = [shared("CC-BY-NC-SA-4.0"), shared("CDLA-Sharing-1.0", MAPS)]
    found = frame(joined(EdgeKind.TRAIN), MODEL, said, purpose="sale")

    photos, maps = cells(found, PHOTOS), cells(found, MAPS)
    assert photos["license_conflict_verdict"] == "review"
    assert photos["license_verdict"] == "non-commercial"
    assert "cc:Attribution" in str(photos["license_duties"])
    assert "cc:ShareAlike" not in str(photos["license_duties"])
    assert (maps["license_conflict_verdict"], maps["license_duties"]) == ("compatible", "none")


def test_data_that_arrives_beside_the_model_too_keeps_all_its_terms() -> None:
    both = joined(EdgeKind.TRAIN).ran(
        "r2", 30, 40, reads=[MODEL, PHOTOS], writes=[FACES], edge=EdgeKind.JOIN
    )
    found = frame(both, FACES, [shared("CC-BY-SA-4.0"), shared("ODbL-1.0", MAPS)])

    assert "cc:ShareAlike" in str(cells(found, PHOTOS)["license_duties"])
    assert "cc:ShareAlike" not in str(cells(found, MAPS)["license_duties"])


def test_a_step_that_trains_and_does_something_else_is_no_mere_training() -> None:
    mixed = joined(EdgeKind.TRAIN)
    activity = mixed.activities[1]
    mixed.activities[1] = activity._replace(edges=frozenset({EdgeKind.TRAIN, EdgeKind.COPY}))

    assert "cc:ShareAlike" in str(
        cells(frame(mixed, MODEL, [shared("CC-BY-SA-4.0")]), PHOTOS)["license_duties"]
    )


def test_a_concluded_license_that_is_not_the_declared_one_is_seen() -> None:
    row = cells(frame(story(), MODEL, [shared("MIT", concluded="CC-BY-NC-4.0")]), PHOTOS)

    assert row["license_concluded_verdict"] == "differs"
    assert row["license_concluded"] == "team: declared MIT, concluded CC-BY-NC-4.0"
    assert row["license_verdict"] == "non-commercial"


def test_contradicting_authorities_both_bind_and_are_named() -> None:
    auditor = Declaration("auditor", PHOTOS.uri, license=License("CC-BY-ND-4.0"))
    row = cells(frame(story(), MODEL, [shared("MIT OR ISC"), auditor]), PHOTOS)

    assert row["license_concluded_verdict"] == "disputed"
    assert row["license_concluded"] == "auditor: declared CC-BY-ND-4.0; team: declared MIT OR ISC"
    assert row["license"] == "CC-BY-ND-4.0 AND (MIT OR ISC)"
    assert row["license_derivation_verdict"] == "no-derivatives"


def test_papers_of_a_claim_that_there_are_no_people_support_it_while_they_hold() -> None:
    claim = DeclaredNone("maps", (Evidence("audit.pdf", "a" * 64, until_us=2_000),))
    said = replace(SILENT, consent=claim, assurance=Assurance.DOCUMENTED)

    found = [cells(frame(story(), PHOTOS, [said], at=at), PHOTOS) for at in (1_999, 2_000)]

    assert [row["consent_verdict"] for row in found] == ["not-personal"] * 2
    assert [row["assurance"] for row in found] == ["documented", "asserted"]


def test_the_state_of_a_consent_is_that_of_the_moment() -> None:
    events = (ConsentEvent("dpv:ConsentGiven", 100), ConsentEvent("dpv:ConsentWithdrawn", 2_000))
    said = replace(
        SILENT,
        consent=Consent(("eu-gdpr:A6-1-a",), purposes=("model-training",), events=events),
    )
    before, after = (frame(story(), PHOTOS, [said], at=at) for at in (1_000, 3_000))

    assert before.expires_us == 2_000
    assert [cells(found, PHOTOS)["consent_status"] for found in (before, after)] == [
        "dpv:ConsentGiven",
        "dpv:ConsentWithdrawn",
    ]
    assert cells(after, PHOTOS)["consent_since"] == "1970-01-01T00:00:00.002000Z"
    assert before.digest != after.digest


def test_consent_given_anew_carries_custody_over_a_takeover() -> None:
    taken = Custody(
        (
            Transfer("collected", receiver="Startup"),
            Transfer("acquisition", "Startup", "us", 500, Evidence("deal.pdf")),
        )
    )
    renewed = Consent(("eu-gdpr:A6-1-a",), events=(ConsentEvent("dpv:RenewedConsentGiven", 600),))
    found = [
        cells(frame(story(), PHOTOS, [replace(SILENT, custody=taken, consent=said)]), PHOTOS)
        for said in (None, renewed)
    ]

    assert [row["custody_verdict"] for row in found] == ["change-of-control", "complete"]


def test_authorities_contradict_each_other_only_where_one_of_them_permits() -> None:
    def conflict(*said: object) -> object:
        told = [
            replace(SILENT, authority=f"a{n}", consent=each)  # type: ignore[arg-type]
            for n, each in enumerate(said)
        ]
        return cells(frame(story(), PHOTOS, told), PHOTOS)["consent_conflict"]

    valid = Consent(("eu-gdpr:A6-1-b",), purposes=("model-training",))
    withdrawn = replace(valid, status="dpv:ConsentWithdrawn")

    assert conflict(valid, withdrawn) == "a0: it may be used; a1: withdrawn"
    assert conflict(valid, DeclaredNone("maps")) == "a0: it may be used; a1: there is none"
    assert conflict(valid, valid) == conflict(valid, Unknown("?")) == "none"
    assert conflict(withdrawn, replace(valid, status="dpv:ConsentRefused")) == "none"
