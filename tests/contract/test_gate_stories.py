"""What gates say about the typical stories, with a real record, real suites and a real catalog."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lineage_plugin.model import Declaration, EdgeKind, License, Outcome, RunState, Subject
from tests.support.gatehouse import CLEAN, DAY, Gatehouse, only, ref, roots, subject, uri

ALLOWED, DENIED, UNDECIDED = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDECIDED


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from a clean root."""
    house = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    return house.ran("take", (), ["raw"]).ran("scale", ["raw"], ["features"])


def test_data_with_its_provenance_may_train_a_model(house: Gatehouse) -> None:
    decision = house.ask("features")

    assert decision.outcome is ALLOWED
    assert decision.reasons == ()
    assert decision.rows == 2
    assert decision.suites == ("model-training",)
    assert house.recorded() == [decision]


def test_a_missing_consent_three_steps_upstream_is_named_with_the_way_to_it(
    house: Gatehouse,
) -> None:
    silent = CLEAN.replace("    consent: {none: no people shown}\n", "")
    house.catalog(roots(raw=silent))
    house.ran("split", ["features"], ["train"]).ran("shuffle", ["train"], ["batches"])

    decision = house.ask("batches")

    reason = only(decision.reasons)
    assert decision.outcome is UNDECIDED
    assert reason.id == "consent.absent"
    assert reason.dataset == uri("raw")
    assert reason.path == tuple(map(uri, ("batches", "train", "features", "raw")))
    assert reason.said_by == "team-vision"
    assert f"'{uri('raw')}'" in reason.remedy


def test_a_non_commercial_license_that_was_joined_in_denies(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN, scores=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    house.ran("join", ["features", "scores"], ["joined"], edge=EdgeKind.JOIN)

    decision = house.ask("joined")

    reason = only(decision.reasons)
    assert decision.outcome is DENIED
    assert (reason.id, reason.dataset) == ("license.non-commercial", uri("scores"))
    assert "CC-BY-NC-4.0" in reason.why
    assert "model-training" in reason.why


def test_a_vendor_drop_without_an_agreement_denies(house: Gatehouse) -> None:
    drop = CLEAN.replace("event: published", "event: partner-transfer, agreement: {none: a favour}")
    house.catalog(roots(drop=drop))

    decision = house.ask("drop")

    reason = only(decision.reasons)
    assert decision.outcome is DENIED
    assert reason.id == "custody.no-agreement"
    assert "partner-transfer" in reason.why


def test_embedding_photos_makes_them_biometric(house: Gatehouse) -> None:
    """A basis that was enough for pictures is none for what a face is recognised by."""
    photos = CLEAN.replace(
        "{none: no people shown}", "{basis: eu-gdpr:A6-1-a, purposes: [model-training]}"
    )
    house.catalog(roots(photos=photos + "    categories: [personal, face-image]\n"))
    house.ran("crop", ["photos"], ["crops"])
    house.ran("embed", ["crops"], ["faces"], edge=EdgeKind.EMBED)

    assert house.ask("crops").outcome is ALLOWED
    assert house.verdicts("faces") == (DENIED, ["consent.special-category"])


def test_a_prohibition_weighs_more_than_missing_knowledge(house: Gatehouse) -> None:
    unknown = CLEAN.replace("CC-BY-4.0", "{unknown: legal was asked}")
    house.catalog(roots(a=unknown, b=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))

    assert house.verdicts("a") == (UNDECIDED, ["license.unknown"])
    assert house.verdicts("a", "b") == (DENIED, ["license.non-commercial", "license.unknown"])


def test_a_run_that_reads_nothing_known_is_undecided(house: Gatehouse) -> None:
    decision = house.ask()

    assert decision.outcome is UNDECIDED
    assert only(decision.reasons).id == "gate.no-inputs"
    assert house.recorded() == [decision]


def test_what_the_record_saw_the_task_read_is_judged_too(house: Gatehouse) -> None:
    """The tables in a task's SQL are in the event of its start, not in its inlets."""
    house.ran("train", ["nowhere"], (), state=None)

    decision = house.ask("features", subject=subject("train"))

    assert decision.outcome is UNDECIDED
    assert set(decision.inputs) == {ref("features"), ref("nowhere")}


def test_a_dataset_that_nobody_made_and_nobody_declared_says_which_line_to_add(
    house: Gatehouse,
) -> None:
    reason = only(house.ask("nowhere").reasons)

    assert reason.id == "lineage.unknown-producer"
    assert not reason.is_definite
    assert f"under '{uri('nowhere')}': origin: external" in reason.remedy


def test_an_output_of_a_run_without_known_inputs_is_undecided(house: Gatehouse) -> None:
    house.ran("conjure", (), ["rabbit"])

    reason = only(house.ask("rabbit").reasons)

    assert reason.id == "lineage.no-known-inputs"
    assert "airflow/conjure" in reason.why


def test_an_upstream_writer_that_has_not_finished_leaves_a_gate_undecided(
    house: Gatehouse,
) -> None:
    house.ran("refresh", ["raw"], ["features"], group="tuesday", state=None)

    reason = only(house.ask("features").reasons)

    assert reason.id == "lineage.writer-open"
    assert "airflow/refresh" in reason.why


def test_a_gate_asked_by_a_task_waits_for_the_writer_that_just_ended(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path, settle_wait_s=30).catalog(roots(raw=CLEAN))
    house.ran("scale", ["raw"], ["features"], state=None)
    end = threading.Timer(1, house.said, ("scale", RunState.COMPLETE, ["raw"], ["features"]))
    end.start()

    decision = house.ask("features", subject=subject("train"))
    end.join()

    assert decision.outcome is ALLOWED


def test_a_gate_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path, settle_wait_s=1).catalog(roots(raw=CLEAN))
    house.ran("scale", ["raw"], ["features"], state=None)
    began = time.monotonic()

    assert house.verdicts("features", subject=subject("train"))[0] is UNDECIDED
    assert 1 <= time.monotonic() - began < 10


@pytest.mark.parametrize("at_us", [None, 1], ids=["a person", "a task about the past"])
def test_a_gate_does_not_wait_for(tmp_path: Path, at_us: int | None) -> None:
    house = Gatehouse(tmp_path, settle_wait_s=3600).catalog(roots(raw=CLEAN))
    house.ran("scale", ["raw"], ["features"], state=None)
    by = Subject() if at_us is None else subject("train")
    when = None if at_us is None else house.now_us

    assert house.ask("features", subject=by, at_us=when).outcome is UNDECIDED


def test_a_task_is_no_obstacle_to_itself(house: Gatehouse) -> None:
    """It has begun, and will write the table that it reads."""
    house.ran("train", ["features"], ["features"], state=None)

    assert house.ask("features", subject=subject("train")).outcome is ALLOWED
    assert house.verdicts("features") == (UNDECIDED, ["lineage.writer-open"])


def test_what_a_refused_run_was_to_write_is_as_it_was_before(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN, stolen=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    refusal = house.ask("stolen", subject=subject("mix", "tuesday"))
    assert refusal.outcome is DENIED

    house.ran(
        "mix",
        ["stolen"],
        ["features"],
        group="tuesday",
        state=RunState.FAIL,
        refused_by=refusal.id,
    )

    assert house.ask("features").outcome is ALLOWED


@pytest.mark.parametrize("whose", ["nobody's", "another task's", "an allowance"])
def test_a_refusal_that_never_was_does_not_hide_a_write(house: Gatehouse, whose: str) -> None:
    house.catalog(roots(raw=CLEAN, stolen=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    claims = {
        "nobody's": "no-such-decision",
        "another task's": house.ask("stolen", subject=subject("other", "tuesday")).id,
        "an allowance": house.ask("raw", subject=subject("mix", "tuesday")).id,
    }

    house.ran(
        "mix",
        ["stolen"],
        ["features"],
        group="tuesday",
        state=RunState.FAIL,
        refused_by=claims[whose],
    )

    assert house.verdicts("features") == (DENIED, ["license.non-commercial"])


def test_what_the_name_of_a_folder_is_written_with_does_not_matter(house: Gatehouse) -> None:
    house.ran("pack", ["features"], ["pack/part-0", "pack/part-1"])

    assert house.ask("pack/").outcome is house.ask("pack").outcome is ALLOWED


def test_two_authorities_bind_together(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path, catalog=(tmp_path / "ours.yaml", tmp_path / "audit.yaml"))
    audit = "    license: CC-BY-NC-4.0\n"
    house.catalog(roots(raw=CLEAN), "ours.yaml")
    assert house.ask("raw").outcome is ALLOWED

    house.catalog(roots(raw=audit).replace("team-vision", "auditor"), "audit.yaml")

    reason = only(house.ask("raw").reasons)
    assert reason.id == "license.non-commercial"
    assert reason.said_by == "auditor team-vision"


def test_what_a_decorator_declares_binds_with_what_the_catalog_says(house: Gatehouse) -> None:
    said = Declaration("dag:faces", uri("raw"), license=License("CC-BY-NC-4.0"))
    house.ran("take", (), ["raw"], group="tuesday", declarations=(said,))

    reason = only(house.ask("features").reasons)
    assert reason.id == "license.non-commercial"
    assert reason.said_by == "dag:faces team-vision"


def test_a_consent_that_has_ended_denies_what_it_allowed_before(tmp_path: Path) -> None:
    house = Gatehouse(tmp_path, decision_max_age_s=365 * 86_400)
    until = CLEAN.replace(
        "{none: no people shown}",
        "{basis: eu-gdpr:A6-1-a, purposes: [model-training], until: 2026-01-03}",
    )
    house.catalog(roots(raw=until)).ran("scale", ["raw"], ["features"])
    before = house.ask("features")
    assert before.outcome is ALLOWED
    assert before.valid_until_us == 1_767_398_400_000_000

    house.now_us += 2 * DAY

    assert house.verdicts("features") == (DENIED, ["consent.expired"])


def test_a_gate_answers_for_another_moment(house: Gatehouse) -> None:
    until = CLEAN.replace(
        "{none: no people shown}",
        "{basis: eu-gdpr:A6-1-a, purposes: [model-training], until: 2026-01-03}",
    )
    house.catalog(roots(raw=until))

    later = house.ask("raw", at_us=house.now_us + 30 * DAY, record=False)

    assert later.outcome is DENIED
    assert house.recorded() == []
