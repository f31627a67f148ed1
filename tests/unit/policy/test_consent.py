"""Legal bases, by state, time, purpose and kind of data."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_plugin.model import Consent, DeclaredNone, Unknown
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
    assert consent.expires_us(said) == end
