"""catalog check lists everything that is wrong, wherever it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from lineage_plugin.catalog.policy_yaml import SHIPPED

Run = Callable[..., Result]
RunJson = Callable[..., Any]

SUITE = '{"name": "ours", "expectations": [{"type": "expect_nothing_at_all", "kwargs": {}}]}'


def test_a_sound_home_is_counted(run_json: RunJson, home: Path) -> None:
    assert (home / "provenance.yaml").exists()

    suites = len({name for bound in SHIPPED.values() for name in bound})
    assert run_json("catalog", "check", "--quick") == {
        "checked": {"catalogs": 1, "declarations": 1, "policies": 0, "suites": suites},
        "problems": [],
    }


def test_problems_of_all_files_come_together_with_line_and_hint(run: Run, home: Path) -> None:
    catalog = home / "provenance.yaml"
    text = catalog.read_text(encoding="utf-8").replace("CC-BY-NC-4.0", "CC-BY-NC-4.O")
    catalog.write_text(text.replace("consent:", "consnet:"), encoding="utf-8")
    (home / "policy.yaml").write_text("version: 1\npurposes: {publication: [modle-training]}\n")
    (home / "expectations").mkdir()
    (home / "expectations" / "broken.json").write_text("{", encoding="utf-8")

    result = run("catalog", "check", "--quick")

    assert result.exit_code == 2
    for said in ("CC-BY-NC-4.O", "consnet", "provenance.yaml:7", "model-training", "broken.json:1"):
        assert said in result.stdout, said
    assert "did you mean" in result.stdout


def test_great_expectations_is_asked_about_types(run: Run, home: Path) -> None:
    (home / "expectations").mkdir()
    (home / "expectations" / "ours.json").write_text(SUITE, encoding="utf-8")

    assert run("catalog", "check", "--quick").exit_code == 0
    result = run("catalog", "check")
    assert result.exit_code == 2
    assert "expect_nothing_at_all" in result.stdout


def test_single_files_and_folders_can_be_checked(run_json: RunJson, home: Path) -> None:
    other = home / "other"
    other.mkdir()
    (other / "a.yaml").write_text("version: 1\nauthority: a\ndatasets: {}\n", encoding="utf-8")
    (other / "policy.yaml").write_text("version: 1\n", encoding="utf-8")
    found = run_json("catalog", "check", "--quick", str(other), str(home / "provenance.yaml"))

    assert found["checked"] == {"catalogs": 2, "declarations": 1, "policies": 1, "suites": 0}


def test_no_catalog_at_all_is_said(run: Run) -> None:
    result = run("catalog", "check", "--quick")

    assert result.exit_code == 0
    assert "lineage-plugin init writes one" in result.stderr


def test_jsonl_is_one_problem_a_line(run: Run, home: Path) -> None:
    (home / "policy.yaml").write_text("version: 7\npurposes: 3\n", encoding="utf-8")
    result = run("catalog", "check", "--quick", "--format", "jsonl")

    assert result.exit_code == 2
    assert all(line.startswith('{"problem"') for line in result.stdout.splitlines())


def test_entries_that_almost_name_a_recorded_dataset_are_pointed_out(
    run: Run, recorded: Path
) -> None:
    """Such an entry declares nothing about anything, and no gate could tell."""
    (recorded / "provenance.yaml").write_text(
        "version: 1\nauthority: us\ndatasets:\n"
        "  s3://models/face: {license: MIT}\n  s3://other/thing: {license: MIT}\n",
        encoding="utf-8",
    )

    result = run("catalog", "check", "--quick")

    assert result.exit_code == 0
    assert "no run has touched s3://models/face (did you mean s3://models/faces?)" in result.stderr
    assert "s3://other/thing" not in result.stderr
