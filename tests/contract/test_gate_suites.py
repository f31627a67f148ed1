"""A gate asks all that a suite extends, and what was changed in any of it is another policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.gate.policy import load
from lineage_plugin.model import Outcome
from tests.support.gatehouse import CLEAN, RULE, Gatehouse, only, roots, uri

#: Consent that ends in the middle of 2026.
CONSENTED = """\
    origin: external
    source: {issuer: Acme GmbH, method: primary-user-source}
    license: CC-BY-4.0
    consent: {basis: eu-gdpr:A6-1-a, purposes: [model-training], until: 2026-07-01}
    custody: [{from: Acme GmbH, event: published}]
    categories: [personal]
    assurance: documented
"""

NC = CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")


def lasting(until: str) -> dict[str, Any]:
    return {
        "type": "expect_consent_to_cover_purpose",
        "kwargs": {"allowed": ["valid", "not-personal", "inherited"], "valid_until": until},
        "description": "consent lasts until the model is retired",
        "meta": {"rule": "ours.consent-lasts"},
    }


def extending(house: Gatehouse, name: str, *expectations: dict[str, Any], **meta: Any) -> None:
    raw = {"name": name, "meta": meta, "expectations": expectations}
    house.suite_text(name, json.dumps(raw))


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    house = Gatehouse(tmp_path).catalog(roots(photos=CONSENTED, maps=CLEAN, paintings=NC))
    house.policy("  model-training: [ours]\n")
    house.ran("crop", ["photos"], ["faces"])
    return house


def test_consent_that_ends_too_soon_is_refused_by_name_of_the_rule(house: Gatehouse) -> None:
    extending(house, "ours", lasting("2026-12-31T00:00:00Z"), extends=["model-training"])

    decision = house.ask("faces")

    reason = only(decision.reasons)
    assert decision.outcome is Outcome.DENIED
    assert (reason.id, reason.dataset) == ("ours.consent-lasts", uri("photos"))
    assert "consent lasts until the model is retired" in reason.why
    extending(house, "ours", lasting("2026-06-30T00:00:00Z"), extends=["model-training"])
    assert house.ask("faces").outcome is Outcome.ALLOWED
    assert house.ask("maps").outcome is Outcome.ALLOWED


def test_what_the_extended_suite_refuses_is_refused_with_its_reason(house: Gatehouse) -> None:
    house.suite("below", RULE)
    extending(house, "ours", lasting("2026-01-02T00:00:00Z"), extends=["below"])

    assert house.verdicts("paintings") == (Outcome.DENIED, ["license.non-commercial"])


def test_a_decision_is_reused_until_a_suite_of_the_chain_changes(house: Gatehouse) -> None:
    house.suite("below", RULE)
    extending(house, "ours", lasting("2026-01-02T00:00:00Z"), extends=["below"])
    first = house.ask("maps")

    again = house.ask("maps")
    house.suite("below", RULE, {**RULE, "severity": "warning", "meta": {"rule": "below.more"}})
    anew = house.ask("maps")

    assert again.reused_from == first.id
    assert not anew.reused_from
    assert anew.policy_digest != first.policy_digest


def test_a_broken_chain_lets_nothing_pass(house: Gatehouse) -> None:
    extending(house, "ours", RULE, extends=["gone"])

    decision = house.ask("maps")

    assert decision.outcome is Outcome.UNDECIDED
    assert "no suite 'gone'" in only(decision.reasons).why


def test_a_module_that_cannot_be_imported_lets_nothing_pass(
    house: Gatehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "our_broken_rules.py").write_text("raise RuntimeError('no licence server')\n")
    extending(house, "ours", RULE, modules=["our_broken_rules"])

    decision = house.ask("maps")

    assert decision.outcome is Outcome.UNDECIDED
    assert "no licence server" in only(decision.reasons).why
    (tmp_path / "our_broken_rules.py").unlink()
    assert house.verdicts("maps")[0] is Outcome.UNDECIDED


def test_a_module_that_is_mended_is_another_policy(
    house: Gatehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "our_other_rules.py"
    module.write_text("")
    extending(house, "ours", RULE, modules=["our_other_rules"])
    before = load(house.settings, "model-training").digest

    module.write_text("#\n")

    assert load(house.settings, "model-training").digest != before
