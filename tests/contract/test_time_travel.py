"""What would have been decided then, knowing what was known then; and decisions made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lineage_plugin.gate.replay import Replay, Verdict, compare
from lineage_plugin.gate.service import open_gate
from lineage_plugin.model import (
    Decision,
    Declaration,
    EdgeKind,
    License,
    Outcome,
    Output,
    Reason,
    RunFacts,
    RunState,
)
from tests.support.gatehouse import CLEAN, DAY, RULE, SECOND, Gatehouse, ref, roots, subject

ALLOWED, DENIED, UNDECIDED = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDECIDED
NON_COMMERCIAL = CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from a clean root."""
    house = Gatehouse(tmp_path).catalog(roots(raw=CLEAN))
    return house.ran("take", (), ["raw"]).ran("scale", ["raw"], ["features"])


def replayed(house: Gatehouse, decision: Decision) -> Replay:
    with open_gate(house.settings, now_us=lambda: house.now_us, read_only=True) as gate:
        return compare(decision, gate.again(decision))


def known_now(house: Gatehouse) -> int:
    with house.store() as store:
        return store.head()[0]


def test_what_would_have_been_decided_then_does_not_know_what_was_said_since(
    house: Gatehouse,
) -> None:
    assert house.ask("features").outcome is ALLOWED
    then_us, then_seq = house.now_us, known_now(house)
    house.now_us += 2 * DAY
    house.catalog(roots(raw=NON_COMMERCIAL))
    assert house.ask("features").outcome is DENIED
    head = known_now(house)

    knowing_then = house.ask("features", at_us=then_us, known_seq=then_seq)
    knowing_now = house.ask("features", at_us=then_us)

    assert (knowing_then.outcome, knowing_then.known_seq) == (ALLOWED, then_seq)
    assert knowing_now.outcome is DENIED
    assert known_now(house) == head, "a question about another moment is not recorded"


def test_a_late_event_was_not_known_before_it_arrived(house: Gatehouse) -> None:
    """It had happened, but nobody could tell: the first answer was right when it was given."""
    house.ask("features", record=False)
    then_us, then_seq = house.now_us, known_now(house)
    late = RunFacts(
        "monday/sneak",
        "airflow",
        "sneak",
        RunState.COMPLETE,
        then_us - 2 * SECOND,
        "monday",
        inputs=(ref("scraped"),),
        outputs=(Output(ref("features")),),
        edge=EdgeKind.JOIN,
    )
    with house.store() as store:
        store.append_runs([(late, "{}")], recorded_us=then_us + DAY)

    knowing_then = house.ask("features", at_us=then_us, known_seq=then_seq)
    knowing_now = house.ask("features", at_us=then_us)

    assert knowing_then.outcome is ALLOWED
    assert [r.id for r in knowing_now.reasons] == ["lineage.unknown-producer"]


def test_what_a_decorator_said_is_known_from_when_it_was_recorded(house: Gatehouse) -> None:
    house.ask("features", record=False)
    then_seq = known_now(house)
    said = Declaration("dag:x", ref("features").uri, license=License("CC-BY-NC-4.0"))
    house.ran("scale", ["raw"], ["features"], group="tuesday", declarations=(said,))

    assert house.ask("features").outcome is DENIED
    assert house.ask("features", known_seq=then_seq).outcome is ALLOWED


def test_a_moment_before_the_record_began_knows_nothing(house: Gatehouse) -> None:
    before = house.ask("features", known_seq=0)

    assert [r.id for r in before.reasons] == ["lineage.unknown-producer"]


def test_the_record_tells_which_entry_was_the_last_at_a_moment(house: Gatehouse) -> None:
    with house.store() as store:
        assert store.seq_at(house.now_us) == store.head()[0] == 4
        assert store.seq_at(house.now_us - 1) == 3
        assert store.seq_at(-1) == 0


def test_a_decision_made_again_is_the_same_byte_for_byte_whatever_came_since(
    house: Gatehouse,
) -> None:
    asks = subject("train", "monday")
    first = house.ask("features", subject=asks)
    refused = house.ask("features", "scraped")
    house.ran("scale", ["raw", "scraped"], ["features"], group="tuesday")
    house.catalog(roots(raw=NON_COMMERCIAL))
    repeated = house.ask("features")

    for decision in (first, refused, repeated, *house.recorded()):
        replay = replayed(house, decision)
        assert replay.verdict is Verdict.IDENTICAL, replay.differences
        assert replay.again.id != decision.id
    assert (first.outcome, refused.outcome, repeated.outcome) == (ALLOWED, UNDECIDED, DENIED)


def test_a_decision_that_was_said_again_can_be_made_again(house: Gatehouse) -> None:
    house.ask("features")
    again = house.ask("features")

    assert again.reused_from
    assert replayed(house, again).verdict is Verdict.IDENTICAL


def test_a_policy_that_changed_is_named_instead_of_compared(house: Gatehouse) -> None:
    house.suite("ours", RULE)
    decision = house.ask("features", suites=["ours"])
    house.suite("ours", {**RULE, "kwargs": {**RULE["kwargs"], "value_set": ["inherited"]}})

    changed = replayed(house, decision)
    (house.settings.expectations / "ours.json").unlink()
    gone = replayed(house, decision)

    assert (changed.verdict, changed.differences[0].what) == (Verdict.CHANGED, "suite ours")
    assert gone.verdict is Verdict.CHANGED
    assert "'ours'" in gone.differences[0].now


def test_another_release_is_named(house: Gatehouse) -> None:
    decision = house.ask("features")
    version, *others = decision.judged_by
    older = replace(decision, judged_by=("lineage-plugin 0.0.1", *others), policy_digest="older")

    differences = replayed(house, older).differences

    assert [(d.what, d.then) for d in differences] == [("lineage-plugin", "0.0.1")]
    assert version == f"lineage-plugin {differences[0].now}"


def test_a_decision_that_nobody_made_is_contradicted(house: Gatehouse) -> None:
    house.catalog(roots(raw=NON_COMMERCIAL))
    refused = house.ask("features")
    forged = replace(refused, outcome=ALLOWED, reasons=())

    replay = replayed(house, forged)

    assert replay.verdict is Verdict.CONTRADICTED
    assert [d.what for d in replay.differences] == ["outcome", "reasons"]


def test_a_record_that_was_cut_short_contradicts_what_was_decided_on_it(house: Gatehouse) -> None:
    decision = house.ask("features")
    beyond = replace(decision, known_seq=decision.known_seq + 1_000)

    replay = replayed(house, beyond)

    assert replay.verdict is Verdict.CONTRADICTED
    assert "known_seq" in [d.what for d in replay.differences]


def test_what_an_obstacle_decided_cannot_be_made_again(house: Gatehouse) -> None:
    obstacle = Reason("input.unresolved", "", "who knows", "say it", is_definite=False)
    decision = house.ask("features", obstacles=[obstacle])

    assert replayed(house, decision).verdict is Verdict.UNREPEATABLE


def test_a_model_stays_tainted_by_the_table_it_was_trained_on_when_that_is_cleaned(
    house: Gatehouse,
) -> None:
    """The new version of the table is clean; what was made from the old one is not."""
    house.catalog(roots(raw=CLEAN, scraped=NON_COMMERCIAL))
    house.ran("fill", ["scraped"], ["table"])
    house.ran("train", ["table"], ["model"], edge=EdgeKind.TRAIN)
    house.ran("clean", ["raw"], ["table"], group="tuesday", overwrites=True)

    assert house.ask("table").outcome is ALLOWED
    assert house.ask("model").outcome is DENIED
