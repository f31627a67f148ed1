"""The laws of purposes: permissions reach down, never up, and never to what must be named."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.model import Use
from lineage_plugin.policy import use
from lineage_plugin.policy.purposes import Purposes
from tests.property.strategies import allowed, purposes, trees


@given(trees(), allowed, allowed, purposes)
def test_a_further_permission_never_takes_one_away(
    tree: Purposes, some: AbstractSet[str], more: AbstractSet[str], purpose: str
) -> None:
    assert not tree.covers(some, purpose) or tree.covers(some | more, purpose)


@given(trees(), st.data())
def test_a_purpose_covers_itself(tree: Purposes, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(tree)))

    assert tree.covers([name], name)


@given(trees(), st.data())
def test_covering_is_transitive(tree: Purposes, data: st.DataObject) -> None:
    names = st.sampled_from(list(tree))
    a, b, c = data.draw(names), data.draw(names), data.draw(names)

    assert not (tree.covers([a], b) and tree.covers([b], c)) or tree.covers([a], c)


@given(trees(), st.data())
def test_two_purposes_that_cover_each_other_are_one(tree: Purposes, data: st.DataObject) -> None:
    names = st.sampled_from(list(tree))
    a, b = data.draw(names), data.draw(names)

    assert not (tree.covers([a], b) and tree.covers([b], a)) or a == b


@given(trees(), st.data())
def test_a_specific_purpose_is_never_covered_from_above(
    tree: Purposes, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(list(tree)))
    above = tree.ancestors("face-recognition")[1:]
    extended = tree.extended({"named": {"under": name, "specific": True}})

    assert not extended.covers(extended.ancestors("named")[1:], "named")
    assert not tree.covers(above, "face-recognition")


@given(trees(), allowed, purposes)
def test_only_what_is_below_is_covered(
    tree: Purposes, some: AbstractSet[str], purpose: str
) -> None:
    assert not tree.covers(some, purpose) or set(some) & set(tree.ancestors(purpose))


@given(trees(), allowed, purposes)
def test_what_is_excluded_above_is_excluded_below(
    tree: Purposes, excluded: AbstractSet[str], purpose: str
) -> None:
    """An exclusion reaches specific purposes too: forbidding needs no naming."""
    said = Use(excluded=tuple(excluded))
    above = tree.ancestors(purpose)
    found = use.verdict(said, purpose, tree) == "excluded"

    assert found == (bool(excluded) if not above else bool(set(excluded) & set(above)))


@given(trees(), purposes, purposes)
def test_extending_changes_nothing_between_the_purposes_that_were_there(
    tree: Purposes, one: str, other: str
) -> None:
    before = Purposes.shipped()

    assert tree.covers([one], other) == before.covers([one], other)
    assert tree.is_commercial(one) == before.is_commercial(one)
    assert tree.is_sharing(one) == before.is_sharing(one)
