"""What waivers obey, whatever was found and whatever was waived."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.catalog.policy_yaml import WaiverRules
from lineage_plugin.gate import waivers
from lineage_plugin.gate.decide import outcome_of
from lineage_plugin.model import SECOND_US, Outcome, Reason, Statement, StatementKind

DAY = 86_400 * SECOND_US
NOW = 100 * DAY
RULES = WaiverRules(never=("source.*",), max_days=90)
PURPOSES = ("model-training", "publication")
DATASETS = ("s3://lake/a", "s3://lake/b", "s3://lake/a/part", "")
IDS = ("license.absent", "license.non-commercial", "source.absent", "consent.withdrawn", "my.rule")

reasons = st.lists(
    st.builds(
        Reason,
        id=st.sampled_from(IDS),
        dataset=st.sampled_from(DATASETS),
        why=st.just("why"),
        remedy=st.just("do"),
        is_definite=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda reason: (reason.id, reason.dataset),
)
statements = st.lists(
    st.builds(
        Statement,
        id=st.sampled_from([f"w{n}" for n in range(8)]),
        kind=st.just(StatementKind.WAIVER),
        actor=st.sampled_from(["Ada", "Bob"]),
        why=st.just("because"),
        at_us=st.integers(0, 110).map(lambda day: day * DAY),
        until_us=st.none() | st.integers(0, 300).map(lambda day: day * DAY),
        datasets=st.sampled_from(
            [("s3://lake/a",), ("s3://lake/b",), ("s3://lake/**",), ("s3://**",), ("**",), ()]
        ),
        purpose=st.sampled_from(PURPOSES),
        reason_id=st.sampled_from(IDS),
    ),
    max_size=5,
    unique_by=lambda statement: statement.id,
)


def standing(found: Collection[Reason], held: Collection[Statement]) -> tuple[Reason, ...]:
    """Return what stands in the way of training."""
    return waivers.apply(found, held, purpose="model-training", at_us=NOW, rules=RULES)[0]


@given(reasons, statements)
def test_every_reason_either_stands_or_is_told_as_waived(
    found: list[Reason], held: list[Statement]
) -> None:
    left, waived = waivers.apply(found, held, purpose="model-training", at_us=NOW, rules=RULES)

    assert sorted(map(repr, (*left, *(each.reason for each in waived)))) == sorted(map(repr, found))


@given(reasons, statements)
def test_what_no_waiver_names_stands(found: list[Reason], held: list[Statement]) -> None:
    named = {w.reason_id for w in held if w.purpose == "model-training"}

    assert {r.id for r in found} - named <= {r.id for r in standing(found, held)}
    if any(reason.id not in named for reason in found):
        assert outcome_of(standing(found, held)) is not Outcome.ALLOWED


@given(reasons, statements, statements)
def test_another_waiver_never_puts_a_reason_in_the_way(
    found: list[Reason], held: list[Statement], more: list[Statement]
) -> None:
    ids = {w.id for w in held}
    both = [*held, *(w for w in more if w.id not in ids)]

    assert set(standing(found, both)) <= set(standing(found, held))


@given(reasons, statements)
def test_a_waiver_that_has_ended_equals_none(found: list[Reason], held: list[Statement]) -> None:
    ended = [w for w in held if w.until_us is not None and w.until_us <= NOW]
    others = [w for w in held if w not in ended]

    assert standing(found, held) == standing(found, others)
    assert standing(found, ended) == tuple(found)


@given(reasons, statements)
def test_a_waiver_that_was_revoked_equals_none(found: list[Reason], held: list[Statement]) -> None:
    ends = [Statement(f"e{w.id}", StatementKind.END, "Ada", "no", NOW, ends=w.id) for w in held]

    assert standing(found, [*held, *ends]) == tuple(found)


@given(reasons, statements, st.randoms())
def test_the_order_of_waivers_and_reasons_does_not_matter(
    found: list[Reason], held: list[Statement], chance: object
) -> None:
    shuffled, mixed = list(held), list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    before = waivers.apply(found, held, purpose="model-training", at_us=NOW, rules=RULES)
    after = waivers.apply(mixed, shuffled, purpose="model-training", at_us=NOW, rules=RULES)

    assert set(before[0]) == set(after[0])
    assert set(before[1]) == set(after[1])


@given(reasons, statements)
def test_a_waiver_of_one_dataset_lets_no_other_pass(
    found: list[Reason], held: list[Statement]
) -> None:
    of_a = [w for w in held if w.datasets == ("s3://lake/a",)]
    others = [reason for reason in found if reason.dataset != "s3://lake/a"]

    assert set(others) <= set(standing(found, of_a))


@given(reasons, statements)
def test_what_may_never_be_waived_stands(found: list[Reason], held: list[Statement]) -> None:
    never = {r for r in found if r.id in ("source.absent", "consent.withdrawn") or not r.dataset}

    assert never <= set(standing(found, held))


@given(reasons, statements)
def test_no_waiver_holds_longer_than_the_rules_let_it(
    found: list[Reason], held: list[Statement]
) -> None:
    _, waived = waivers.apply(found, held, purpose="model-training", at_us=NOW, rules=RULES)
    by_id = {w.id: w for w in held}

    for each in waived:
        assert NOW < each.until_us <= by_id[each.waiver].at_us + 90 * DAY
