"""The algebra of licenses: AND binds, OR lets choose, and nothing depends on order."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from lineage_plugin.policy import combination, licenses, spdx
from lineage_plugin.policy.combination import Bound
from lineage_plugin.policy.license_terms import Reach
from tests.property.strategies import SHIPPED, expressions, purposes


def permits(expression: str, purpose: str) -> bool:
    return licenses.verdict(expression, purpose, SHIPPED) == "permitted"


@given(expressions, expressions, purposes)
def test_a_and_b_permits_what_both_permit_and_nothing_else(a: str, b: str, purpose: str) -> None:
    both = permits(f"{a} AND {b}", purpose)

    assert both == (permits(a, purpose) and permits(b, purpose))


@given(expressions, expressions, purposes)
def test_a_or_b_permits_what_either_permits_and_nothing_else(a: str, b: str, purpose: str) -> None:
    either = permits(f"{a} OR {b}", purpose)

    assert either == (permits(a, purpose) or permits(b, purpose))


@given(expressions, expressions, purposes, st.sampled_from(["AND", "OR"]))
def test_the_order_of_operands_is_irrelevant(a: str, b: str, purpose: str, operator: str) -> None:
    one, other = f"{a} {operator} {b}", f"{b} {operator} {a}"

    assert licenses.verdict(one, purpose, SHIPPED) == licenses.verdict(other, purpose, SHIPPED)
    assert licenses.duties(one) == licenses.duties(other)
    assert licenses.prohibitions(one) == licenses.prohibitions(other)
    assert licenses.normalise(one) == licenses.normalise(other)


@given(expressions, purposes)
def test_saying_it_twice_changes_nothing(a: str, purpose: str) -> None:
    for twice in (f"{a} AND {a}", f"{a} OR {a}"):
        assert licenses.verdict(twice, purpose, SHIPPED) == licenses.verdict(a, purpose, SHIPPED)
        assert licenses.duties(twice) == licenses.duties(a)


@given(expressions, expressions)
def test_an_added_license_never_drops_a_duty_or_a_prohibition(a: str, b: str) -> None:
    both = f"{a} AND {b}"

    assert set(licenses.duties(a)) <= set(licenses.duties(both))
    assert set(licenses.prohibitions(a)) <= set(licenses.prohibitions(both))


@given(expressions, purposes)
def test_an_unknown_license_never_washes_out(a: str, purpose: str) -> None:
    assert not permits(f"{a} AND LicenseRef-nobody-registered", purpose)


@given(expressions, purposes)
def test_the_canonical_form_means_the_same(a: str, purpose: str) -> None:
    form = spdx.canonical(a)

    assert spdx.canonical(form) == form
    assert permits(form, purpose) == permits(a, purpose)


@given(expressions)
def test_what_normalises_normalises_to_itself(a: str) -> None:
    custom = ("LicenseRef-nobody-registered",)
    found = licenses.normalise(a, custom=custom)

    assert found.expression
    assert licenses.normalise(found.expression, custom=custom) == found


@given(expressions, purposes)
def test_nothing_is_permitted_for_commerce_that_is_not_for_research(a: str, purpose: str) -> None:
    """Non-commercial training is training with fewer obstacles, never with more."""
    assert not permits(a, "model-training") or permits(a, "non-commercial-model-training")


@given(st.text(max_size=60), purposes)
def test_any_text_gets_an_answer_and_no_text_gets_a_permission(text: str, purpose: str) -> None:
    found = licenses.normalise(text)

    assert bool(found.expression) != bool(found.note)
    assert found.expression or not permits(found.expression, purpose)


@given(st.text(alphabet="MITACOR ()-.4BYWH", max_size=60), purposes)
def test_a_forged_expression_never_raises(text: str, purpose: str) -> None:
    assume(text.strip())

    assert licenses.verdict(text, purpose, SHIPPED) in {
        "permitted", "non-commercial", "no-derivatives", "no-distribution", "no-training",
        "restricted-training", "prohibited", "unknown",
    }  # fmt: skip
    assert isinstance(licenses.duties(text), tuple)


@given(expressions, expressions)
def test_an_and_permits_no_more_than_each_and_an_or_no_less(a: str, b: str) -> None:
    one = set(licenses.permissions(a))

    assert set(licenses.permissions(f"{a} AND {b}")) <= one
    assert set(licenses.permissions(f"{a} OR {b}")) >= one


@given(expressions)
def test_a_tree_that_is_written_is_read_as_the_same_tree(a: str) -> None:
    tree = spdx.parse(a)

    assert spdx.parse(str(tree)) == tree


#: Written by a person: an expression of which each name may be in another case, with odd spaces.
spelt = expressions.map(lambda text: text.replace("CC-BY", "cc by").replace("-4.0", " v4.0 "))


@given(spelt, purposes)
def test_what_is_read_is_never_freer_than_what_is_named(text: str, purpose: str) -> None:
    named = text.replace("cc by", "CC-BY").replace(" v4.0 ", "-4.0")
    found = licenses.normalise(text, custom=("LicenseRef-nobody-registered",)).expression

    assert not permits(found, purpose) or permits(named, purpose)
    assert set(licenses.permissions(found)) <= set(licenses.permissions(named))


bound = st.builds(Bound, expressions, st.builds(Reach, st.booleans()))


@given(st.lists(bound, max_size=5))
def test_who_conflicts_with_another_is_in_conflict_for_it_too(found: list[Bound]) -> None:
    conflicts = combination.conflicts(found)

    assert all(one in conflicts[other] for one, others in conflicts.items() for other in others)
    assert conflicts == combination.conflicts(reversed(found))


@given(bound, bound)
def test_a_third_license_settles_no_conflict(one: Bound, other: Bound) -> None:
    two = combination.conflicts([one, other])
    three = combination.conflicts([one, other, Bound("CC-BY-NC-ND-3.0")])

    assert all(others <= three[each] for each, others in two.items())


@given(expressions, purposes)
def test_training_never_adds_a_prohibition(a: str, purpose: str) -> None:
    trained = Reach(is_trained=True)

    assert set(licenses.prohibitions(a, reach=trained)) <= set(licenses.prohibitions(a)) or (
        " OR " in a
    )
    assert not permits(a, purpose) or (
        licenses.verdict(a, purpose, SHIPPED, reach=trained) == "permitted"
    )
