"""The algebra of licenses: AND binds, OR lets choose, and nothing depends on order."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from lineage_plugin.policy import licenses, spdx
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
        "permitted", "non-commercial", "no-derivatives", "no-distribution", "prohibited", "unknown",
    }  # fmt: skip
    assert isinstance(licenses.duties(text), tuple)
