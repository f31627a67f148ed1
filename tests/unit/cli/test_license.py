"""What the command says about a license."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lineage_plugin.cli import command
from tests.unit.cli.conftest import Run

RunJson = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize(
    ("text", "purpose", "code"),
    [
        ("CC BY-NC 4.0", "", 0),
        ("CC BY-NC 4.0", "non-commercial-model-training", 0),
        ("CC BY-NC 4.0", "model-training", 3),
        ("CC-BY-NC-4.0 OR MIT", "model-training", 0),
        ("OpenAI Terms of Use", "model-training", 4),
        ("Glide", "", 4),
        ("Glide", "model-training", 4),
        ("unknown", "", 0),
        ("other", "model-training", 4),
        ("none", "model-training", 3),
        ("MTI", "", 2),
        ("Public Domain", "model-training", 2),
        ("openrail", "", 2),
    ],
    ids=str,
)
def test_the_exit_code_says_whether_it_is_known_and_permits(
    run: Run, text: str, purpose: str, code: int
) -> None:
    asked = ("license", text, *(("--for", purpose) if purpose else ()))

    assert run(*asked).exit_code == code


def test_it_says_what_was_recognised_and_what_is_asked_for(run: Run) -> None:
    told = run("license", "CC", "BY-SA", "4.0", "--for", "publication").stdout

    assert told.startswith("CC-BY-SA-4.0\n")
    assert "its title and version" in told
    assert "cc:ShareAlike" in told
    assert "share what is made from it under the same or a compatible license" in told
    assert "shared under     CC-BY-SA-4.0 or GPL-3.0-only or LAL-1.3" in told
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in told
    assert "s.3(b) share alike" in told
    assert "For publication: permitted" in told


def test_a_choice_shows_its_alternatives_and_json_says_the_same(run_json: RunJson) -> None:
    found = run_json("license", "cc-by-nc-4.0 or mit", "--for", "sale")

    assert found["expression"] == "CC-BY-NC-4.0 OR MIT"
    assert [part["license"] for part in found["recognised"]] == ["CC-BY-NC-4.0", "MIT"]
    assert [(a["license"], a["verdict"]) for a in found["alternatives"]] == [
        ("MIT", "permitted"),
        ("CC-BY-NC-4.0", "non-commercial"),
    ]
    assert all(each["source"] for each in found["licenses"])
    assert found["verdict"] == "permitted"


def test_what_nobody_knows_gets_a_suggestion_and_is_not_called_free(run: Run) -> None:
    assert "did you mean 'MIT'?" in run("license", "MTI").stdout
    assert "Permits:   nothing that is known" in run("license", "Glide").stdout
    assert "Prohibits: nothing that is known" in run("license", "Glide").stdout


def test_a_license_that_a_catalog_registers_is_explained_too(run: Run, home: Path) -> None:
    catalog = home / "provenance.yaml"
    terms = (
        "licenses:\n  LicenseRef-acme:\n    prohibits: [cc:CommercialUse]\n    source: contract 7\n"
    )
    catalog.write_text(catalog.read_text("utf-8").replace("datasets:", f"{terms}datasets:"))

    told = run("license", "LicenseRef-acme", "--for", "model-training")

    assert told.exit_code == 3
    assert "registered in a catalog" in told.stdout
    assert "contract 7" in told.stdout


def test_a_catalog_with_mistakes_does_not_hide_what_is_shipped(run: Run, home: Path) -> None:
    (home / "provenance.yaml").write_text("version: 7\n")

    told = run("license", "MIT")

    assert told.exit_code == 0
    assert "lineage-plugin catalog check" in told.stderr


def test_a_purpose_nobody_knows_is_wrong_input(run: Run) -> None:
    told = run("license", "MIT", "--for", "model-trainig")

    assert told.exit_code == 2
    assert "did you mean 'model-training'?" in told.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MIT License\n\n" + "Permission is hereby granted. " * 40_000, 2),
        ("(" * 400 + "MIT" + ")" * 400, 0),
        ("(" * 90_000, 2),
        ("MIT OR (" * 110 + "MIT" + ")" * 110, 2),
        ("\x1b[31m\x00\u202e", 2),
        ("", 4),
    ],
    ids=["megabyte", "brackets", "open", "nested", "control", "empty"],
)
def test_a_text_from_a_pipe_may_be_anything(home: Path, text: str, code: int) -> None:
    runner = CliRunner(env={"AIRFLOW_HOME": str(home), "AIRFLOW_CONFIG": None})

    told = runner.invoke(command, ["license", "-", "--for", "model-training"], input=text)

    assert told.exit_code == code, told.output[:300]
    assert len(told.stdout) < 3_000
    assert "\x1b[31m" not in told.stdout
    if text.startswith("MIT License"):
        assert "did you mean 'MIT'?" in told.stdout


def test_json_of_a_refused_text_is_json(run: Run) -> None:
    told = run("license", "MTI", "--format", "json")

    assert told.exit_code == 2
    assert json.loads(told.stdout)["suggestion"] == "MIT"


def test_licenses_that_cannot_be_shared_together_forbid_sharing_and_warn_of_it(
    run: Run, run_json: RunJson
) -> None:
    both = "CC-BY-SA-4.0 AND ODbL-1.0"

    shared = run_json("license", both, "--for", "publication", code=3)
    assert (shared["verdict"], shared["is_definite"]) == ("share-alike", True)
    inside = run("license", both, "--for", "model-training")
    assert inside.exit_code == 0
    assert "Warning: no license lets share what is made from it together with" in inside.stdout
