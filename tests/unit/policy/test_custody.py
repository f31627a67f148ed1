"""Chains of custody, and the hand-over of 2014."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.model import Custody, DeclaredNone, Evidence, Transfer, Unknown
from lineage_plugin.policy import custody, vocabulary

NOW = 1_000
SIGNED = Evidence("evidence/acme.pdf", until_us=2_000)


def chain(*transfers: Transfer) -> Custody:
    return Custody(transfers)


def test_a_vendor_drop_between_founders_has_no_agreement() -> None:
    drop = Transfer(
        "partner-transfer",
        giver="a dating site",
        receiver="us",
        agreement=DeclaredNone("handed over by e-mail"),
        related_party=True,
    )

    assert custody.verdict(chain(drop), at_us=NOW) == "no-agreement"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (None, "absent"),
        (Custody(()), "absent"),
        (Unknown("lost"), "unknown"),
        (DeclaredNone("we took the photos"), "first-party"),
        (chain(Transfer("collected")), "complete"),
        (chain(Transfer("published", giver="UCI")), "complete"),
        (chain(Transfer("licensed", agreement=SIGNED)), "complete"),
        (chain(Transfer("licensed", agreement=Evidence(" "))), "no-agreement"),
        (chain(Transfer("collected"), Transfer("purchased")), "no-agreement"),
    ],
    ids=[
        "absent",
        "empty",
        "unknown",
        "none",
        "collected",
        "published",
        "signed",
        "blank",
        "bought",
    ],
)
def test_a_chain_is_as_good_as_its_agreements(said: Any, verdict: str) -> None:
    assert custody.verdict(said, at_us=NOW) == verdict


@pytest.mark.parametrize("event", sorted(vocabulary.EVENTS | {"found-on-a-train"}))
def test_only_collecting_and_publishing_need_no_agreement(event: str) -> None:
    bare = custody.verdict(chain(Transfer(event)), at_us=NOW)

    assert bare == ("complete" if event in ("collected", "published") else "no-agreement")
    assert custody.verdict(chain(Transfer(event, agreement=SIGNED)), at_us=NOW) == "complete"


@pytest.mark.parametrize(("at", "verdict"), [(1_999, "complete"), (2_000, "agreement-expired")])
def test_an_agreement_holds_up_to_its_end(at: int, verdict: str) -> None:
    assert custody.verdict(chain(Transfer("licensed", agreement=SIGNED)), at_us=at) == verdict


@pytest.mark.parametrize(
    ("receiver", "giver", "verdict"),
    [
        ("Acme GmbH", "acme  gmbh", "complete"),
        ("Acme", "Globex", "gap"),
        ("", "Globex", "complete"),
        ("Acme", "", "complete"),
    ],
    ids=str,
)
def test_who_passes_data_on_is_who_received_it(receiver: str, giver: str, verdict: str) -> None:
    said = chain(
        Transfer("collected", receiver=receiver),
        Transfer("licensed", giver=giver, agreement=SIGNED),
    )

    assert custody.verdict(said, at_us=NOW) == verdict


def test_of_several_faults_the_gravest_is_told() -> None:
    said = chain(
        Transfer("licensed", receiver="A", agreement=Evidence("x", until_us=1)),
        Transfer("licensed", giver="B"),
    )

    assert custody.verdict(said, at_us=NOW) == "no-agreement"


def test_the_first_end_of_an_agreement_is_the_end_of_the_answer() -> None:
    later = Evidence("b", until_us=3_000)
    said = chain(Transfer("licensed", agreement=later), Transfer("licensed", agreement=SIGNED))

    assert custody.expires_us(said) == 2_000
    assert custody.expires_us(said, at_us=2_000) == 3_000
    assert custody.expires_us(chain(Transfer("collected"))) is None
    assert custody.expires_us(DeclaredNone("ours")) is None
    assert custody.expires_us(None) is None
