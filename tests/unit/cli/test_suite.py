"""Suites are written, told in plain words and tried, before a gate asks them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from lineage_plugin.gate.frame_file import examples
from lineage_plugin.gate.suite import check_suite
from lineage_plugin.gate.suite_file import load_suite, shipped_folder
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def suites(home: Path) -> Path:
    folder = home / "expectations"
    folder.mkdir()
    return folder


def written(folder: Path, name: str, *expectations: dict[str, Any], **meta: Any) -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"name": name, "meta": meta, "expectations": expectations}))
    return file


LICENSED = {
    "type": "expect_license_to_permit_purpose",
    "kwargs": {"allowed": ["permitted", "inherited"]},
    "description": "the license permits it",
    "meta": {"rule": "ours.licensed"},
}


# --- new


@pytest.mark.parametrize("more", [(), ("--for", "face-recognition"), ("--extends", "publication")])
def test_what_is_written_is_a_good_suite_with_a_word_on_each_expectation(
    home: Path, run: Run, more: tuple[str, ...]
) -> None:
    done = run("suite", "new", "our.first-1", *more)

    file = home / "expectations" / "our.first-1.json"
    assert (done.exit_code, done.stdout) == (0, f"{file}\n")
    assert "suite test our.first-1" in done.stderr
    assert check_suite(file).name == "our.first-1"
    for each in json.loads(file.read_text())["expectations"]:
        assert each["notes"]
        assert each["description"]


def test_a_starter_asks_of_license_and_consent_what_it_is_for(home: Path, run: Run) -> None:
    run("suite", "new", "ours", "--for", "face-recognition")

    suite = load_suite(home / "expectations" / "ours.json")

    asked = {e.type for e in suite.expectations if e.kwargs.get("purpose") == "face-recognition"}
    assert asked == {"expect_license_to_permit_purpose", "expect_consent_to_cover_purpose"}


def test_a_suite_is_printed_where_that_is_asked(run: Run, suites: Path) -> None:
    printed = json.loads(run("suite", "new", "ours", "-o", "-").stdout)

    assert printed["name"] == "ours"
    assert list(suites.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("../x",), "without folders"),
        (("ours", "--for", "model-trainin"), "did you mean 'model-training'"),
        (("ours", "--extends", "ours"), "a suite cannot extend itself"),
        (("ours", "--extends", "publicatio"), "did you mean 'publication'"),
        (("ours", "-o", "theirs.json"), "a suite's file has its name"),
        (("taken",), "taken.json exists; nothing was written"),
        (("ours", "-o", "/proc/none/ours.json"), "/proc/none/ours.json"),
    ],
)
def test_what_cannot_be_written_is_told(
    run: Run, suites: Path, arguments: tuple[str, ...], message: str
) -> None:
    written(suites, "taken", LICENSED)

    done = run("suite", "new", *arguments)

    assert done.exit_code != 0
    assert message in " ".join(done.stderr.split()), done.stderr
    assert [file.name for file in suites.iterdir()] == ["taken.json"]


# --- list, explain


def test_yours_come_first_and_hide_the_shipped_one_of_their_name(run: Run, suites: Path) -> None:
    written(suites, "publication", LICENSED, extends=["model-training"])

    rows = json.loads(run("suite", "list", "--format", "json").stdout)

    names = {row["suite"]: row["from"] for row in rows}
    assert rows[0]["suite"] == "publication"
    assert rows[0]["extends"] == ["model-training"]
    assert names["publication"] == "yours"
    assert names["model-training"] == "the package"
    assert len(rows) == len(list(shipped_folder().glob("*.json")))


def test_a_suite_that_cannot_be_used_is_listed_with_what_is_wrong(run: Run, suites: Path) -> None:
    written(suites, "ours", LICENSED, extends=["ours"])

    done = run("suite", "list")

    assert done.exit_code == 2
    assert "cannot be used" in done.stdout
    assert "suite 'ours' extends itself: ours -> ours" in done.stderr


def test_each_expectation_is_told_with_column_rule_and_where_it_comes_from(
    run: Run, suites: Path
) -> None:
    where = {
        "type": "and",
        "conditions": [
            {
                "type": "comparison",
                "column": {"name": "role"},
                "operator": "==",
                "parameter": "root",
            },
            {"type": "nullity", "column": {"name": "job"}, "is_null": False},
        ],
    }
    plain = {
        "type": "expect_column_values_to_match_regex",
        "kwargs": {"column": "license", "regex": "^CC", "mostly": 0.9, "row_condition": where},
        "severity": "warning",
    }
    other = {
        "type": "expect_column_value_lengths_to_equal",
        "kwargs": {"column": "job", "value": 4},
    }
    written(suites, "below", LICENSED)
    written(suites, "ours", plain, other, extends=["below"])

    first, second, third = json.loads(run("suite", "explain", "ours", "--format", "json").stdout)
    told = run("suite", "explain", "ours").stdout

    assert first["asks"] == (
        "license matches ^CC, for at least 90% of the rows, where role == root and job is not null"
    )
    assert (first["rule"], first["does"]) == ("suite.ours", "warns")
    assert second["asks"] == "expect column value lengths to equal (column job, value 4)"
    assert (third["rule"], third["inherited_from"]) == ("ours.licensed", "below")
    assert third["holds"] == "whether the licence permits the purpose"
    assert third["clause"].startswith("The terms under which data came")
    assert "ours.licensed: blocks  (from below)" in told
    assert "extends below" in told


def test_every_shipped_suite_is_told_without_a_gap(run: Run) -> None:
    for file in shipped_folder().glob("*.json"):
        for row in json.loads(run("suite", "explain", str(file), "--format", "json").stdout):
            assert row["asks"]
            assert "<" not in row["asks"]


# --- test


@pytest.mark.parametrize(
    ("example", "code", "outcome"),
    [
        ("clean", 0, "ALLOWED"),
        ("missing-consent", 0, "ALLOWED"),
        ("nc-license", 3, "DENIED"),
        ("missing-license", 4, "UNDECIDED"),
    ],
)
def test_an_example_ends_as_a_gate_would_say(
    run: Run, suites: Path, example: str, code: int, outcome: str
) -> None:
    written(suites, "ours", LICENSED)

    done = run("suite", "test", "ours", "--example", example)

    assert done.exit_code == code
    assert done.stdout.startswith(f"{outcome}\nours on {example}, for model-training\n")


def test_a_custom_expectation_gives_the_reasons_that_a_plain_one_gives(
    run: Run, suites: Path
) -> None:
    plain = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
    }
    told = []
    for name, asked in (("ours", LICENSED), ("theirs", plain)):
        written(suites, name, asked)
        done = run("suite", "test", name, "--example", "nc-license", "--format", "json")
        told.append(json.loads(done.stdout)["reasons"])

    assert told[0] == told[1]
    (reason,) = told[0]
    assert (reason["id"], reason["dataset"]) == ("license.non-commercial", "s3://lake/photos")


def test_the_examples_tell_a_starter_from_a_suite_that_asks_too_little(
    run: Run, suites: Path
) -> None:
    run("suite", "new", "first")
    written(suites, "lax", LICENSED)

    good, lax = run("suite", "test", "first"), run("suite", "test", "lax", "--format", "json")

    assert good.exit_code == 0, good.stdout
    assert lax.exit_code == 2
    rows = {row["frame"]: row for row in json.loads(lax.stdout)}
    assert rows.keys() == set(examples())
    assert rows["missing-consent"]["unmet"] == [
        "expected UNDECIDED, and it is ALLOWED",
        "no reason consent.absent",
    ]
    assert rows["nc-license"]["result"] == "passed"


def test_a_folder_of_frames_is_a_test_with_junit(run: Run, suites: Path, tmp_path: Path) -> None:
    written(suites, "ours", LICENSED)
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "a.csv").write_text("# expected: DENIED\nlicense_verdict\nprohibited\n")
    (frames / "b.json").write_text('{"expected": "ALLOWED", "rows": [{"license_verdict": "none"}]}')
    (frames / "c.json").write_text('[{"license_verdict": "none"}]')
    junit = tmp_path / "out.xml"

    done = run("suite", "test", "ours", "--frames", str(frames), "--junit", str(junit))

    assert done.exit_code == 2
    assert "1 passed, 1 failed, 1 without expectation" in done.stderr
    root = ET.fromstring(junit.read_text())  # noqa: S314 - our own
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == "expected ALLOWED, and it is DENIED"
    assert "license.none" in (failure.text or "")


def test_the_purpose_is_the_frames_unless_one_is_asked(run: Run, suites: Path) -> None:
    written(suites, "ours", LICENSED)
    frame = suites.parent / "frame.json"
    frame.write_text('{"purpose": "publication", "rows": [{}]}')

    asked = ("suite", "test", "ours", "--format", "json", "--frame", str(frame))

    assert json.loads(run(*asked).stdout)["purpose"] == "publication"
    assert json.loads(run(*asked, "--for", "fine-tuning").stdout)["purpose"] == "fine-tuning"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none",), "no suite 'none'"),
        (("ours", "--example", "nc-licence"), "did you mean 'nc-license'"),
        (("ours", "--example", "clean", "--frames", "."), "give one of"),
        (("ours", "--example", "clean", "--junit", "x"), "--junit is for --frames"),
        (("ours", "--for", "publicatoin"), "did you mean 'publication'"),
        (("ours", "--frames", "{empty}"), "no frame is there"),
        (("ours", "--frames", "{untold}"), "says what is expected of it"),
        (("broken",), "'allowed' names 'permited'"),
    ],
)
def test_what_cannot_be_tried_is_told(
    run: Run, suites: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    written(suites, "ours", LICENSED)
    written(suites, "broken", {**LICENSED, "kwargs": {"allowed": ["permited"]}})
    (tmp_path / "untold").mkdir()
    (tmp_path / "untold" / "a.json").write_text("[{}]")
    (tmp_path / "empty").mkdir()
    folders = {"empty": tmp_path / "empty", "untold": tmp_path / "untold"}

    done = run("suite", "test", *(each.format(**folders) for each in arguments))

    assert done.exit_code == 2

    assert message in " ".join(done.stderr.split()), done.stderr


def test_an_empty_frame_is_undecided(run: Run, suites: Path) -> None:
    written(suites, "ours", LICENSED)
    frame = suites.parent / "frame.json"
    frame.write_text("[]")

    assert run("suite", "test", "ours", "--frame", str(frame)).exit_code == 4


def test_a_broken_chain_is_found_by_both_checks(run: Run, suites: Path, home: Path) -> None:
    written(suites, "ours", LICENSED, extends=["gone"])
    (home / "policy.yaml").write_text("version: 1\npurposes:\n  model-training: [ours]\n")
    (home / "dags").mkdir()

    found = run("catalog", "check", "--quick")
    checked = run("check", str(home / "dags"), "--quick")

    assert found.exit_code == checked.exit_code == 2
    assert "meta.extends: no suite 'gone'" in found.stdout
    assert "meta.extends: no suite 'gone'" in checked.stdout
