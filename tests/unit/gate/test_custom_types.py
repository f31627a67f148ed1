"""What our own expectations ask of a row, and which of their arguments make no sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.errors import SuiteError
from lineage_plugin.gate.custom_types import CUSTOM_TYPES, judged
from lineage_plugin.gate.frame_file import example, filled
from lineage_plugin.gate.suite_file import load_suite

PERMITTED = {"allowed": ["permitted", "inherited"]}
COVERED = {"allowed": ["valid", "not-personal", "inherited"]}


def holds(kind: str, arguments: dict[str, Any], **cells: object) -> bool:
    asked, offending = judged(CUSTOM_TYPES[kind], [filled(cells)], arguments)
    assert asked == 1
    return not offending


@pytest.mark.parametrize(
    ("kind", "arguments", "cells"),
    [
        ("expect_license_to_permit_purpose", PERMITTED, {"license_verdict": "non-commercial"}),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "purpose": "publication"},
            {"license": "CC-BY-ND-4.0"},
        ),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "purpose": "publication"},
            {"license": "LicenseRef-of-a-catalog"},
        ),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "at_least": "documented"},
            {"assurance": "asserted"},
        ),
        ("expect_consent_to_cover_purpose", COVERED, {"consent_verdict": "withdrawn"}),
        (
            "expect_consent_to_cover_purpose",
            {**COVERED, "valid_until": "2027-01-01T00:00:00Z"},
            {"consent_until": "2026-12-31T23:59:59Z"},
        ),
        (
            "expect_consent_to_cover_purpose",
            {**COVERED, "valid_until": "2027-01-01T00:00:00Z"},
            {"consent_until": "2027-01-01"},
        ),
        (
            "expect_consent_to_cover_purpose",
            {**COVERED, "purpose": "publication"},
            {"purpose": "model-training"},
        ),
        (
            "expect_consent_to_cover_purpose",
            {**COVERED, "purpose": "face-recognition"},
            {"purpose": "model-training"},
        ),
        (
            "expect_consent_to_cover_purpose",
            {**COVERED, "purpose": "model-training"},
            {"purpose": "of-our-policy"},
        ),
        (
            "expect_custody_to_be_complete",
            {"allowed": ["complete"]},
            {"custody_verdict": "first-party"},
        ),
        ("expect_source_to_be_known", {"allowed": ["known"]}, {"source_verdict": "inherited"}),
        ("expect_assurance_to_be_at_least", {"at_least": "asserted"}, {"assurance": "absent"}),
        ("expect_assurance_to_be_at_least", {"at_least": "verified"}, {"assurance": "documented"}),
        ("expect_lineage_to_be_complete", {}, {"lineage_verdict": "writer-open"}),
        ("expect_no_quarantine", {}, {"quarantine_verdict": "held"}),
    ],
)
def test_a_row_that_does_not_hold_is_told_and_the_same_without_fault_is_not(
    kind: str, arguments: dict[str, Any], cells: dict[str, object]
) -> None:
    assert not holds(kind, arguments, **cells)
    if kind != "expect_source_to_be_known" and "purpose" not in arguments:
        assert holds(kind, arguments)


@pytest.mark.parametrize(
    ("arguments", "cells"),
    [
        ({"valid_until": "2027-01-01T00:00:00Z"}, {"consent_until": "2027-01-01T00:00:00Z"}),
        ({"valid_until": "2027-01-01T00:00:00Z"}, {"consent_until": "2027-01-01T01:00:00+00:00"}),
        ({"valid_until": "2027-01-01T00:00:00Z"}, {"consent_until": "never"}),
        (
            {"purpose": "publication"},
            {"purpose": "model-training", "consent_verdict": "not-personal"},
        ),
        ({"purpose": "of-our-policy"}, {"purpose": "of-our-policy"}),
        ({"at_least": "verified"}, {"assurance": "inherited", "consent_verdict": "inherited"}),
    ],
)
def test_a_basis_that_lasts_and_covers_holds(
    arguments: dict[str, Any], cells: dict[str, object]
) -> None:
    assert holds("expect_consent_to_cover_purpose", {**COVERED, **arguments}, **cells)


def test_excepted_roles_are_not_asked() -> None:
    rows = example("nc-license").rows

    kind = CUSTOM_TYPES["expect_license_to_permit_purpose"]

    assert judged(kind, rows, PERMITTED) == (2, [0])
    assert judged(kind, rows, {**PERMITTED, "except_for": ["root"]}) == (1, [])


def test_only_columns_that_matter_are_read() -> None:
    """Otherwise no decision could be reused: version and job change with every run."""
    kind = CUSTOM_TYPES["expect_consent_to_cover_purpose"]

    assert kind.reads(COVERED) == {"consent_verdict"}
    assert kind.reads({**COVERED, "except_for": ["root"], "valid_until": "x"}) == {
        "consent_verdict",
        "role",
        "consent_until",
    }


@pytest.mark.parametrize(
    ("kind", "kwargs", "message"),
    [
        (
            "expect_license_to_permit_purpose",
            {},
            "expect_license_to_permit_purpose lacks 'allowed'",
        ),
        (
            "expect_license_to_permit_purpose",
            {"allowed": ["permited"]},
            "'allowed' names 'permited'  (did you mean 'permitted'?)",
        ),
        ("expect_license_to_permit_purpose", {"allowed": []}, "'allowed' is []"),
        ("expect_license_to_permit_purpose", {"allowed": "permitted"}, "'allowed' is 'permitted'"),
        ("expect_license_to_permit_purpose", {"allowed": None}, "'allowed' is None"),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "mostly": 1},
            "expect_license_to_permit_purpose has no argument 'mostly'",
        ),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "row_condition": {"type": "nullity"}},
            "expect_license_to_permit_purpose has no argument 'row_condition'",
        ),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "purpose": "model-trainin"},
            "unknown purpose 'model-trainin'  (did you mean 'model-training'?)",
        ),
        (
            "expect_license_to_permit_purpose",
            {**PERMITTED, "purpose": None},
            "unknown purpose None",
        ),
        (
            "expect_consent_to_cover_purpose",
            {**COVERED, "valid_until": "2027-01-01"},
            "'valid_until' is '2027-01-01'",
        ),
        ("expect_assurance_to_be_at_least", {"at_least": "absent"}, "'at_least' is 'absent'"),
        ("expect_no_quarantine", {"except_for": ["rot"]}, "'except_for' names 'rot'"),
        (
            "expect_no_quarantine",
            {"except_for": ["root", "input", "ancestor"]},
            "'except_for' leaves no row to ask",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_refused_without_great_expectations(
    tmp_path: Path, kind: str, kwargs: dict[str, Any], message: str
) -> None:
    file = tmp_path / "ours.json"
    good = {"type": "expect_no_quarantine", "kwargs": {}}
    file.write_text(
        json.dumps({"name": "ours", "expectations": [good, {"type": kind, "kwargs": kwargs}]})
    )

    with pytest.raises(SuiteError) as raised:
        load_suite(file)

    assert str(raised.value).startswith(message), str(raised.value)
