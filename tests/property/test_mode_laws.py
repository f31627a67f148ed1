"""Laws of modes: the strictest counts, nothing is hidden, and nothing that blocks is let pass."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.gate import decide, modes
from lineage_plugin.gate.modes import Circumstances, applied, strictest, without
from lineage_plugin.model import Decision, Mode, Outcome, Reason, Subject
from lineage_plugin.policy.enforcement import ModeRule

MODES = st.sampled_from(list(Mode))
MOMENTS = st.none() | st.integers(0, 4)
RULES = st.lists(
    st.builds(
        ModeRule,
        mode=MODES,
        rule=st.sampled_from([(), ("license.*",), ("consent.absent",)]),
        suite=st.sampled_from([(), ("s",), ("t",)]),
        severity=st.sampled_from([(), ("critical",), ("warning",)]),
        dag=st.sampled_from([(), ("d*",)]),
        environment=st.sampled_from([(), ("dev",)]),
        from_us=MOMENTS,
        until_us=MOMENTS,
    ),
    max_size=4,
).map(tuple)
REASONS = st.builds(
    Reason,
    id=st.sampled_from(["license.absent", "consent.absent", "store.unavailable"]),
    dataset=st.sampled_from(["", "s3://lake/a", "s3://lake/b"]),
    why=st.just("why"),
    remedy=st.just("do"),
    is_definite=st.booleans(),
    suites=st.sampled_from([(), ("s",), ("s", "t")]),
)
WARNINGS = st.lists(
    st.builds(
        Reason,
        id=st.just("source.absent"),
        dataset=st.just("s3://lake/a"),
        why=st.just("why"),
        remedy=st.just("do"),
        severity=st.just("warning"),
    ),
    max_size=1,
).map(tuple)
THERE = st.builds(
    Circumstances,
    rules=RULES,
    environment=st.sampled_from(["", "dev"]),
    dag_id=st.sampled_from(["", "dag"]),
    at_us=st.integers(0, 4),
    at_least=MODES,
)
DEBTS = st.dictionaries(
    st.tuples(st.just("s3://lake/a"), st.just("license.absent")), st.just("statement"), max_size=1
)


def _decision(reasons: list[Reason], warnings: tuple[Reason, ...]) -> Decision:
    return Decision(
        "id",
        decide.outcome_of(reasons),
        "p",
        (),
        Subject(),
        tuple(reasons),
        0,
        None,
        "",
        "",
        0,
        warnings=warnings,
    )


DECISIONS = st.builds(_decision, st.lists(REASONS, max_size=4), WARNINGS)


@given(DECISIONS, THERE, DEBTS)
def test_every_reason_is_still_there(
    decision: Decision, there: Circumstances, debts: object
) -> None:
    found = applied(decision, there, debts)  # type: ignore[arg-type]
    told = sorted(
        (r.id, r.dataset) for r in (*found.reasons, *found.owed) if r.severity != "warning"
    )

    assert told == sorted((r.id, r.dataset) for r in decision.reasons)
    assert found.warnings == decision.warnings


@given(DECISIONS, THERE, DEBTS)
def test_only_what_is_let_pass_is_not_in_the_way(
    decision: Decision, there: Circumstances, debts: object
) -> None:
    found = applied(decision, there, debts)  # type: ignore[arg-type]

    assert all(reason.mode is Mode.BLOCK for reason in found.reasons)
    assert all(reason.mode is not Mode.BLOCK for reason in found.owed)
    assert (found.outcome is Outcome.ALLOWED) == (not found.reasons)
    if found.outcome is Outcome.ALLOWED and decision.outcome is not Outcome.ALLOWED:
        assert found.would_be is decision.outcome
        assert found.owed


@given(DECISIONS, THERE, DEBTS)
def test_under_block_nothing_is_let_pass(
    decision: Decision, there: Circumstances, debts: object
) -> None:
    strict = Circumstances(there.rules, there.environment, there.dag_id, "p", 0, Mode.BLOCK)
    plain = applied(decision, Circumstances(at_us=there.at_us))

    assert applied(decision, strict, debts).owed == ()  # type: ignore[arg-type]
    assert (plain.outcome, plain.reasons, plain.would_be) == (
        decision.outcome,
        decision.reasons,
        None,
    )


@given(DECISIONS, THERE)
def test_the_order_of_rules_does_not_matter(decision: Decision, there: Circumstances) -> None:
    other = Circumstances(
        there.rules[::-1],
        there.environment,
        there.dag_id,
        there.purpose,
        there.at_us,
        there.at_least,
    )

    assert applied(decision, there) == applied(decision, other)


@given(DECISIONS, THERE, THERE, DEBTS)
def test_modes_are_applied_to_what_was_found_whatever_was_applied_before(
    decision: Decision, first: Circumstances, then: Circumstances, debts: object
) -> None:
    once, twice = applied(decision, then), applied(applied(decision, first, debts), then)  # type: ignore[arg-type]

    assert (twice.outcome, twice.would_be, twice.mode) == (once.outcome, once.would_be, once.mode)
    assert sorted(twice.reasons, key=repr) == sorted(once.reasons, key=repr)
    assert without(applied(decision, first, debts)).outcome is decision.outcome  # type: ignore[arg-type]


@given(DECISIONS, THERE, MODES)
def test_who_asks_for_more_never_gets_less(
    decision: Decision, there: Circumstances, more: Mode
) -> None:
    raised = Circumstances(
        there.rules,
        there.environment,
        there.dag_id,
        there.purpose,
        there.at_us,
        strictest([there.at_least, more]),
    )

    assert len(applied(decision, raised).reasons) >= len(applied(decision, there).reasons)


@given(st.integers(0, 4), MOMENTS, MOMENTS)
def test_a_rule_holds_from_its_first_moment_until_before_its_last(
    at_us: int, start: int | None, end: int | None
) -> None:
    holds = ModeRule(Mode.WARN, from_us=start, until_us=end).holds(at_us)

    assert holds == ((start is None or start <= at_us) and (end is None or at_us < end))


def test_the_strictest_of_nothing_is_block() -> None:
    assert modes.strictest([]) is Mode.BLOCK
