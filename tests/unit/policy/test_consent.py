"""Legal bases, by state, time, purpose and kind of data."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.model import Compatibility, Consent, ConsentEvent, DeclaredNone, Unknown
from lineage_plugin.policy import consent, vocabulary
from lineage_plugin.policy.purposes import Purposes

TREE = Purposes.shipped()
NOW = 1_000
GIVEN = Consent(("eu-gdpr:A6-1-a",), purposes=("model-training",), from_us=500, until_us=2_000)


def judge(
    said: Any, *, purpose: str = "model-training", categories: Any = (), at: int = NOW
) -> str:
    return consent.verdict(said, purpose=purpose, purposes=TREE, categories=categories, at_us=at)


def given(**changes: Any) -> Consent:
    fields = {"bases": ("eu-gdpr:A6-1-a",), "purposes": ("model-training",), **changes}
    return Consent(**fields)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (None, "absent"),
        (Unknown("nobody asked"), "unknown"),
        (DeclaredNone("maps"), "not-personal"),
        (GIVEN, "valid"),
    ],
    ids=["absent", "unknown", "none", "given"],
)
def test_nobody_said_none_and_unknown_stay_apart(said: Any, verdict: str) -> None:
    assert judge(said) == verdict


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("dpv:ConsentGiven", "valid"),
        ("dpv:RenewedConsentGiven", "valid"),
        ("dpv:ConsentUnknown", "unknown"),
        ("dpv:ConsentRequested", "requested"),
        ("dpv:ConsentRequestDeferred", "requested"),
        ("dpv:ConsentRefused", "refused"),
        ("dpv:ConsentExpired", "expired"),
        ("dpv:ConsentInvalidated", "invalidated"),
        ("dpv:ConsentRevoked", "revoked"),
        ("dpv:ConsentWithdrawn", "withdrawn"),
        ("dpv:LegitimateInterestObjected", "objected"),
        ("dpv:LegitimateInterestNotObjected", "unknown"),
        ("", "unknown"),
        ("yes", "unknown"),
    ],
)
def test_only_a_consent_that_was_given_and_stands_is_valid(status: str, verdict: str) -> None:
    assert judge(given(status=status)) == verdict


def test_every_status_of_the_vocabulary_is_judged() -> None:
    found = {judge(given(status=status)) for status in vocabulary.STATUSES}

    assert found == {
        "valid", "unknown", "requested", "refused", "expired", "invalidated", "revoked",
        "withdrawn", "objected",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bases", "status", "verdict"),
    [
        (("eu-gdpr:A6-1-f",), "dpv:LegitimateInterestNotObjected", "valid"),
        (("eu-gdpr:A6-1-f",), "dpv:LegitimateInterestObjected", "objected"),
        (("eu-gdpr:A6-1-f",), "dpv:ConsentGiven", "valid"),
        (("eu-gdpr:A6-1-b",), "dpv:ConsentGiven", "valid"),
        (("dpv:Consent",), "dpv:ConsentGiven", "valid"),
        ((), "dpv:ConsentGiven", "unknown"),
        (("because",), "dpv:ConsentGiven", "unknown"),
        (("eu-gdpr:A6-1-a", "because"), "dpv:ConsentGiven", "unknown"),
        (("because",), "dpv:ConsentWithdrawn", "withdrawn"),
    ],
    ids=str,
)
def test_every_basis_is_judged_for_itself(bases: Any, status: str, verdict: str) -> None:
    assert judge(given(bases=bases, status=status)) == verdict


@pytest.mark.parametrize(
    ("at", "verdict"),
    [(499, "not-yet-valid"), (500, "valid"), (1_999, "valid"), (2_000, "expired")],
)
def test_a_consent_holds_from_its_beginning_up_to_its_end(at: int, verdict: str) -> None:
    assert judge(GIVEN, at=at) == verdict


@pytest.mark.parametrize(
    ("purposes", "purpose", "verdict"),
    [
        (("model-training",), "fine-tuning", "valid"),
        (("fine-tuning",), "model-training", "purpose-not-covered"),
        (("model-training",), "face-recognition", "purpose-not-covered"),
        (("model-training",), "publication", "purpose-not-covered"),
        ((), "model-training", "purpose-not-covered"),
        (("model-training",), "no-such-purpose", "purpose-not-covered"),
    ],
    ids=str,
)
def test_consent_reaches_no_further_than_its_purposes(
    purposes: Any, purpose: str, verdict: str
) -> None:
    assert judge(given(purposes=purposes), purpose=purpose) == verdict


@pytest.mark.parametrize("category", ["biometric", "health", "religion", "no-such-category"])
def test_a_special_category_needs_a_basis_of_its_own(category: str) -> None:
    both = given(bases=("eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"))

    assert judge(given(), categories=["personal", category]) == "special-category"
    assert judge(both, categories=["personal", category]) == "valid"


def test_telling_faces_apart_makes_any_picture_special() -> None:
    named = given(purposes=("face-recognition",))
    explicit = given(purposes=("face-recognition",), bases=("eu-gdpr:A9-2-a",))

    assert judge(named, purpose="face-recognition", categories=["picture"]) == "special-category"
    assert judge(explicit, purpose="face-recognition", categories=["picture"]) == "valid"


@pytest.mark.parametrize("categories", [["personal"], ["synthetic", "face-image"], ["who-knows"]])
def test_no_people_in_data_about_people_is_a_contradiction(categories: list[str]) -> None:
    assert judge(DeclaredNone("no people"), categories=categories) == "contradiction"


def test_data_that_nobody_can_be_told_from_contradicts_nothing() -> None:
    assert (
        judge(DeclaredNone("made up"), categories=["synthetic", "non-personal"]) == "not-personal"
    )


@pytest.mark.parametrize(
    ("said", "end"),
    [(GIVEN, 2_000), (given(), None), (None, None), (DeclaredNone(""), None)],
    ids=str,
)
def test_the_end_is_that_of_the_consent(said: Any, end: int | None) -> None:
    assert consent.ends_us(said, NOW) == end


# -- what became of it, in time


def events(*pairs: tuple[int, str], **changes: Any) -> Consent:
    return given(events=tuple(ConsentEvent(f"dpv:{name}", at) for at, name in pairs), **changes)


def over_time(said: Consent, *moments: int) -> list[str]:
    return [judge(said, at=at) for at in moments]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("ConsentWithdrawn", "withdrawn"),
        ("ConsentRevoked", "revoked"),
        ("ConsentExpired", "expired"),
    ],
)
def test_what_ends_a_consent_leaves_lawful_what_was_done_before(name: str, verdict: str) -> None:
    said = events((100, "ConsentGiven"), (200, name))

    assert over_time(said, 100, 199, 200, 9_999) == ["valid", "valid", verdict, verdict]


@pytest.mark.parametrize(
    ("name", "verdict"), [("ConsentInvalidated", "invalidated"), ("ConsentRefused", "refused")]
)
def test_what_says_that_there_never_was_one_blocks_at_every_moment(name: str, verdict: str) -> None:
    said = events((100, "ConsentGiven"), (200, name), (300, "ConsentGiven"))

    assert set(over_time(said, -(10**15), 99, 150, 200, 300, 10**18)) == {verdict}


def test_a_consent_that_is_given_anew_holds_from_then_on() -> None:
    said = events((100, "ConsentGiven"), (200, "ConsentWithdrawn"), (300, "RenewedConsentGiven"))

    assert over_time(said, 150, 250, 300) == ["valid", "withdrawn", "valid"]


def test_before_the_first_word_there_was_no_consent() -> None:
    assert over_time(events((100, "ConsentGiven")), 99, 100) == ["not-yet-valid", "valid"]
    assert over_time(events((100, "ConsentRequested")), 99, 100) == ["not-yet-valid", "requested"]


def test_a_withdrawal_alone_presupposes_a_consent() -> None:
    assert over_time(events((100, "ConsentWithdrawn")), 99, 100) == ["valid", "withdrawn"]


def test_of_two_events_at_one_moment_the_worse_counts() -> None:
    said = events((100, "ConsentGiven"), (200, "RenewedConsentGiven"), (200, "ConsentWithdrawn"))

    assert over_time(said, 200, 300) == ["withdrawn", "withdrawn"]


def test_a_status_without_a_date_binds_at_every_moment() -> None:
    said = events((100, "ConsentGiven"), status="dpv:ConsentWithdrawn")

    assert over_time(said, 99, 100, 500) == ["withdrawn"] * 3


def test_a_consent_given_for_a_time_expires_and_can_be_renewed() -> None:
    said = given(
        events=(
            ConsentEvent("dpv:ConsentGiven", 100, until_us=200),
            ConsentEvent("dpv:RenewedConsentGiven", 300, until_us=400),
        )
    )

    assert over_time(said, 150, 200, 299, 300, 400) == [
        "valid", "expired", "expired", "valid", "expired",
    ]  # fmt: skip
    assert [consent.ends_us(said, at) for at in (150, 350)] == [200, 400]


def test_a_consent_that_has_to_be_confirmed_again_is_due_at_its_time() -> None:
    said = events((100, "ConsentGiven"), (150, "RenewedConsentGiven"), reconfirm_every_us=100)

    assert over_time(said, 150, 249, 250) == ["valid", "valid", "reconfirmation-due"]
    assert judge(given(reconfirm_every_us=100, from_us=950), at=NOW) == "valid"
    assert judge(given(reconfirm_every_us=100), at=NOW) == "reconfirmation-due"


def test_an_objection_blocks_a_legitimate_interest_from_then_on() -> None:
    said = events((200, "LegitimateInterestObjected"), bases=("eu-gdpr:A6-1-f",))

    assert over_time(said, 199, 200, 900) == ["valid", "objected", "objected"]


def test_that_nobody_objected_makes_up_for_no_withdrawal() -> None:
    said = events(
        (100, "ConsentGiven"),
        (200, "ConsentWithdrawn"),
        (300, "LegitimateInterestNotObjected"),
        bases=("eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f"),
    )

    assert judge(said, at=400) == "withdrawn"


@pytest.mark.parametrize("kind", ["dpv:UninformedConsent", "dpv:ImpliedConsent", "a nod"])
def test_what_nobody_was_told_is_no_consent(kind: str) -> None:
    assert judge(given(events=(ConsentEvent("dpv:ConsentGiven", 1, type=kind),))) == "unknown"


def test_nothing_changes_by_itself_between_the_moments_of_change() -> None:
    said = given(
        from_us=50,
        until_us=900,
        reconfirm_every_us=300,
        events=(
            ConsentEvent("dpv:ConsentGiven", 100),
            ConsentEvent("dpv:RenewedConsentGiven", 350, until_us=600),
        ),
        compatibility=(Compatibility("analytics", "a board", "tested", 10, 700),),
    )
    moments = [0]
    while (following := consent.changes_us(said, after_us=moments[-1])) is not None:
        moments.append(following)

    assert moments == [0, 10, 50, 100, 350, 400, 600, 650, 700, 900]


# -- other purposes, other people

INTEREST = ("eu-gdpr:A6-1-f",)
DECIDED = Compatibility("model-training", "privacy board", "same context", 100, 2_000)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "compatible"),
        ({"compatibility": ()}, "secondary-use"),
        ({"compatibility": (Compatibility("model-training", "b", "r", 0, NOW),)}, "secondary-use"),
        ({"compatibility": (Compatibility("model-training", "b", "r", 1_001),)}, "secondary-use"),
        ({"compatibility": (Compatibility("model-training", " ", "r"),)}, "secondary-use"),
        ({"compatibility": (Compatibility("model-training", "b", ""),)}, "secondary-use"),
        ({"compatibility": (Compatibility("marketing", "b", "r"),)}, "secondary-use"),
        ({"bases": ("eu-gdpr:A6-1-a",)}, "purpose-not-covered"),
        ({"bases": ("eu-gdpr:A9-2-a",)}, "purpose-not-covered"),
        ({"bases": ("dpv:Consent", "eu-gdpr:A6-1-f")}, "purpose-not-covered"),
        ({"purposes": ("model-training",)}, "valid"),
        ({"status": "dpv:LegitimateInterestObjected"}, "objected"),
    ],
    ids=str,
)
def test_secondary_use_needs_a_decision_in_force(changes: Any, verdict: str) -> None:
    """The photos were given for dating."""
    said: dict[str, Any] = {
        "bases": INTEREST,
        "purposes": ("service-provision",),
        "compatibility": (DECIDED,),
        **changes,
    }

    assert judge(given(**said)) == verdict


def test_a_compatible_purpose_needs_a_special_basis_all_the_same() -> None:
    said = given(bases=INTEREST, purposes=("service-provision",), compatibility=(DECIDED,))

    assert judge(said, categories=["health"]) == "special-category"


@pytest.mark.parametrize(
    ("recipient", "purpose", "verdict"),
    [
        ("acme  GMBH", "disclosure", "valid"),
        ("Globex", "disclosure", "recipient-not-covered"),
        ("", "publication", "recipient-not-covered"),
        ("", "model-training", "valid"),
    ],
    ids=str,
)
def test_a_consent_that_names_recipients_reaches_nobody_else(
    recipient: str, purpose: str, verdict: str
) -> None:
    said = given(
        purposes=("model-training", "disclosure", "publication"), recipients=("Acme GmbH",)
    )
    found = consent.verdict(
        said, purpose=purpose, purposes=TREE, categories=(), at_us=NOW, recipient=recipient
    )

    assert found == verdict
