"""Giving is gated too: who gets it, and under what agreement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lineage_plugin.model import (
    AgreementTerms,
    Custody,
    Declaration,
    DeclaredNone,
    Evidence,
    Transfer,
    Unknown,
)
from lineage_plugin.policy import parties, recipients
from lineage_plugin.policy.purposes import Purposes

TREE = Purposes.shipped()
NOW = 1_000
PAPER = Evidence("acme.pdf", "a" * 64, until_us=2_000)


def agreement(paper: Any = PAPER, *, authority: str = "legal", **terms: Any) -> Declaration:
    terms.setdefault("purposes", ("disclosure",))
    step = Transfer(
        "partner-transfer", receiver="Acme GmbH", agreement=paper, terms=AgreementTerms(**terms)
    )
    return Declaration(authority, parties.uri("Acme GmbH"), custody=Custody((step,)))


def judge(*said: Declaration, name: str = "Acme GmbH", purpose: str = "disclosure") -> str:
    found = recipients.judge(name, said, purpose=purpose, purposes=TREE, at_us=NOW)
    return found.verdict


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ((), "no-agreement"),
        ((agreement(),), "agreed"),
        ((agreement(None),), "no-agreement"),
        ((agreement(DeclaredNone("an e-mail")),), "no-agreement"),
        ((agreement(Evidence("acme.pdf")),), "no-agreement"),
        ((agreement(replace(PAPER, until_us=NOW)),), "agreement-expired"),
        ((agreement(from_us=NOW + 1),), "agreement-not-in-force"),
        ((agreement(purposes=()),), "purpose-not-covered"),
        ((agreement(purposes=("model-training",)),), "purpose-not-covered"),
        ((replace(agreement(), valid_until_us=NOW),), "no-agreement"),
        ((replace(agreement(), custody=DeclaredNone("ended")),), "no-agreement"),
        ((replace(agreement(), custody=Unknown("lost")),), "unknown"),
        ((replace(agreement(), pattern="**"),), "no-agreement"),
        ((agreement(), replace(agreement(authority="audit"), custody=Unknown("?"))), "unknown"),
        ((agreement(), agreement(None, authority="audit")), "no-agreement"),
    ],
    ids=str,
)
def test_nothing_is_handed_over_without_an_agreement_in_force(said: Any, verdict: str) -> None:
    assert judge(*said) == verdict


def test_one_agreement_that_holds_is_enough_for_whoever_keeps_several() -> None:
    old = agreement(Evidence("old.pdf", "b" * 64, until_us=1)).custody
    new = agreement().custody
    assert isinstance(old, Custody)
    assert isinstance(new, Custody)
    both = replace(agreement(), custody=Custody((*old.transfers, *new.transfers)))
    found = recipients.judge("ACME gmbh", [both], purpose="disclosure", purposes=TREE, at_us=NOW)

    assert (found.verdict, found.agreements, found.authorities) == (
        "agreed",
        ("a" * 64,),
        ("legal",),
    )
    assert found.changes_us == 2_000


@pytest.mark.parametrize(
    ("name", "purpose", "verdict"),
    [
        ("", "disclosure", "unnamed"),
        (" ", "sale", "unnamed"),
        ("", "publication", "not-needed"),
        ("", "model-training", "not-needed"),
        ("", "no-such-purpose", "unnamed"),
        ("Acme GmbH", "model-training", "unexpected"),
        ("Acme GmbH", "sale", "purpose-not-covered"),
        ("Globex", "disclosure", "no-agreement"),
    ],
    ids=str,
)
def test_giving_needs_a_name_and_a_name_needs_giving(name: str, purpose: str, verdict: str) -> None:
    assert judge(agreement(), name=name, purpose=purpose) == verdict


def test_a_purpose_of_an_administrator_below_disclosure_needs_a_recipient_too() -> None:
    tree = TREE.extended({"to-partners": {"under": "disclosure"}, "open": {"under": "publication"}})

    assert tree.needs_recipient("to-partners")
    assert not tree.needs_recipient("open")
