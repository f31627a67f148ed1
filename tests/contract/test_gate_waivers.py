"""What waivers do at a real gate, on a real record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.model import Outcome, Statement, StatementKind
from tests.support.gatehouse import CLEAN, DAY, RULE, Gatehouse, only, roots, uri

NON_COMMERCIAL = CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A record in which features were made from two roots, one of them not for commerce."""
    house = Gatehouse(tmp_path).catalog(roots(raw=NON_COMMERCIAL, maps=CLEAN))
    house.ran("take", (), ["raw"]).ran("draw", (), ["maps"])
    return house.ran("scale", ["raw", "maps"], ["features"])


def waive(house: Gatehouse, *, days: int = 30, **changed: Any) -> Statement:
    """Put a waiver on record."""
    said: dict[str, Any] = {
        "id": f"w-{house.now_us}",
        "kind": StatementKind.WAIVER,
        "actor": "Ada Lovelace (legal)",
        "why": "the licence is being bought",
        "at_us": house.now_us,
        "until_us": house.now_us + days * DAY,
        "datasets": (uri("raw"),),
        "purpose": "model-training",
        "reason_id": "license.non-commercial",
        **changed,
    }
    statement = Statement(**said)
    with house.store() as store:
        store.append_statement(statement, recorded_us=house.now_us)
    return statement


def test_a_waived_reason_does_not_block_and_is_never_silent(house: Gatehouse) -> None:
    assert house.ask("features").outcome is Outcome.DENIED
    waiver = waive(house)
    decision = house.ask("features")

    (waived,) = decision.waived
    assert (decision.outcome, decision.reasons) == (Outcome.ALLOWED, ())
    assert waived.reason.id == "license.non-commercial"
    assert waived.reason.path == (uri("features"), uri("raw"))
    assert (waived.waiver, waived.actor, waived.why) == (waiver.id, waiver.actor, waiver.why)
    assert waived.until_us == waiver.until_us
    assert "(1 waived)" in str(decision)
    assert house.recorded()[0] == decision


def test_the_waiver_of_an_ancestor_counts_wherever_it_is_an_ancestor(house: Gatehouse) -> None:
    house.ran("mix", ["features"], ["mixed"])
    waive(house)

    assert house.ask("mixed").outcome is house.ask("raw").outcome is Outcome.ALLOWED


def test_an_expired_waiver_blocks_again_and_so_does_what_was_decided_on_it(
    house: Gatehouse,
) -> None:
    waiver = waive(house, days=0, until_us=house.now_us + 3_600_000_000)
    allowed = house.ask("features")
    house.now_us += 3_600_000_000

    assert allowed.outcome is Outcome.ALLOWED
    assert allowed.valid_until_us == waiver.until_us
    assert house.verdicts("features") == (Outcome.DENIED, ["license.non-commercial"])


def test_revoking_a_waiver_blocks_at_once(house: Gatehouse) -> None:
    waiver = waive(house)
    assert house.ask("features").outcome is Outcome.ALLOWED
    waive(
        house, id="end", kind=StatementKind.END, ends=waiver.id, until_us=None, datasets=(),
        purpose="", reason_id="",
    )  # fmt: skip
    decision = house.ask("features")

    assert decision.outcome is Outcome.DENIED
    assert decision.waived == ()
    assert decision.reused_from != ""


def test_a_waiver_given_later_lets_a_refusal_that_is_said_again_pass(house: Gatehouse) -> None:
    first = house.ask("features")
    waive(house)
    second = house.ask("features")

    assert second.reused_from == first.id
    assert second.outcome is Outcome.ALLOWED


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": "publication"},
        {"reason_id": "license.absent"},
        {"datasets": ("s3://lake/maps",)},
        {"datasets": ("s3://lake/ra",)},
        {"datasets": ("**",)},
        {"until_us": None},
    ],
    ids=["purpose", "reason", "dataset", "beginning-of-a-name", "everything", "no-end"],
)
def test_a_waiver_of_something_else_changes_nothing(
    house: Gatehouse, changed: dict[str, Any]
) -> None:
    waive(house, **changed)

    assert house.verdicts("features") == (Outcome.DENIED, ["license.non-commercial"])


def test_a_waiver_leaves_in_the_way_what_it_does_not_name(house: Gatehouse) -> None:
    house.catalog(
        roots(raw=NON_COMMERCIAL.replace("    source: ", "    description: "), maps=CLEAN).replace(
            "    description: {issuer: Acme GmbH, method: primary-user-source}\n", ""
        )
    )
    waive(house)
    decision = house.ask("features")

    assert decision.outcome is Outcome.UNDECIDED
    assert only(decision.reasons).id == "source.absent"
    assert [each.reason.id for each in decision.waived] == ["license.non-commercial"]


def test_a_pattern_waives_what_it_matches(house: Gatehouse) -> None:
    waive(house, datasets=("s3://lake/r*",))

    assert house.ask("features").outcome is Outcome.ALLOWED


def test_the_rule_of_a_suite_of_ones_own_can_be_waived(house: Gatehouse) -> None:
    house.policy("  model-training: [house]\n")
    house.suite(
        "house",
        RULE | {"kwargs": {"column": "source_issuer", "value_set": ["nobody", "inherited"]},
                "meta": {"rule": "house.known-vendors"}},
    )  # fmt: skip
    assert house.verdicts("maps") == (Outcome.DENIED, ["house.known-vendors"])
    waive(house, datasets=(uri("maps"),), reason_id="house.known-vendors")

    assert house.ask("maps").outcome is Outcome.ALLOWED


@pytest.mark.parametrize(
    "rules",
    ["never: [license.*]", "never: [license.non-commercial]", "by: [privacy]", "max_days: 1"],
)
def test_the_policy_of_today_decides_whether_a_waiver_counts(house: Gatehouse, rules: str) -> None:
    waive(house)
    assert house.ask("features").outcome is Outcome.ALLOWED
    house.now_us += 2 * DAY
    policy = house.settings.policy
    policy.write_text(f"version: 1\nwaivers: {{{rules}}}\n", "utf-8")

    assert house.verdicts("features") == (Outcome.DENIED, ["license.non-commercial"])


def test_a_withdrawn_consent_is_never_waived(house: Gatehouse) -> None:
    said = CLEAN.replace(
        "{none: no people shown}", "{basis: eu-gdpr:A6-1-a, status: dpv:ConsentWithdrawn}"
    )
    house.catalog(roots(raw=said, maps=CLEAN))
    waive(house, reason_id="consent.withdrawn")

    assert house.verdicts("features") == (Outcome.DENIED, ["consent.withdrawn"])


def test_what_was_waived_later_did_not_hold_before(house: Gatehouse) -> None:
    before = house.now_us
    house.now_us += DAY
    waive(house)

    asked = house.ask("features", at_us=before, record=False)

    assert asked.outcome is Outcome.DENIED


def test_what_the_gate_lacks_is_never_waived(house: Gatehouse) -> None:
    waive(house, datasets=("s3://lake/**",), reason_id="catalog.invalid")
    (house.home / "provenance.yaml").write_text("version: 7\n", "utf-8")

    assert house.verdicts("features") == (Outcome.UNDECIDED, ["catalog.invalid"])
