"""A gate under modes and a baseline, with real suites and a real record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lineage_plugin.gate import baseline
from lineage_plugin.gate.receipts import Reported
from lineage_plugin.gate.replay import Verdict, compare
from lineage_plugin.gate.service import open_gate
from lineage_plugin.model import (
    Decision,
    Mode,
    Outcome,
    Statement,
    StatementKind,
    Subject,
    in_force,
)
from tests.support.gatehouse import CLEAN, DAY, RULE, Gatehouse, ref, roots, subject

UNLICENSED = CLEAN.replace("license: CC-BY-4.0", "license: CC-BY-NC-4.0")
FACES = Subject(job_name="faces.train", group="monday", run_id="r1", dag_id="faces")


def house(tmp_path: Path, modes: str = "", **changed: str) -> Gatehouse:
    found = Gatehouse(tmp_path, **changed).catalog(roots(raw=UNLICENSED, good=CLEAN))
    found.suite("quick", RULE)
    text = f"version: 1\npurposes:\n  model-training: [quick]\n{modes}"
    found.settings.policy.write_text(text, "utf-8")
    return found


def told(decision: Decision) -> tuple[str, str, str | None]:
    would = decision.would_be.value if decision.would_be else None
    return decision.outcome.value, decision.mode.value, would


def test_without_modes_everything_blocks(tmp_path: Path) -> None:
    decision = house(tmp_path).ask("raw")

    assert told(decision) == ("DENIED", "block", None)
    assert (decision.owed, decision.reasons[0].suites) == ((), ("quick",))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("[{mode: observe}]", ("ALLOWED", "observe", "DENIED")),
        ("[{mode: warn, rule: license.*}]", ("ALLOWED", "warn", "DENIED")),
        ("[{mode: warn, rule: consent.*}]", ("DENIED", "block", None)),
        ("[{mode: warn, suite: quick}]", ("ALLOWED", "warn", "DENIED")),
        ("[{mode: warn, suite: other}]", ("DENIED", "block", None)),
        ("[{mode: observe, severity: critical}]", ("ALLOWED", "observe", "DENIED")),
        ("[{mode: observe, dag: 'fac*'}]", ("ALLOWED", "observe", "DENIED")),
        ("[{mode: observe, dag: maps}]", ("DENIED", "block", None)),
        ("[{mode: observe, purpose: model-training}]", ("ALLOWED", "observe", "DENIED")),
        ("[{mode: observe, environment: dev}]", ("DENIED", "block", None)),
        ("[{mode: observe}, {mode: warn}]", ("ALLOWED", "warn", "DENIED")),
        ("[{mode: block, rule: license.*}, {mode: observe}]", ("DENIED", "block", None)),
        ("[{mode: warn, until: 2026-02-01}]", ("ALLOWED", "warn", "DENIED")),
        ("[{mode: warn, until: 2026-01-01}]", ("DENIED", "block", None)),
        ("[{mode: warn, from: 2026-01-02}]", ("DENIED", "block", None)),
    ],
)
def test_the_strictest_rule_that_fits_is_the_mode(
    tmp_path: Path, rules: str, expected: tuple[str, str, str | None]
) -> None:
    decision = house(tmp_path, f"modes: {rules}").ask("raw", subject=FACES)

    assert told(decision) == expected
    assert bool(decision.owed) == (expected[0] == "ALLOWED")


def test_what_was_let_pass_is_in_the_record_and_is_weighed_anew_when_said_again(
    tmp_path: Path,
) -> None:
    there = house(tmp_path, "modes: [{mode: warn, dag: faces}]")
    first = there.ask("raw", subject=FACES)
    again = there.ask("raw", subject=replace(FACES, run_id="r2"))
    stricter = there.ask("raw", subject=replace(FACES, run_id="r3"), at_least=Mode.BLOCK)
    elsewhere = there.ask("raw", subject=replace(FACES, dag_id="maps"))

    assert [told(d)[0] for d in (first, again, stricter, elsewhere)] == [
        "ALLOWED",
        "ALLOWED",
        "DENIED",
        "DENIED",
    ]
    assert again.reused_from == stricter.reused_from == elsewhere.reused_from == first.id
    assert next(told(d) for d in reversed(there.recorded())) == ("ALLOWED", "warn", "DENIED")


def test_an_environment_has_modes_of_its_own(tmp_path: Path) -> None:
    there = house(tmp_path, "modes: [{mode: observe, environment: [dev, test]}]", environment="dev")

    assert told(there.ask("raw")) == ("ALLOWED", "observe", "DENIED")


def test_the_policys_digest_depends_on_modes_and_not_on_their_order(tmp_path: Path) -> None:
    digests = {
        text: house(tmp_path, text).ask("raw").policy_digest
        for text in (
            "",
            "modes: [{mode: warn, dag: a}, {mode: observe}]",
            "modes: [{mode: observe}, {mode: warn, dag: a}]",
        )
    }

    assert len(set(digests.values())) == 2


def test_observing_lets_run_whatever_goes_wrong_and_says_so(tmp_path: Path) -> None:
    there = house(tmp_path, "modes: [{mode: observe}]")
    there.ask("good")
    there.record.write_bytes(b"no database at all" * 100)
    decision = there.ask("good", subject=FACES)

    assert told(decision) == ("ALLOWED", "observe", "UNDECIDED")
    assert {reason.id for reason in decision.owed} == {"store.corrupt"}


def test_while_the_policy_cannot_be_read_nobody_knows_the_mode_and_everything_blocks(
    tmp_path: Path,
) -> None:
    decision = house(tmp_path, "modes: [{mode: obsrve}]").ask("good")

    assert told(decision) == ("UNDECIDED", "block", None)
    assert decision.reasons[0].id == "policy.invalid"


def test_a_warning_blocks_where_a_rule_says_so(tmp_path: Path) -> None:
    there = house(tmp_path, "modes: [{mode: block, severity: warning}]")
    critical = {**RULE, "kwargs": {**RULE["kwargs"], "column": "custody_verdict"}}
    critical["kwargs"]["value_set"] = ["complete", "inherited", "gap", "no-agreement"]
    there.suite("quick", {**RULE, "severity": "warning"}, critical)
    decision = there.ask("raw")

    assert told(decision) == ("DENIED", "block", None)
    assert decision.reasons[0].severity == "warning"
    assert told(house(tmp_path).ask("raw"))[0] == "DENIED"


def test_a_decision_under_modes_can_be_made_again(tmp_path: Path) -> None:
    there = house(tmp_path, "modes: [{mode: warn}]")
    recorded = there.ask("raw", subject=FACES)
    with open_gate(there.settings, now_us=lambda: there.now_us) as gate:
        again = gate.again(recorded)

    assert compare(recorded, again).verdict is Verdict.IDENTICAL
    assert told(again) == told(recorded)


# --- baseline


def create(there: Gatehouse, *names: str, until_us: int | None = None) -> list[Statement]:
    """Put on record what stands in the way of datasets."""
    decision = there.ask(*names, record=False)
    with there.store() as store:
        earlier = store.statements(kinds=(StatementKind.BASELINE,))
        ids = iter(range(1000))
        made = baseline.proposed(
            decision,
            earlier,
            actor="Ada",
            why="it was there",
            until_us=until_us,
            new_id=lambda: f"debt-{there.now_us}-{next(ids)}",
        )
        for statement in made:
            store.append_statement(statement, recorded_us=there.now_us)
    return made


def test_what_was_there_is_owed_and_what_is_new_is_blocked(tmp_path: Path) -> None:
    there = house(tmp_path)
    (debt,) = create(there, "raw", "good")
    there.catalog(roots(raw=UNLICENSED, good=CLEAN, more=UNLICENSED))
    old, new, both = there.ask("raw"), there.ask("more"), there.ask("raw", "more")

    assert told(old) == ("ALLOWED", "warn", "DENIED")
    assert [reason.statement for reason in old.owed] == [debt.id]
    assert told(new) == ("DENIED", "block", None)
    assert told(both) == ("DENIED", "block", None)
    assert [reason.dataset for reason in both.owed] == [ref("raw").uri]


def test_a_debt_is_for_one_reason_and_one_purpose(tmp_path: Path) -> None:
    there = house(tmp_path)
    create(there, "raw")
    there.settings.policy.write_text(
        "version: 1\npurposes: {model-training: [quick], publication: [quick]}\n", "utf-8"
    )
    assert there.ask("raw", purpose="publication").outcome is Outcome.DENIED
    there.catalog(roots(raw=UNLICENSED.replace("CC-BY-NC-4.0", "{unknown: nobody asked}")))

    assert there.ask("raw").outcome is Outcome.UNDECIDED


def test_a_debt_that_was_paid_never_comes_back(tmp_path: Path) -> None:
    there = house(tmp_path)
    (debt,) = create(there, "raw")
    assert told(there.ask("raw"))[0] == "ALLOWED"
    there.catalog(roots(raw=CLEAN))
    assert told(there.ask("raw")) == ("ALLOWED", "block", None)
    with there.store() as store:
        said = store.statements(kinds=(StatementKind.BASELINE,))
        assert in_force(said, there.now_us) == ()
        assert [(s.actor, s.ends) for s in said if s.kind is StatementKind.END] == [
            ("the gate", debt.id)
        ]
    there.catalog(roots(raw=UNLICENSED))

    assert told(there.ask("raw")) == ("DENIED", "block", None)
    assert create(there, "raw") == []


def test_asking_without_a_record_pays_nothing(tmp_path: Path) -> None:
    there = house(tmp_path)
    create(there, "raw")
    there.catalog(roots(raw=CLEAN))
    there.ask("raw", record=False)
    there.catalog(roots(raw=UNLICENSED))

    assert told(there.ask("raw"))[0] == "ALLOWED"


def test_a_baseline_ends_on_its_day_and_not_before(tmp_path: Path) -> None:
    there = house(tmp_path)
    until = there.now_us + DAY
    create(there, "raw", until_us=until)
    there.now_us = until - 2_000_000
    assert told(there.ask("raw"))[0] == "ALLOWED"
    there.now_us = until - 1_000_000

    assert told(there.ask("raw"))[0] == "DENIED"


def test_an_author_and_a_rule_that_says_block_are_stricter_than_a_baseline(tmp_path: Path) -> None:
    there = house(tmp_path)
    create(there, "raw")
    assert told(there.ask("raw", at_least=Mode.BLOCK))[0] == "DENIED"

    assert (
        told(house(tmp_path, "modes: [{mode: block, rule: license.*}]").ask("raw"))[0] == "DENIED"
    )


def test_faults_of_the_gate_are_never_owed(tmp_path: Path) -> None:
    there = house(tmp_path)
    there.suite_text("quick", "{")

    assert create(there, "raw") == []


@pytest.mark.parametrize("reason_id", ["quarantine.held", "record.run-missing"])
def test_what_is_never_owed_stands_whatever_the_record_says_is_owed(
    tmp_path: Path, reason_id: str
) -> None:
    there = house(tmp_path).catalog(roots(raw=CLEAN)).ran("clean", ["raw"], ["features"])
    writer = subject("clean")
    missing = Reported(ref("features"), there.now_us, "other", "tuesday", run_id="lost")
    there.settings = replace(there.settings, settle_wait_s=0)
    with there.store() as store:
        for each in (
            Statement("q", StatementKind.QUARANTINE, "the gate", "late", there.now_us,
                      datasets=(ref("features").uri,), subject=writer),
            Statement("b", StatementKind.BASELINE, "Ada", "all", there.now_us,
                      datasets=(ref("features").uri,), purpose="model-training",
                      reason_id=reason_id),
        ):  # fmt: skip
            store.append_statement(each, recorded_us=there.now_us)

    decision = there.ask("features", reported=[missing])

    assert decision.owed == ()
    assert reason_id in {reason.id for reason in decision.reasons}
