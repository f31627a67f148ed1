"""From what suites found to an outcome with reasons."""

from __future__ import annotations

from dataclasses import replace

from lineage_plugin.gate.decide import explain
from lineage_plugin.gate.frame import RELEVANT
from lineage_plugin.gate.suite import Failure
from lineage_plugin.model import Declaration, License, Outcome
from tests.unit.gate.test_frame import COMPLETE, MODEL, PHOTOS, frame, story

FAILED = Failure(
    suite="model-training",
    expectation="expect_column_values_to_be_in_set",
    column="license_verdict",
    severity="critical",
    rule="license.permits-purpose",
    rows=(2,),
    observed="",
    kind="failed",
    message="",
    where="model-training.json:9",
)


def told(*failures: Failure, said: Declaration = COMPLETE) -> tuple[Outcome, list[str], list[str]]:
    """Return outcome, ids of reasons and ids of warnings."""
    table = frame(story(), MODEL, [said])
    ancestry = story().ascend(MODEL)
    outcome, reasons, warnings = explain(
        failures, table.distinct(RELEVANT), ancestry, purpose="model-training"
    )
    return outcome, [reason.id for reason in reasons], [reason.id for reason in warnings]


def test_nothing_that_failed_is_allowed() -> None:
    assert told() == (Outcome.ALLOWED, [], [])


def test_a_prohibition_denies() -> None:
    said = replace(COMPLETE, license=License("CC-BY-NC-4.0"))

    assert told(FAILED, said=said) == (Outcome.DENIED, ["license.non-commercial"], [])


def test_missing_knowledge_leaves_it_undecided() -> None:
    said = replace(COMPLETE, license=None)

    assert told(FAILED, said=said) == (Outcome.UNDECIDED, ["license.absent"], [])


def test_one_prohibition_among_unknowns_denies_and_comes_first() -> None:
    said = replace(COMPLETE, license=License("CC-BY-NC-4.0"), custody=None)
    custody = replace(FAILED, column="custody_verdict")
    outcome, reasons, _ = told(custody, FAILED, said=said)

    assert outcome is Outcome.DENIED
    assert reasons == ["license.non-commercial", "custody.absent"]


def test_what_was_not_evaluated_blocks_at_any_severity() -> None:
    outcome, reasons, _ = told(replace(FAILED, kind="not-evaluated", severity="warning"))

    assert (outcome, reasons) == (Outcome.UNDECIDED, ["suite.not-evaluated"])


def test_a_warning_does_not_block_and_is_told() -> None:
    said = replace(COMPLETE, license=None)

    assert told(replace(FAILED, severity="warning"), said=said) == (
        Outcome.ALLOWED,
        [],
        ["license.absent"],
    )


def test_a_reason_names_dataset_clause_speaker_and_remedy() -> None:
    said = replace(COMPLETE, license=License("CC-BY-NC-4.0"))
    table = frame(story(), MODEL, [said])
    _, (reason,), _ = explain(
        [FAILED], table.distinct(RELEVANT), story().ascend(MODEL), purpose="model-training"
    )

    assert reason.dataset == PHOTOS.uri
    assert reason.clause.startswith("The terms under which data came permit")
    assert reason.source.startswith("CC legal code 4.0")
    assert reason.said_by == "team"
    assert "CC-BY-NC-4.0" in reason.why
    assert PHOTOS.uri in reason.remedy


def test_an_expectation_on_a_plain_column_is_told_by_its_rule() -> None:
    plain = replace(
        FAILED, column="source_issuer", rule="house.known-vendors", message="not on the list"
    )
    outcome, reasons, _ = told(plain)

    assert (outcome, reasons) == (Outcome.DENIED, ["house.known-vendors"])
