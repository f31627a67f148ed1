"""Declarations, labels and decisions as facets."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from openlineage.client.serde import Serde

from lineage_plugin.facets import codec, names
from lineage_plugin.model import (
    Assurance,
    Consent,
    Declaration,
    DeclaredNone,
    EffectiveSummary,
    Evidence,
    Gap,
    License,
    Part,
    Unknown,
    Use,
)

BY = Declaration("team", "x", license=License("CC-BY-4.0"), assurance=Assurance.VERIFIED)
UNKNOWN = Declaration("audit", "x", license=Unknown("asked on 3 March"))
NONE = Declaration("vendor", "x", license=DeclaredNone("all rights are ours"))


def license_facet(*said: Declaration) -> Any:
    return codec.declared_facets(said)[names.LICENSE]


def test_what_nobody_speaks_of_is_absent_and_said_to_be() -> None:
    """Only a facet that is sent takes back what an earlier one said."""
    found = codec.declared_facets([])

    assert set(found) == set(names.DECLARED)
    assert {facet.state for facet in found.values()} == {"absent"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        pytest.param([BY], "declared", None, id="declared"),
        pytest.param([NONE], "none", "all rights are ours", id="none"),
        pytest.param([UNKNOWN], "unknown", "asked on 3 March", id="unknown"),
        pytest.param([BY, UNKNOWN, NONE], "unknown", "asked on 3 March", id="unknown binds most"),
        pytest.param([NONE, BY], "declared", None, id="declared binds more than none"),
    ],
)
def test_the_strictest_state_stands_for_all(
    said: list[Declaration], state: str, reason: str | None
) -> None:
    facet = license_facet(*said)

    assert (facet.state, facet.reason) == (state, reason)


def test_several_authorities_bind_together_and_stay_apart() -> None:
    facet = license_facet(BY, UNKNOWN)

    assert facet.assertedBy == ["team", "audit"]
    assert facet.assurance == "asserted", "the weakest"
    assert [s["state"] for s in facet.statements] == ["declared", "unknown"]
    assert [s["assurance"] for s in facet.statements] == ["verified", "asserted"]


def test_categories_travel_even_where_nothing_is_said_of_use() -> None:
    (statement,) = codec.declared_facets([Declaration("a", "x", categories=("personal",))])[
        names.USE
    ].statements  # type: ignore[attr-defined]

    assert statement["classification"] == ["personal"]
    assert statement["state"] == "declared"


def test_a_digest_that_is_none_does_not_spoil_the_facet() -> None:
    said = Declaration(
        "a", "x", use=Use(("p",)), evidence=(Evidence("u", "12"), Evidence("v", "A" * 64))
    )
    (statement,) = codec.declared_facets([said])[names.USE].statements  # type: ignore[attr-defined]

    assert [e["sha256"] for e in statement["evidence"]] == [None, "a" * 64]


def test_consent_keeps_its_own_times_apart_from_its_declarations() -> None:
    said = Declaration(
        "a", "x", valid_until_us=0, consent=Consent(("b",), from_us=1_000_000, until_us=2_000_000)
    )
    (statement,) = codec.declared_facets([said])[names.CONSENT].statements  # type: ignore[attr-defined]

    assert statement["effectiveUntil"] == "1970-01-01T00:00:00Z"
    assert statement["validFrom"] == "1970-01-01T00:00:01Z"
    assert statement["validUntil"] == "1970-01-01T00:00:02Z"


def test_long_lists_are_cut_and_their_length_is_kept() -> None:
    many = 10_000
    facet = codec.effective_facet(
        EffectiveSummary(
            resolved=True,
            gaps=tuple(Gap(f"d{n}", Part.LICENSE, "absent") for n in range(many)),
            roots=tuple(f"d{n}" for n in range(many)),
        )
    )

    assert facet.unknownCount == facet.derivedFromCount == many
    assert facet.unknowns is not None
    assert facet.derivedFrom is not None
    assert len(facet.unknowns) == len(facet.derivedFrom) == codec.MOST_LISTED


def test_of_what_is_unresolved_nothing_but_the_reason_is_said() -> None:
    facet = codec.effective_facet(
        EffectiveSummary(resolved=False, reason="too late", licenses=("MIT",))
    )

    assert (facet.resolution, facet.reason) == ("unresolved", "too late")
    assert facet.licenses is None


def test_endless_texts_are_cut() -> None:
    facet = license_facet(Declaration("a", "x", license=Unknown("why " * 100_000)))

    assert len(facet.reason) == codec.LONGEST_TEXT


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_facets_survive_what_other_transports_do_to_them(duplicate: Any) -> None:
    """OpenLineage's ``transform`` copies events, Airflow's pools send them to other processes."""
    facets: list[Any] = [*codec.declared_facets([BY, UNKNOWN]).values(), codec.task_facet()]

    for facet in facets:
        twin = duplicate(facet)

        assert (twin, type(twin)) == (facet, type(facet))
        assert Serde.to_json(twin) == Serde.to_json(facet)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        [],
        {},
        {"decisionId": "d", "outcome": "MAYBE"},
        {
            "decisionId": "d",
            "outcome": "DENIED",
            "purpose": "p",
            "inputs": [],
            "reasons": [{"id": 3}],
            "decidedAt": "x",
            "frameDigest": "",
            "policyDigest": "",
            "suites": [],
        },
        {
            "decisionId": "d",
            "outcome": "DENIED",
            "purpose": "p",
            "inputs": 7,
            "reasons": None,
            "decidedAt": None,
            "frameDigest": "",
            "policyDigest": "",
            "suites": [],
        },
    ],
    ids=["null", "list", "empty", "fourth outcome", "odd reason", "no lists"],
)
def test_what_is_no_decision_is_none(junk: object) -> None:
    assert codec.decision_of(junk) is None
