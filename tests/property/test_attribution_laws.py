"""The attribution list: independent of order, and nothing is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.model import Declaration, DeclaredNone, License, Source, Unknown
from lineage_plugin.policy import attribution, licenses
from tests.property.strategies import expressions

parts = st.one_of(
    st.builds(License, expressions, st.just("") | expressions, attribution=st.sampled_from("ab")),
    st.builds(Unknown, st.sampled_from("ab")),
    st.builds(DeclaredNone, st.just("a")),
    st.none(),
)
declarations = st.builds(
    Declaration,
    st.sampled_from(["team", "auditor"]),
    st.just("*"),
    source=st.none() | st.builds(Source, st.sampled_from(["Acme", "Bolt"])),
    license=parts,
)


@given(st.lists(declarations, max_size=4), st.lists(st.sampled_from("xyz")), st.randoms())
def test_a_credit_does_not_depend_on_who_spoke_first(
    said: list[Declaration], changes: list[str], random: object
) -> None:
    mixed, moved = list(said), list(changes)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    random.shuffle(moved)  # type: ignore[attr-defined]

    assert attribution.credit("d", mixed, moved) == attribution.credit("d", said, changes)


@given(st.lists(declarations, max_size=4))
def test_whoever_has_to_be_named_is_named(said: list[Declaration]) -> None:
    found = attribution.credit("d", said)

    granted = {d.license.concluded or d.license.declared for d in said
               if isinstance(d.license, License)}  # fmt: skip
    assert {c.identifier for c in found.cited} == {
        name for each in granted for name in licenses.identifiers(each)
    }
    assert all(set(licenses.duties(each)) <= set(found.duties) for each in granted)
    assert set(found.issuers) == {d.source.issuer for d in said if isinstance(d.source, Source)}
    assert bool(found.gap) >= (not granted)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(declarations, max_size=1)), max_size=4))
def test_the_list_does_not_depend_on_the_order_of_sources(
    sources: list[tuple[str, list[Declaration]]],
) -> None:
    known = dict(sources)
    made = [attribution.credit(name, said) for name, said in known.items()]

    assert attribution.listed(made) == attribution.listed(reversed(made))
    assert [each.dataset for each in attribution.listed(made)] == sorted(known)
