"""The hand-over of 2014 and others: who is given what, on whose word, under what agreement."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.gate.sync import bring_up_to_date
from lineage_plugin.lineage.effective import summarise
from lineage_plugin.model import Outcome
from tests.support.gatehouse import DAY, NEW_YEAR_US, RULE, Gatehouse, only, ref, roots, uri

ALLOWED, DENIED, UNDECIDED = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDECIDED

#: What the people on a dating site agreed to, as it was in 2014.
DATING = """\
    origin: external
    source: {issuer: our members, method: user-generated-content}
    license: LicenseRef-internal-use
    consent: {basis: eu-gdpr:A6-1-a, purposes: [service-provision]}
    custody: {none: uploaded by our members}
    categories: [personal, picture]
    assurance: documented
"""

#: The same, had it been asked and agreed.
AGREED = DATING.replace("[service-provision]", "[service-provision, disclosure]")

RECIPIENTS = """\
recipients:
  Clear AI:
    - {uri: clear-ai.pdf, from: 2025-06-01, until: 2026-06-01, purposes: [disclosure]}
"""

TERMS = """\
licenses:
  LicenseRef-internal-use:
    permits: [cc:Distribution, cc:DerivativeWorks, cc:Reproduction]
    prohibits: []
    source: terms of use
"""


def house_with(tmp_path: Path, photos: str, more: str = "", **changed: Any) -> Gatehouse:
    (tmp_path / "clear-ai.pdf").write_bytes(b"signed by both")
    (tmp_path / "licence.pdf").write_bytes(b"signed too")
    return Gatehouse(tmp_path, **changed).catalog(roots(photos=photos) + TERMS + more)


def give(house: Gatehouse, to: str = "Clear AI") -> tuple[Outcome, list[str]]:
    return house.verdicts("photos", purpose="disclosure", recipient=to)


def test_photos_for_dating_are_not_handed_over_without_an_agreement(tmp_path: Path) -> None:
    house = house_with(tmp_path, DATING)

    assert give(house) == (DENIED, ["recipient.no-agreement", "consent.purpose-not-covered"])


def test_what_people_and_parties_agreed_to_is_handed_over_and_recorded(tmp_path: Path) -> None:
    house = house_with(tmp_path, AGREED, RECIPIENTS)

    assert give(house) == (ALLOWED, [])
    kept = house.recorded()[0]
    assert kept.recipient == "Clear AI"
    assert kept.agreements == (hashlib.sha256(b"signed by both").hexdigest(),)
    assert "for disclosure to Clear AI" in str(kept)


def test_nobody_can_be_given_anything_without_a_name(tmp_path: Path) -> None:
    house = house_with(tmp_path, AGREED, RECIPIENTS)

    assert give(house, to="") == (UNDECIDED, ["recipient.unnamed"])


def test_what_one_may_have_says_nothing_about_another(tmp_path: Path) -> None:
    house = house_with(tmp_path, AGREED, RECIPIENTS)
    first = house.ask("photos", purpose="disclosure", recipient="Clear AI")
    again = house.ask("photos", purpose="disclosure", recipient="Clear AI")
    other = house.ask("photos", purpose="disclosure", recipient="Globex")

    assert (again.outcome, again.reused_from) == (ALLOWED, first.id)
    assert (other.outcome, other.reused_from) == (DENIED, "")
    assert only(other.reasons).id == "recipient.no-agreement"


def test_an_agreement_that_ends_ends_the_permission(tmp_path: Path) -> None:
    house = house_with(tmp_path, AGREED, RECIPIENTS)
    now = house.ask("photos", purpose="disclosure", recipient="Clear AI")
    house.now_us = NEW_YEAR_US + 200 * DAY

    assert now.outcome is ALLOWED
    assert give(house) == (DENIED, ["recipient.agreement-expired"])


def test_no_suite_of_an_administrator_lets_go_without_an_agreement(tmp_path: Path) -> None:
    house = house_with(tmp_path, AGREED).policy("  disclosure: [lenient]\n")
    house.suite("lenient", RULE)

    assert give(house) == (DENIED, ["recipient.no-agreement"])


def test_a_recipient_of_what_gives_nothing_is_a_mistake(tmp_path: Path) -> None:
    house = house_with(tmp_path, AGREED, RECIPIENTS).policy("  analytics: [lenient]\n")
    house.suite("lenient", RULE)

    assert house.verdicts("photos", purpose="analytics", recipient="Clear AI") == (
        UNDECIDED,
        ["recipient.unexpected"],
    )


BOUGHT = AGREED.replace(
    "{none: uploaded by our members}",
    "[{from: a broker, event: purchased, agreement: {uri: licence.pdf, TERMS}}]",
)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("until: 2030-01-01", (UNDECIDED, ["custody.onward-unsaid"])),
        ("onward_transfer: false", (DENIED, ["custody.onward-forbidden"])),
        (
            "onward_transfer: true, recipients: [Globex]",
            (DENIED, ["custody.onward-forbidden"]),
        ),
        ("onward_transfer: true, recipients: [Clear AI]", (ALLOWED, [])),
    ],
)
def test_what_was_bought_is_passed_on_only_where_the_seller_agreed(
    tmp_path: Path, terms: str, expected: tuple[Outcome, list[str]]
) -> None:
    house = house_with(tmp_path, BOUGHT.replace("TERMS", terms), RECIPIENTS)

    assert give(house) == expected


def test_what_was_known_of_an_agreement_then_is_known_of_it_now(tmp_path: Path) -> None:
    """The record answers under which agreement, also after the line is gone from the catalog."""
    house = house_with(tmp_path, AGREED, RECIPIENTS)
    given = house.ask("photos", purpose="disclosure", recipient="Clear AI")
    house_with(tmp_path, AGREED)

    assert give(house)[1] == ["recipient.no-agreement"]
    then = house.ask(
        "photos",
        purpose="disclosure",
        recipient="Clear AI",
        at_us=given.at_us,
        known_seq=given.known_seq,
    )
    assert (then.outcome, then.agreements) == (ALLOWED, given.agreements)


EVENTS = """\
    origin: external
    source: {issuer: our members, method: user-generated-content}
    license: CC-BY-4.0
    consent:
      basis: eu-gdpr:A6-1-a
      purposes: [model-training]
      events:
        - {at: 2024-01-01, state: dpv:ConsentGiven}
        - {at: 2025-12-01, state: dpv:LAST}
    custody: {none: uploaded by our members}
    categories: [personal]
    assurance: documented
"""


@pytest.mark.parametrize(
    ("last", "before", "after"),
    [
        ("ConsentWithdrawn", (ALLOWED, []), (DENIED, ["consent.withdrawn"])),
        (
            "ConsentInvalidated",
            (DENIED, ["consent.invalidated"]),
            (DENIED, ["consent.invalidated"]),
        ),
    ],
)
def test_a_withdrawal_looks_forward_and_an_invalidation_back(
    tmp_path: Path, last: str, before: object, after: object
) -> None:
    house = house_with(tmp_path, EVENTS.replace("LAST", last))

    assert house.verdicts("photos", at_us=NEW_YEAR_US - 60 * DAY) == before
    assert house.verdicts("photos") == after


def test_secondary_use_by_decision_is_shown_and_ends_with_the_decision(tmp_path: Path) -> None:
    photos = DATING.replace("eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f").replace(
        "[service-provision]}",
        "[service-provision], compatibility: [{purpose: evaluation, by: privacy board,"
        " reason: same context, until: 2026-03-01}]}",
    )
    house = house_with(tmp_path, photos).policy("  evaluation: [model-training]\n")
    decision = house.ask("photos", purpose="evaluation")
    note = next(w for w in decision.warnings if w.id == "consent.compatible-use")
    house.now_us = NEW_YEAR_US + 90 * DAY

    assert decision.outcome is ALLOWED, decision
    assert "privacy board" in note.why
    assert house.verdicts("photos", purpose="evaluation")[1] == ["consent.secondary-use"]


def test_authorities_that_contradict_each_other_both_bind_and_are_named(tmp_path: Path) -> None:
    files = (tmp_path / "provenance.yaml", tmp_path / "audit.yaml")
    house = house_with(tmp_path, EVENTS.replace("LAST", "RenewedConsentGiven"), catalog=files)
    house.catalog(
        roots(
            photos="    consent: {basis: eu-gdpr:A6-1-a, status: dpv:ConsentWithdrawn}\n"
            "    custody: [{from: a friend, event: partner-transfer, related_party: true}]\n"
        ).replace("team-vision", "audit"),
        "audit.yaml",
    )
    decision = house.ask("photos")
    notes = {warning.id: warning.why for warning in decision.warnings}

    assert [r.id for r in decision.reasons] == ["consent.withdrawn", "custody.no-agreement"]
    assert "audit: withdrawn" in notes["consent.contradicted"]
    assert "team-vision: it may be used" in notes["consent.contradicted"]
    assert "team-vision: there is none" in notes["custody.contradicted"]
    assert "a friend to somebody" in notes["custody.related-party"]


def test_what_travels_with_an_event_is_the_consent_of_its_moment(tmp_path: Path) -> None:
    house = house_with(tmp_path, EVENTS.replace("LAST", "ConsentWithdrawn"))
    with house.store() as store:
        catalog = bring_up_to_date(store, house.settings, recorded_us=house.now_us)
        then, now = (
            summarise(store, [ref("photos")], at, catalog.declarations_for)[uri("photos")]
            for at in (NEW_YEAR_US - 60 * DAY, NEW_YEAR_US)
        )

    assert then.consent_statuses == ("dpv:ConsentGiven",)
    assert now.consent_statuses == ("dpv:ConsentWithdrawn",)
