"""Which suites judge a purpose, and what a gate says when they, or the catalog, cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_plugin import settings
from lineage_plugin.model import Outcome
from tests.support.gatehouse import CLEAN, RULE, Gatehouse, only, roots, uri

ALLOWED, DENIED, UNDECIDED = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNDECIDED


@pytest.fixture
def house(tmp_path: Path) -> Gatehouse:
    """A catalog with one clean root."""
    return Gatehouse(tmp_path).catalog(roots(raw=CLEAN))


def test_an_unknown_purpose_is_undecided_and_says_what_was_probably_meant(
    house: Gatehouse,
) -> None:
    reason = only(house.ask("raw", purpose="modl-training").reasons)

    assert reason.id == "policy.invalid"
    assert "unknown purpose 'modl-training'" in reason.why
    assert reason.remedy == "did you mean 'model-training'?"


def test_a_purpose_to_which_nothing_is_bound_is_undecided_and_says_where_to_bind(
    house: Gatehouse,
) -> None:
    reason = only(house.ask("raw", purpose="marketing").reasons)

    assert reason.id == "policy.invalid"
    assert "no suite is bound to purpose 'marketing'" in reason.why
    assert str(house.settings.policy) in reason.remedy
    assert "marketing: [suite]" in reason.remedy


def test_a_purpose_is_judged_by_the_suites_of_the_one_above_it(house: Gatehouse) -> None:
    decision = house.ask("raw", purpose="fine-tuning")

    assert decision.outcome is ALLOWED
    assert decision.suites == ("model-training",)


def test_a_purpose_below_two_bound_ones_is_judged_by_the_suites_of_both(house: Gatehouse) -> None:
    house.policy("  open-model: {under: [model-training, publication]}\n")

    assert house.ask("raw", purpose="open-model").suites == ("model-training", "publication")


def test_a_purpose_with_suites_of_its_own_is_not_judged_by_those_above_it(
    house: Gatehouse,
) -> None:
    house.policy("  fine-tuning: [ours]\n").suite("ours", RULE)

    assert house.ask("raw", purpose="fine-tuning").suites == ("ours",)
    assert house.ask("raw", purpose="model-training").suites == ("model-training",)


def test_the_suite_of_an_administrator_replaces_the_shipped_one_of_its_name(
    house: Gatehouse,
) -> None:
    forbids = {**RULE, "kwargs": {"column": "source_issuer", "value_set": ["Nobody Ltd"]}}
    assert house.ask("raw").outcome is ALLOWED

    file = house.suite("model-training", forbids)

    decision = house.ask("raw")
    reason = only(decision.reasons)
    assert decision.outcome is DENIED
    assert "source_issuer is 'Acme GmbH'" in reason.why
    assert f"{file}:1" in reason.remedy


def test_a_suite_may_refuse_what_passes_elsewhere(house: Gatehouse) -> None:
    """Then the reason is the suite's own, not that there is nothing to do."""
    house.suite("strict", {**RULE, "kwargs": {"column": "assurance", "value_set": ["verified"]}})
    house.suite(
        "own", {**RULE, "kwargs": {"column": "license_verdict", "value_set": ["permitted"]}}
    )
    house.ran("scale", ["raw"], ["features"])

    reasons = house.ask("features", suites=["strict", "own"]).reasons

    found = {(reason.id, reason.dataset) for reason in reasons}
    assert found == {("assurance.too-weak", uri("raw")), (RULE["meta"]["rule"], uri("features"))}
    assert all("nothing to do" not in reason.remedy for reason in reasons)


def test_the_author_of_a_dag_adds_suites_and_leaves_none_out(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    house.suite(
        "lax",
        {**RULE, "kwargs": {"column": "dataset", "regex": "."}}
        | {"type": "expect_column_values_to_match_regex"},
    )

    decision = house.ask("raw", suites=["lax"])

    assert decision.suites == ("model-training", "lax")
    assert [reason.id for reason in decision.reasons] == ["license.non-commercial"]


def test_what_only_warns_is_told_and_does_not_block(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("documented", "asserted")))

    decision = house.ask("raw")

    assert decision.outcome is ALLOWED
    assert only(decision.warnings).id == "assurance.too-weak"


SPOILED = {
    "no JSON": ('{"name": "ours",\n "expectations": [', ":2"),
    "nothing": ("", ":1"),
    "empty": ('{"name": "ours", "expectations": []}', ":1"),
    "a column that there is not": (
        json.dumps({"name": "ours", "expectations": [{**RULE, "kwargs": {"column": "licence"}}]}),
        ":1",
    ),
}


@pytest.mark.parametrize(("text", "line"), SPOILED.values(), ids=SPOILED)
def test_a_suite_that_cannot_be_trusted_is_undecided_and_says_where(
    house: Gatehouse, text: str, line: str
) -> None:
    house.policy("  model-training: [ours]\n")
    file = house.suite_text("ours", text)

    decision = house.ask("raw")

    reason = only(decision.reasons)
    assert decision.outcome is UNDECIDED
    assert reason.id == "suite.invalid"
    assert f"{file}{line}" in reason.why
    assert house.recorded() == [decision]


def test_an_expectation_that_nobody_knows_is_undecided_and_says_where(house: Gatehouse) -> None:
    file = house.suite("ours", RULE, {**RULE, "type": "expect_column_values_to_be_nice"})

    decision = house.ask("raw", suites=["ours"])

    reason = only(decision.reasons)
    assert decision.outcome is UNDECIDED
    assert reason.id == "suite.not-evaluated"
    assert "unknown expectation 'expect_column_values_to_be_nice'" in reason.why
    assert f"{file}:1" in reason.remedy


def test_what_could_not_be_judged_is_judged_again_next_time(house: Gatehouse) -> None:
    """An installation may mend it, which neither frame nor policy shows."""
    house.suite("ours", {**RULE, "type": "expect_column_values_to_be_nice"})

    first, second = (house.ask("raw", suites=["ours"]) for _ in range(2))

    assert first.valid_until_us == first.at_us
    assert second.outcome is UNDECIDED
    assert second.reused_from == ""


@pytest.mark.parametrize("name", ["modl-training", "../model-training", ""], ids=repr)
def test_a_suite_that_is_not_there_is_undecided(house: Gatehouse, name: str) -> None:
    reason = only(house.ask("raw", suites=[name]).reasons)

    assert reason.id == "suite.invalid"
    assert repr(name) in reason.why
    assert not reason.is_definite


def test_a_policy_file_with_a_mistake_is_undecided_and_says_where(house: Gatehouse) -> None:
    house.policy("  modl-training: [model-training]\n")

    reason = only(house.ask("raw").reasons)

    assert reason.id == "policy.invalid"
    assert f"{house.settings.policy}:3" in reason.why
    assert "model-training" in reason.remedy


def test_a_catalog_with_mistakes_is_undecided_and_says_where(house: Gatehouse) -> None:
    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BUY-4.0").replace("origin", "orign")))

    decision = house.ask("raw")

    reason = only(decision.reasons)
    assert decision.outcome is UNDECIDED
    assert reason.id == "catalog.invalid"
    assert f"{house.settings.catalog[0]}:5" in reason.why
    assert "more)" in reason.why


def test_a_catalog_that_changed_takes_effect_and_what_it_said_before_stays_on_record(
    house: Gatehouse,
) -> None:
    assert house.ask("raw").outcome is ALLOWED
    with house.store() as store:
        before = store.head()[0]

    house.catalog(roots(raw=CLEAN.replace("CC-BY-4.0", "CC-BY-NC-4.0")))
    after = house.ask("raw")

    assert after.outcome is DENIED
    with house.store() as store:
        now = {d.license.declared for d in store.declarations()}  # type: ignore[union-attr]
        then = {d.license.declared for d in store.declarations(known_seq=before)}  # type: ignore[union-attr]
        assert (then, now) == ({"CC-BY-4.0"}, {"CC-BY-NC-4.0"})
        assert after.known_seq > before
        assert store.verify().faults == ()


def test_a_catalog_that_was_removed_declares_nothing_any_more(house: Gatehouse) -> None:
    assert house.ask("raw").outcome is ALLOWED

    house.settings.catalog[0].unlink()

    assert house.verdicts("raw") == (UNDECIDED, ["lineage.unknown-producer"])
    with house.store() as store:
        assert store.declarations() == []
        assert store.origins() == {}


def test_a_catalog_that_changes_hands_is_retracted_by_whom_it_was(house: Gatehouse) -> None:
    house.ask("raw")

    house.catalog(roots(raw=CLEAN).replace("team-vision", "team-audio"))

    assert house.ask("raw").outcome is ALLOWED
    with house.store() as store:
        assert {d.authority for d in store.declarations()} == {"team-audio"}


def test_a_catalog_that_comes_back_is_recorded_again(house: Gatehouse) -> None:
    for text in (roots(raw=CLEAN), "version: 1\nauthority: team-vision\n", roots(raw=CLEAN)):
        house.catalog(text)
        last = house.ask("raw")

    assert last.outcome is ALLOWED
    with house.store() as store:
        assert [d.pattern for d in store.declarations()] == [uri("raw")]


def test_a_catalog_that_did_not_change_is_not_recorded_twice(house: Gatehouse) -> None:
    house.ask("raw")
    with house.store() as store:
        before = store.head()[0]

    house.ask("raw")

    with house.store() as store:
        assert store.head()[0] == before + 1


@pytest.mark.parametrize(
    ("name", "gone", "reason"),
    [
        ("catalog", "legal.yaml", "catalog.invalid"),
        ("policy", "strict.yaml", "policy.invalid"),
        ("expectations", "suites", "suite.invalid"),
    ],
)
def test_rules_that_somebody_set_and_that_are_gone_leave_a_gate_undecided(
    house: Gatehouse, name: str, gone: str, reason: str
) -> None:
    env = {"AIRFLOW_HOME": str(house.home)}
    key = f"AIRFLOW__LINEAGE_PLUGIN__{name.upper()}"
    house.settings = settings.load({**env, key: settings.DEFAULTS[name]})
    assert house.ask("raw").outcome is ALLOWED

    value = f"{{home}}/provenance.yaml,{{home}}/{gone}" if name == "catalog" else f"{{home}}/{gone}"
    house.settings = settings.load({**env, key: value})
    decision = house.ask("raw")

    assert decision.outcome is UNDECIDED
    assert [r.id for r in decision.reasons] == [reason]
