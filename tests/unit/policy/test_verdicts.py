"""Verdicts in words."""

from __future__ import annotations

import pytest

from lineage_plugin.model import Assurance
from lineage_plugin.policy import _tables, verdicts

GIVEN = {
    "lineage": {
        "complete", "unknown-producer", "no-known-inputs", "writer-open", "inherited",
    },
    "source": {"known", "inherited", "absent", "unknown"},
    "license": {
        "permitted", "non-commercial", "no-derivatives", "no-distribution", "prohibited",
        "unknown", "absent", "none", "inherited", "no-training", "restricted-training",
    },
    "license_conflict": {"compatible", "inherited", "review", "share-alike"},
    "license_concluded": {"agreed", "inherited", "differs", "disputed"},
    "license_derivation": {"permitted", "inherited", "no-derivatives"},
    "consent": {
        "valid", "not-personal", "declassified", "absent", "unknown", "expired",
        "not-yet-valid", "withdrawn",
        "revoked", "refused", "invalidated", "requested", "objected", "purpose-not-covered",
        "special-category", "contradiction", "inherited", "compatible", "secondary-use",
        "recipient-not-covered", "reconfirmation-due",
    },
    "custody": {
        "complete", "first-party", "absent", "unknown", "no-agreement", "agreement-expired",
        "gap", "inherited", "onward-unsaid", "onward-forbidden", "agreement-not-in-force",
        "purpose-not-covered", "change-of-control",
    },
    "use": {"permitted", "excluded", "inherited", "recipient-not-covered"},
    "recipient": {
        "not-needed", "agreed", "unnamed", "unknown", "unexpected", "agreement-expired",
        "agreement-not-in-force", "purpose-not-covered", "no-agreement",
    },
    "assurance": {
        *(level.name.lower().replace("_", "-") for level in Assurance), "inherited", "too-weak",
    },
}  # fmt: skip

#: What says "nobody said" or "somebody does not know": it leaves a gate undecided.
MISSING = {"absent", "unknown", "gap", "contradiction", "too-weak"} | {
    "unknown-producer", "no-known-inputs", "writer-open", "onward-unsaid", "unnamed",
    "unexpected", "restricted-training", "review", "differs", "disputed",
}  # fmt: skip


@pytest.mark.parametrize("area", GIVEN)
def test_every_verdict_of_an_area_has_a_row_and_no_row_is_idle(area: str) -> None:
    assert {verdict for of, verdict in verdicts.known() if of == area} == GIVEN[area]


def test_every_status_and_prohibition_leads_to_a_verdict_that_has_a_row() -> None:
    states = {row["verdict"] for row in _tables.rows("vocabulary", "statuses")}
    forbidden = {row["verdict"] for row in _tables.rows("licenses", "actions")}

    assert states <= GIVEN["consent"]
    assert forbidden <= GIVEN["license"]


@pytest.mark.parametrize(("area", "verdict"), verdicts.known(), ids=str)
def test_a_verdict_explains_itself_even_when_nothing_is_known(area: str, verdict: str) -> None:
    told = verdicts.explain(area, verdict)

    assert told.id == f"{area}.{verdict}"
    assert told.why
    assert told.remedy
    assert "{}" not in told.why + told.remedy
    assert told.is_definite == (not told.passes and verdict not in MISSING)
    assert told.passes == verdicts.passes(area, verdict)


def test_a_refusal_names_what_was_declared_and_the_purpose() -> None:
    told = verdicts.explain(
        "license",
        "non-commercial",
        dataset="s3://lake/pages",
        value="CC-BY-NC-4.0",
        purpose="model-training",
    )

    assert told.why == "CC-BY-NC-4.0 forbids commercial use, and model-training is commercial"
    assert "under 's3://lake/pages'" in told.remedy
    assert told.is_definite


def test_absent_consent_says_which_line_to_add() -> None:
    told = verdicts.explain("consent", "absent", dataset="s3://a", purpose="model-training")

    assert "consent: {basis: eu-gdpr:A6-1-a, purposes: [model-training]" in told.remedy
    assert not told.is_definite


def test_the_end_of_a_consent_may_come_under_the_name_of_its_column() -> None:
    told = verdicts.explain("consent", "expired", consent_until="2026-01-10T00:00:00Z")

    assert told.why == "the consent ended on 2026-01-10T00:00:00Z"


def test_a_verdict_nobody_knows_is_explained_and_does_not_pass() -> None:
    told = verdicts.explain("licence", "perhaps", dataset="s3://a")

    assert told.id == "licence.perhaps"
    assert told.why == "licence is perhaps"
    assert not told.is_definite
    assert not verdicts.passes("license", "perhaps")


def test_what_a_foreign_event_says_stays_on_one_printable_line() -> None:
    told = verdicts.explain("license", "prohibited", value="MIT\n\x1b[32mALLOWED {purpose}")

    assert told.why == "MIT [32mALLOWED {purpose} permits no use"


def test_a_value_of_any_length_makes_a_sentence_of_bounded_length() -> None:
    assert len(verdicts.explain("license", "prohibited", value="x" * 100_000).why) < 2_000


@pytest.mark.parametrize("value", [None, float("nan"), 3, ["a"], {"a": 1}], ids=str)
def test_a_value_of_any_kind_makes_a_sentence(value: object) -> None:
    assert verdicts.explain("source", "known", source_issuer=value).why


@pytest.mark.parametrize(
    ("area", "given", "worst"),
    [
        ("license", [], "absent"),
        ("license", ["absent", "permitted"], "permitted"),
        ("license", ["absent", "inherited"], "absent"),
        ("license", ["permitted", "unknown"], "unknown"),
        ("license", ["unknown", "non-commercial", "permitted"], "non-commercial"),
        ("license", ["permitted", "never heard of"], "never heard of"),
        ("consent", ["valid", "not-personal"], "valid"),
        ("consent", ["withdrawn", "invalidated", "expired"], "invalidated"),
        ("assurance", ["verified", "absent"], "absent"),
        ("assurance", ["verified", "asserted"], "asserted"),
    ],
    ids=str,
)
def test_the_worst_of_what_authorities_say_binds(area: str, given: list[str], worst: str) -> None:
    assert verdicts.worst(area, given) == worst
    assert verdicts.worst(area, reversed(given)) == worst
