"""Chains of custody, and the hand-over of 2014."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.model import (
    AgreementTerms,
    Custody,
    DeclaredNone,
    Evidence,
    Transfer,
    Unknown,
)
from lineage_plugin.policy import custody, vocabulary
from lineage_plugin.policy.purposes import Purposes

NOW = 1_000
SIGNED = Evidence("evidence/acme.pdf", until_us=2_000)


TREE = Purposes.shipped()


def chain(*transfers: Transfer) -> Custody:
    return Custody(transfers)


def judge(
    said: Any,
    *,
    purpose: str = "model-training",
    at: int = NOW,
    recipient: str = "",
    confirmed: Any = (),
) -> str:
    return custody.verdict(
        said, purpose=purpose, purposes=TREE, at_us=at, recipient=recipient, confirmed_us=confirmed
    )


def licensed(giver: str = "Acme", receiver: str = "us", **terms: Any) -> Transfer:
    return Transfer("licensed", giver, receiver, agreement=SIGNED, terms=AgreementTerms(**terms))


def test_a_vendor_drop_between_founders_has_no_agreement() -> None:
    drop = Transfer(
        "partner-transfer",
        giver="a dating site",
        receiver="us",
        agreement=DeclaredNone("handed over by e-mail"),
        related_party=True,
    )

    assert judge(chain(drop)) == "no-agreement"


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
    assert judge(said) == verdict


@pytest.mark.parametrize("event", sorted(vocabulary.EVENTS | {"found-on-a-train"}))
def test_only_collecting_and_publishing_need_no_agreement(event: str) -> None:
    bare = judge(chain(Transfer(event)))

    assert bare == ("complete" if event in ("collected", "published") else "no-agreement")
    signed = judge(chain(Transfer(event, agreement=SIGNED)))
    assert signed == ("change-of-control" if event == "acquisition" else "complete")


@pytest.mark.parametrize(("at", "verdict"), [(1_999, "complete"), (2_000, "agreement-expired")])
def test_an_agreement_holds_up_to_its_end(at: int, verdict: str) -> None:
    assert judge(chain(Transfer("licensed", agreement=SIGNED)), at=at) == verdict


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

    assert judge(said) == verdict


def test_of_several_faults_the_gravest_is_told() -> None:
    said = chain(
        Transfer("licensed", receiver="A", agreement=Evidence("x", until_us=1)),
        Transfer("licensed", giver="B"),
    )

    assert judge(said) == "no-agreement"


def test_the_first_end_of_an_agreement_is_the_end_of_the_answer() -> None:
    later = Evidence("b", until_us=3_000)
    said = chain(Transfer("licensed", agreement=later), Transfer("licensed", agreement=SIGNED))

    assert custody.expires_us(said) == 2_000
    assert custody.expires_us(said, at_us=2_000) == 3_000
    assert custody.expires_us(chain(Transfer("collected"))) is None
    assert custody.expires_us(DeclaredNone("ours")) is None
    assert custody.expires_us(None) is None


@pytest.mark.parametrize(
    ("covers", "purpose", "verdict"),
    [
        ((), "model-training", "complete"),
        (("model-training",), "fine-tuning", "complete"),
        (("evaluation",), "model-training", "purpose-not-covered"),
        (("model-training",), "face-recognition", "purpose-not-covered"),
        (("model-training",), "no-such-purpose", "purpose-not-covered"),
    ],
    ids=str,
)
def test_an_agreement_covers_what_it_names(covers: Any, purpose: str, verdict: str) -> None:
    assert judge(chain(licensed(purposes=covers, onward_transfer=True)), purpose=purpose) == verdict


def test_an_agreement_that_began_after_the_hand_over_covers_nothing() -> None:
    """A contract that is signed once somebody asks."""
    late = Transfer("licensed", at_us=100, agreement=SIGNED, terms=AgreementTerms(from_us=101))

    assert judge(chain(late)) == "agreement-not-in-force"
    assert judge(chain(licensed(from_us=NOW + 1))) == "agreement-not-in-force"
    assert judge(chain(licensed(from_us=NOW))) == "complete"


@pytest.mark.parametrize(
    ("terms", "verdict"),
    [
        ({}, "complete"),
        ({"onward_transfer": True}, "complete"),
        ({"onward_transfer": False}, "onward-forbidden"),
        ({"onward_transfer": True, "recipients": ("us",)}, "complete"),
        ({"onward_transfer": True, "recipients": ("Globex",)}, "onward-forbidden"),
    ],
    ids=str,
)
def test_what_was_passed_on_against_an_agreement_is_not_ours(terms: Any, verdict: str) -> None:
    said = chain(licensed("Site", "Broker", **terms), licensed("Broker", "us"))

    assert judge(said) == verdict


@pytest.mark.parametrize(
    ("terms", "recipient", "purpose", "verdict"),
    [
        ({}, "Clear AI", "disclosure", "onward-unsaid"),
        ({"onward_transfer": False}, "Clear AI", "disclosure", "onward-forbidden"),
        ({"onward_transfer": True}, "Clear AI", "disclosure", "complete"),
        ({"onward_transfer": True, "recipients": ("Clear AI",)}, "clear ai", "sale", "complete"),
        ({"onward_transfer": True, "recipients": ("X",)}, "Clear AI", "sale", "onward-forbidden"),
        ({"onward_transfer": True, "recipients": ("X",)}, "", "publication", "onward-forbidden"),
        ({"onward_transfer": False}, "", "model-training", "complete"),
    ],
    ids=str,
)
def test_what_is_to_be_passed_on_has_to_be_allowed(
    terms: Any, recipient: str, purpose: str, verdict: str
) -> None:
    assert judge(chain(licensed(**terms)), recipient=recipient, purpose=purpose) == verdict


def test_who_collected_it_or_found_it_published_may_pass_it_on() -> None:
    for said in (chain(Transfer("collected")), chain(Transfer("published")), DeclaredNone("ours")):
        assert judge(said, purpose="disclosure", recipient="X") in ("complete", "first-party")


TAKEOVER = Transfer("acquisition", "Startup", "us", 500, SIGNED)


@pytest.mark.parametrize(
    ("before", "confirmed", "verdict"),
    [
        (licensed(receiver="Startup"), (), "change-of-control"),
        (licensed(receiver="Startup", assignable=False), (), "change-of-control"),
        (licensed(receiver="Startup", assignable=True), (), "complete"),
        (licensed(receiver="Startup"), (400,), "change-of-control"),
        (licensed(receiver="Startup"), (500,), "complete"),
        (licensed(receiver="Startup"), (NOW + 1,), "change-of-control"),
        (licensed(receiver="Startup", assignable=False), (500,), "change-of-control"),
        (Transfer("collected", receiver="Startup"), (), "change-of-control"),
        (Transfer("collected", receiver="Startup"), (600,), "complete"),
    ],
    ids=[
        "unsaid",
        "not-assignable",
        "assignable",
        "consent before",
        "consent anew",
        "consent to come",
        "not-assignable and consent anew",
        "collected",
        "collected and consent anew",
    ],
)
def test_who_takes_over_a_company_does_not_take_over_a_consent(
    before: Transfer, confirmed: Any, verdict: str
) -> None:
    assert judge(chain(before, TAKEOVER), confirmed=confirmed) == verdict


def test_a_related_party_is_no_exception_and_is_named() -> None:
    close = Transfer("partner-transfer", "a dating site", "us", related_party=True)

    assert judge(chain(close)) == "no-agreement"
    assert list(custody.related(chain(close, licensed()))) == ["a dating site to us"]
