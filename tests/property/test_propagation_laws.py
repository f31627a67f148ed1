"""The laws of the algebra, and that bitmasks at scale obey the same ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.propagation import Escalation, Label, combine, through

NAMES = st.frozensets(st.sampled_from("abcdef"))
CATEGORIES = ("personal", "picture", "biometric", "health")
labels = st.builds(
    Label,
    NAMES,
    st.dictionaries(st.sampled_from(CATEGORIES), NAMES.filter(bool)),
)
escalations = st.lists(
    st.builds(
        Escalation,
        st.frozensets(st.sampled_from(CATEGORIES), min_size=1),
        st.sampled_from(CATEGORIES),
    ),
    max_size=4,
)
UNRESTRICTED: Label[frozenset[str]] = Label(frozenset(), {})


@given(labels, labels)
def test_combining_is_commutative(a: Label[frozenset[str]], b: Label[frozenset[str]]) -> None:
    assert combine(a, b) == combine(b, a)


@given(labels, labels, labels)
def test_combining_is_associative(
    a: Label[frozenset[str]], b: Label[frozenset[str]], c: Label[frozenset[str]]
) -> None:
    assert combine(combine(a, b), c) == combine(a, combine(b, c)) == combine(a, b, c)


@given(labels)
def test_combining_is_idempotent(a: Label[frozenset[str]]) -> None:
    assert combine(a, a) == a


@given(labels)
def test_no_restriction_is_the_identity(a: Label[frozenset[str]]) -> None:
    assert combine(a, UNRESTRICTED) == a


@given(labels, labels)
def test_an_input_never_drops_a_claim_or_a_category(
    a: Label[frozenset[str]], b: Label[frozenset[str]]
) -> None:
    both = combine(a, b)

    assert a.claims <= both.claims
    assert all(both.categories[c] >= brought for c, brought in a.categories.items())


@given(labels, escalations)
def test_an_edge_never_drops_a_claim_or_a_category(
    a: Label[frozenset[str]], rules: list[Escalation]
) -> None:
    after = through(a, rules)

    assert after.claims == a.claims
    assert all(after.categories[c] >= brought for c, brought in a.categories.items())


@given(labels, labels, escalations)
def test_an_edge_is_monotone(
    a: Label[frozenset[str]], b: Label[frozenset[str]], rules: list[Escalation]
) -> None:
    less, more = through(a, rules), through(combine(a, b), rules)

    assert combine(less, more) == more


@given(labels, escalations)
def test_the_order_of_escalations_does_not_matter(
    a: Label[frozenset[str]], rules: list[Escalation]
) -> None:
    assert (
        through(a, rules) == through(a, list(reversed(rules))) == through(through(a, rules), rules)
    )


@given(labels, labels, escalations)
def test_bitmasks_obey_the_same_algebra(
    a: Label[frozenset[str]], b: Label[frozenset[str]], rules: list[Escalation]
) -> None:
    def mask(names: frozenset[str]) -> int:
        return sum(1 << "abcdef".index(name) for name in names)

    def as_bits(label: Label[frozenset[str]]) -> Label[int]:
        return Label(mask(label.claims), {c: mask(names) for c, names in label.categories.items()})

    assert as_bits(through(combine(a, b), rules)) == through(combine(as_bits(a), as_bits(b)), rules)
