"""Waivers at the command line: given, listed, revoked, refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lineage_plugin.cli.waivers import days_of

Run = Callable[..., Result]
RunJson = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("recorded")

PERSON = ("--by", "Ada Lovelace (legal)", "--why", "a licence is being bought")
WAIVE = (
    "waive", "license.non-commercial", "s3://lake/photos/", "--for", "face-recognition",
    "--until", "30d", *PERSON,
)  # fmt: skip


def test_a_waiver_is_recorded_listed_and_shown_with_what_rests_on_it(
    run: Run, run_json: RunJson
) -> None:
    given = run_json(*WAIVE)
    asked = run_json("gate", "s3://models/faces", "--for", "face-recognition", code=4)
    (waived,) = asked["waived"]

    assert run_json("waivers") == [given]
    assert (given["datasets"], given["state"]) == (["s3://lake/photos"], "active")
    assert waived["waiver"] == given["id"]
    assert waived["by"] == "Ada Lovelace (legal)"
    assert waived["reason"]["id"] == "license.non-commercial"
    assert "license.non-commercial" not in {reason["id"] for reason in asked["reasons"]}
    assert "Waived:" in run("explain", asked["id"]).stdout
    assert run_json("decisions", asked["id"])["waived"] == asked["waived"]


def test_evidence_is_pinned(run_json: RunJson, tmp_path: Path) -> None:
    paper = tmp_path / "draft.pdf"
    paper.write_bytes(b"a draft")
    given = run_json(*WAIVE, "--evidence", str(paper), "--evidence", "https://example.org/mail")

    assert given["evidence"] == [
        {"uri": str(paper), "sha256": hashlib.sha256(b"a draft").hexdigest()},
        {"uri": "https://example.org/mail", "sha256": ""},
    ]


def test_a_revoked_waiver_blocks_at_once_and_is_listed_with_all(
    run: Run, run_json: RunJson
) -> None:
    given = run_json(*WAIVE)
    gone = run("waive", "--revoke", given["id"][:8], "--by", "Bob", "--why", "no deal")
    (listed,) = run_json("waivers", "--all")
    asked = run_json("gate", "s3://models/faces", "--for", "face-recognition", code=3)

    assert gone.exit_code == 0
    assert run_json("waivers") == []
    assert (listed["state"], listed["revoked_by"], listed["revoked_why"]) == (
        "revoked", "Bob", "no deal",
    )  # fmt: skip
    assert asked["waived"] == []
    again = run("waive", "--revoke", given["id"], "--by", "Bob", "--why", "no deal")
    assert (again.exit_code, "was revoked before" in again.stderr) == (2, True)


def test_those_that_end_soon_can_be_listed(run: Run, run_json: RunJson) -> None:
    run_json(*WAIVE)

    assert run_json("waivers", "--expiring", "29d") == []
    assert len(run_json("waivers", "--expiring", "31d")) == 1
    assert run("waivers", "--expiring", "soon").exit_code == 2


def test_what_will_have_expired_is_no_longer_active(run_json: RunJson) -> None:
    given = run_json(*WAIVE)

    assert run_json("waivers", "--as-of", "2100-01-01") == []
    (then,) = run_json("waivers", "--all", "--as-of", "2100-01-01")
    assert (then["id"], then["state"]) == (given["id"], "expired")
    assert run_json("waivers", "--all", "--known-at", "1") == []


def test_everything_that_is_wrong_is_told_at_once(run: Run, run_json: RunJson) -> None:
    result = run(
        "waive", "license.non-comercial", "s3://*/x", "--for", "mdel", "--until", "200d",
        "--by", "<your name>", "--why", " ", "--evidence", "nope.pdf",
    )  # fmt: skip

    assert result.exit_code == 2
    for wrong in (
        "did you mean 'license.non-commercial'?",
        "it would reach beyond one namespace",
        "unknown purpose 'mdel'",
        "a waiver lasts at most 90 days",
        "'<your name>' says nothing",
        "--why '' says nothing",
        "'nope.pdf' cannot be read",
    ):
        assert wrong in result.stderr, wrong
    assert run_json("waivers", "--all") == []


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        (("--until", "2020-01-01"), "still to come"),
        (("--until", "tomorrow"), "30d"),
        (("--until", "0d"), "still to come"),
    ],
    ids=["past", "no-time", "at-once"],
)
def test_a_waiver_needs_an_end(run: Run, changed: tuple[str, ...], hint: str) -> None:
    result = run(*WAIVE, *changed)

    assert result.exit_code == 2
    assert hint in result.stderr


@pytest.mark.parametrize("reason", ["consent.withdrawn", "store.corrupt", "gate.error"])
def test_some_reasons_can_never_be_waived(run: Run, reason: str) -> None:
    result = run("waive", reason, *WAIVE[2:])

    assert result.exit_code == 2
    assert f"{reason} can never be waived" in result.stderr


def test_the_policy_says_what_may_be_waived_how_long_and_by_whom(run: Run, recorded: Path) -> None:
    (recorded / "policy.yaml").write_text(
        "version: 1\nwaivers: {never: ['license.*'], max_days: 7, by: [privacy]}\n", "utf-8"
    )
    result = run(*WAIVE)

    assert result.exit_code == 2
    assert "license.non-commercial can never be waived" in result.stderr
    assert "at most 7 days" in result.stderr
    assert "policy.yaml names: privacy" in result.stderr


def test_a_policy_that_cannot_be_read_waives_nothing(run: Run, recorded: Path) -> None:
    (recorded / "policy.yaml").write_text(
        "version: 1\nwaivers:\n  never: [license.non-comercial, 7]\n  max_days: 0\n  who: [x]\n",
        "utf-8",
    )
    result = run(*WAIVE)

    assert result.exit_code == 2
    for wrong in ("did you mean 'license.non-commercial'?", "max_days", "unknown key 'who'"):
        assert wrong in result.stderr, wrong


@pytest.mark.parametrize(
    "arguments",
    [
        ("waive", *PERSON),
        ("waive", "license.absent", *PERSON),
        (*WAIVE, "--revoke", "x"),
        ("waive", "--revoke", "nothing-like-it", *PERSON),
        ("waive", "--revoke", "x", "--by", "", "--why", "y"),
    ],
    ids=["nothing", "no-dataset", "both", "unknown", "nobody"],
)
def test_half_a_waiver_is_wrong_input(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_dataset_that_nobody_knows_is_waived_with_a_remark(run: Run) -> None:
    result = run("waive", "license.absent", "s3://lake/photo", *WAIVE[3:])

    assert result.exit_code == 0
    assert "did you mean s3://lake/photos?" in result.stderr


def test_days_are_whole_and_few() -> None:
    assert [days_of(text) for text in ("1d", "30 days", "1.5d", "d", "999999d", "٣d")] == [
        1, 30, None, None, None, None,
    ]  # fmt: skip
