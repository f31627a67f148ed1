"""What files say about edges: declassifications in a catalog, jurisdictions in a policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_plugin.catalog.compiled import refresh
from lineage_plugin.catalog.inline import declaration_from
from lineage_plugin.catalog.policy_yaml import load_policy
from lineage_plugin.errors import CatalogError, PolicyError
from lineage_plugin.model import Assurance, Declassified, EdgeKind
from lineage_plugin.policy import edges

DECIDED = {
    "removes": ["personal", "location"],
    "method": "k-anonymity, k=20",
    "by": "team-privacy",
    "reason": "no cell below 20 people",
    "until": "1970-01-02",
}


def rules(tmp_path: Path, text: str) -> edges.Rules:
    """Return the rules of a policy of this text."""
    file = tmp_path / "policy.yaml"
    file.write_text(f"version: 1\n{text}", encoding="utf-8")
    return load_policy(file).edges


def test_a_declassification_says_what_how_who_why_and_until_when() -> None:
    found = declaration_from("s3://lake/counts", {"declassified": DECIDED}, authority="team")

    assert found.declassified == Declassified(
        ("personal", "location"),
        "k-anonymity, k=20",
        "team-privacy",
        "no cell below 20 people",
        86_400_000_000,
    )
    assert found.assurance is Assurance.ASSERTED


def test_evidence_of_it_that_can_be_read_documents_it(tmp_path: Path) -> None:
    (tmp_path / "dpia.pdf").write_bytes(b"k is 20")
    entry = {"declassified": {**DECIDED, "evidence": ["dpia.pdf"]}}
    found = declaration_from("s3://lake/counts", entry, authority="team", folder=tmp_path)

    assert found.assurance is Assurance.DOCUMENTED


@pytest.mark.parametrize("missing", DECIDED)
def test_nothing_of_it_may_be_missing(missing: str) -> None:
    entry = {"declassified": {k: v for k, v in DECIDED.items() if k != missing}}

    with pytest.raises(CatalogError, match=missing):
        declaration_from("s3://lake/counts", entry, authority="team")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"declassified": {**DECIDED, "removes": ["persnal"]}}, "did you mean 'personal'"),
        ({"declassified": DECIDED, "origin": "external"}, "went through no step here"),
        ({"declassified": {**DECIDED, "license": "MIT"}}, "license"),
    ],
)
def test_mistakes_in_it_are_told(entry: dict[str, object], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        declaration_from("s3://lake/counts", entry, authority="team")


def test_all_jurisdictions_hold_unless_some_are_chosen(tmp_path: Path) -> None:
    assert edges.jurisdictions() == ("eu", "us-ftc", "us-il")
    train = EdgeKind.TRAIN
    everywhere, europe = rules(tmp_path, ""), rules(tmp_path, "jurisdictions: [eu]")

    assert [rule.becomes for rule in everywhere.escalations(train)] == ["biometric"]
    assert europe.escalations(train) == ()
    assert [rule.becomes for rule in europe.escalations(EdgeKind.EMBED)] == ["biometric"]


def test_an_administrator_adds_rows_and_takes_none_away(tmp_path: Path) -> None:
    text = """
escalations:
- {edge: aggregate, when: [location], becomes: health, jurisdiction: house, source: DPO 2026-03}
"""
    found = rules(tmp_path, text)

    assert [rule.becomes for rule in found.escalations(EdgeKind.AGGREGATE)] == ["health"]
    for kind in EdgeKind:
        assert set(found.escalations(kind)) >= set(edges.Rules().escalations(kind))


def test_every_row_says_where_and_on_what_ground_it_holds() -> None:
    assert all(row.jurisdiction and row.source for row in edges.shipped())


def test_trusted_producers_are_named_by_their_uris(tmp_path: Path) -> None:
    named = rules(tmp_path, "trusted_producers: ['https://example.org/spark/']")

    assert named.trusts("https://example.org/spark/3.5")
    assert not named.trusts("https://example.org/sparkling")
    assert not named.trusts(f"{edges.PROVIDER}/2.0")
    assert named.trusts("https://w3id.org/lineage-plugin/1.0")
    assert not rules(tmp_path, "trusted_producers: []").trusts(edges.PROVIDER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jurisdictions: []", "none is named"),
        ("jurisdictions: [us-li]", "us-il"),
        ("escalations: [{edge: embed, when: [voice], becomes: biometric}]", "jurisdiction"),
        (
            (
                "escalations: [{edge: embd, when: [voice], becomes: biometric, jurisdiction: x,"
                " source: y}]"
            ),
            "embed",
        ),
        (
            (
                "escalations: [{edge: embed, when: [voice], becomes: [health, biometric],"
                " jurisdiction: x, source: y}]"
            ),
            "one category",
        ),
        ("trusted_producers: [spark]", "is no URI"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        rules(tmp_path, text)


def test_the_policy_has_another_digest_with_other_rules(tmp_path: Path) -> None:
    digests = set()
    for text in ("", "jurisdictions: [eu]", "trusted_producers: []"):
        (tmp_path / "policy.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
        digests.add(load_policy(tmp_path / "policy.yaml").digest)

    assert len(digests) == 3


def test_the_compiled_catalog_has_the_rules_at_hand(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\njurisdictions: [us-il]\n", encoding="utf-8")

    assert refresh([], tmp_path / "state", policy=policy).edge_rules.jurisdictions == ("us-il",)
    assert refresh([], tmp_path / "other").edge_rules == edges.Rules()
