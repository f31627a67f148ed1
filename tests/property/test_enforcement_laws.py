"""Laws of rules: more rules never ask less, and their order never matters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.policy.enforcement import GateRule, TaskFacts, matching, purposes_of

NAMES = st.sampled_from(["a", "b", "ab"])
PATTERNS = st.lists(st.sampled_from(["a", "b", "a*", "*"]), max_size=2).map(tuple)
PURPOSES = st.lists(st.sampled_from(["p", "q"]), max_size=2).map(tuple)
FACTS = st.builds(
    TaskFacts,
    dag_id=NAMES,
    task_id=NAMES,
    tags=st.frozensets(st.sampled_from(["a", "purpose:p", "purpose:r"])),
    operators=st.frozensets(NAMES),
    pool=NAMES,
    queue=NAMES,
    writes_model=st.booleans(),
)
RULES = st.lists(
    st.builds(
        GateRule,
        purposes=PURPOSES,
        dag=PATTERNS,
        task=PATTERNS,
        tag=PATTERNS,
        operator=PATTERNS,
        pool=PATTERNS,
        writes_model=st.booleans(),
    ),
    max_size=4,
)


def asked(facts: TaskFacts, rules: list[GateRule], named: tuple[str, ...]) -> set[str]:
    return {*purposes_of(facts, matching(facts, rules), named), *named}


@given(FACTS, RULES, RULES, PURPOSES)
def test_another_rule_never_takes_a_purpose_away(
    facts: TaskFacts, rules: list[GateRule], more: list[GateRule], named: tuple[str, ...]
) -> None:
    before, after = asked(facts, rules, named), asked(facts, [*rules, *more], named)

    assert before - {""} <= after
    assert not before or after


@given(FACTS, RULES, PURPOSES)
def test_an_author_never_takes_a_purpose_away(
    facts: TaskFacts, rules: list[GateRule], named: tuple[str, ...]
) -> None:
    without, with_author = asked(facts, rules, ()), asked(facts, rules, named)

    assert without - {""} <= with_author
    assert bool(without) <= bool(with_author)


@given(FACTS, RULES, PURPOSES, st.randoms())
def test_the_order_of_rules_does_not_matter(
    facts: TaskFacts, rules: list[GateRule], named: tuple[str, ...], chance: object
) -> None:
    shuffled = rules[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert asked(facts, rules, named) == asked(facts, shuffled, named)
