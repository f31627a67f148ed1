"""What init writes, keeps, and never shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from lineage_plugin.catalog.policy_yaml import load_policy
from lineage_plugin.catalog.provenance_yaml import load_catalog
from lineage_plugin.cli import airflow_cfg
from lineage_plugin.cli.openlineage_settings import TRANSPORT
from lineage_plugin.gate.suite_file import load_suite

Run = Callable[..., Result]
RunJson = Callable[..., Any]

SECRET = "hunter2hunter2"  # noqa: S105 - nobody's

CFG = f"""\
[database]
sql_alchemy_conn = postgresql://airflow:{SECRET}@db/airflow

[openlineage]
# Marquez of the platform team
transport = {{"type": "http", "url": "http://marquez:5000", "auth": {{"apiKey": "{SECRET}"}}}}
"""


def cfg_values(home: Path, section: str = "openlineage") -> dict[str, str]:
    return airflow_cfg.values((home / "airflow.cfg").read_text(encoding="utf-8"), section, "")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_empty_home_gets_all_that_is_needed(run_json: RunJson, tmp_path: Path) -> None:
    made = run_json("init")

    assert set(tree(tmp_path)) == {
        "airflow.cfg", "provenance.yaml", "policy.yaml", "expectations/README.md",
    }  # fmt: skip
    assert {file["action"] for file in made["files"]} == {"written"}
    assert made["backup"] is None
    assert any("--marquez-url" in step for step in made["next"])


def test_a_new_airflow_cfg_has_the_secrets_that_airflow_would_have_made_up(
    run_json: RunJson, tmp_path: Path
) -> None:
    run_json("init", code=0)

    secrets = [
        cfg_values(tmp_path, "core")["fernet_key"],
        cfg_values(tmp_path, "api")["secret_key"],
        cfg_values(tmp_path, "api_auth")["jwt_secret"],
    ]
    assert len({*secrets, ""}) == 4


def test_secrets_that_come_from_outside_are_not_made_up(run: Run, tmp_path: Path) -> None:
    run("init", env={"AIRFLOW__CORE__FERNET_KEY_CMD": "cat key", "AIRFLOW__API__SECRET_KEY": "k"})

    assert cfg_values(tmp_path, "core") == cfg_values(tmp_path, "api") == {}


def test_what_exists_is_kept_byte_for_byte(run_json: RunJson, tmp_path: Path) -> None:
    for name in ("provenance.yaml", "policy.yaml"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "README.md").symlink_to("nowhere")

    made = run_json("init")

    assert [file["action"] for file in made["files"][:3]] == ["kept"] * 3
    assert (tmp_path / "provenance.yaml").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "expectations" / "nowhere").exists()


def test_a_second_run_changes_nothing_and_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text(CFG, encoding="utf-8")
    run("init")
    before = tree(tmp_path)
    again = run("init")

    assert again.exit_code == 0
    assert tree(tmp_path) == before
    assert "nothing had to be changed" in again.stdout


def test_a_dry_run_writes_nothing_and_says_the_same(run_json: RunJson, tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text(CFG, encoding="utf-8")
    before = tree(tmp_path)
    would = run_json("init", "--dry-run")

    assert tree(tmp_path) == before
    did = run_json("init")
    assert would["settings"] == did["settings"]
    assert would["files"] == did["files"]


@pytest.mark.parametrize("form", ["table", "json", "jsonl"])
@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["real", "dry"])
def test_no_secret_is_ever_shown(run: Run, tmp_path: Path, form: str, options: list[str]) -> None:
    (tmp_path / "airflow.cfg").write_text(CFG, encoding="utf-8")
    env = {
        "OPENLINEAGE_API_KEY": SECRET,
        "OPENLINEAGE__TRANSPORT": json.dumps({"type": "http", "auth": {"apiKey": SECRET}}),
    }
    result = run("init", "--format", form, *options, env=env)

    assert SECRET not in result.output
    assert "***" in result.output


def test_the_transport_goes_inside_ours_and_the_rest_of_the_file_stays(
    run_json: RunJson, tmp_path: Path
) -> None:
    cfg = tmp_path / "airflow.cfg"
    cfg.write_text(CFG, encoding="utf-8")
    cfg.chmod(0o640)
    made = run_json("init")

    found = json.loads(cfg_values(tmp_path)["transport"])
    assert found["type"] == TRANSPORT
    assert found["transport"]["auth"] == {"apiKey": SECRET}
    assert Path(made["backup"]).read_text(encoding="utf-8") == CFG
    after = cfg.read_text(encoding="utf-8").splitlines()
    assert [line for line in CFG.splitlines() if line not in after] == [CFG.splitlines()[-1]]


def test_what_is_set_outside_is_a_problem_and_exit_code_2(run: Run, tmp_path: Path) -> None:
    result = run("init", env={"AIRFLOW__OPENLINEAGE__CONFIG_PATH": str(tmp_path / "ol.yml")})

    assert result.exit_code == 2
    assert "AIRFLOW__OPENLINEAGE__CONFIG_PATH" in result.stderr
    assert "not in force yet" in result.stderr


@pytest.mark.parametrize(
    "url",
    ["marquez:5000", "ftp://m", "http://", f"http://u:{SECRET}@m", "http://m:99999", "http://[m"],
    ids=["no-scheme", "ftp", "no-host", "password", "port", "bracket"],
)
def test_a_url_that_is_none_is_refused_before_anything_is_written(
    run: Run, tmp_path: Path, url: str
) -> None:
    result = run("init", "--marquez-url", url)

    assert result.exit_code == 2
    assert SECRET not in result.output
    assert tree(tmp_path) == {}


def test_another_home_can_be_named(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "other" / "home"

    assert run("init", "--airflow-home", str(home)).exit_code == 0
    assert (home / "airflow.cfg").exists()


def test_a_broken_airflow_cfg_stops_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("no section\n", encoding="utf-8")
    result = run("init")

    assert result.exit_code == 2
    assert list(tree(tmp_path)) == ["airflow.cfg"]


def test_a_starter_file_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "expectations").write_text("not a folder", encoding="utf-8")
    result = run("init")

    assert result.exit_code == 2
    assert "expectations/README.md cannot be written" in result.stderr


def test_the_starter_files_are_valid(run: Run, tmp_path: Path) -> None:
    run("init")

    assert load_catalog(tmp_path / "provenance.yaml").declarations == ()
    assert load_policy(tmp_path / "policy.yaml").bindings


def test_the_suite_in_the_readme_is_valid(run: Run, tmp_path: Path) -> None:
    run("init")
    readme = (tmp_path / "expectations" / "README.md").read_text(encoding="utf-8")
    suite = tmp_path / "our-training.json"
    suite.write_text(readme.partition("```json\n")[2].partition("```")[0], encoding="utf-8")

    assert load_suite(suite).name == "our-training"
    assert "| `license_verdict` |" in readme
