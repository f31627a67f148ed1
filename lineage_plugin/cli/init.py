"""``lineage-plugin init``."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import airflow_cfg, openlineage_settings, tables
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.cli.masking import holds_secrets
from lineage_plugin.cli.openlineage_settings import Plan, Surroundings
from lineage_plugin.errors import SettingsError

#: Secrets that Airflow makes up when it writes its first airflow.cfg.  Where we write it first it
#: would not: connections would be stored in the clear, and the scheduler and the API server would
#: each make up their own key and refuse each other's tokens.
_FIRST_SECRETS = (
    ("core", "fernet_key", 32),
    ("api", "secret_key", 16),
    ("api_auth", "jwt_secret", 16),
)

#: Where the OpenLineage client looks by itself (its ``client.py``), after ``OPENLINEAGE_CONFIG``.
_OPENLINEAGE_YML = ("openlineage.yml", "~/.openlineage/openlineage.yml")

_README = """\
# Suites of your own

A Great Expectations suite in this folder, written as JSON, judges the provenance of everything
that a task reads, back to where it comes from.  `policy.yaml` says which suites a purpose needs, by
file name without `.json`.  A suite here takes the place of the shipped one of the same name.

Check them with: `lineage-plugin catalog check`

For example, in `our-training.json`:

```json
{
  "name": "our-training",
  "expectations": [
    {
      "type": "expect_column_values_to_be_in_set",
      "kwargs": {"column": "license_verdict", "value_set": ["permitted", "inherited"]},
      "severity": "critical",
      "description": "the license permits the purpose",
      "meta": {"rule": "license.permits-purpose"}
    }
  ]
}
```

A suite sees one row for each version of each ancestor.  No cell is ever null.

| column | holds |
|---|---|
COLUMNS
"""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    action: str


@click.command(
    "init",
    epilog=tables.example("lineage-plugin init --marquez-url http://localhost:5000 --dry-run"),
)
@click.option(
    "--airflow-home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where Airflow keeps its things.  [default: $AIRFLOW_HOME, else ~/airflow]",
)
@click.option("--marquez-url", metavar="URL", default="", help="Send events on to this Marquez.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and do nothing.")
@tables.format_option
def command(
    airflow_home: Path | None,
    marquez_url: str,
    dry_run: bool,  # noqa: FBT001 - click passes it
    form: str,
) -> None:
    """Write starter files and set Airflow up to record provenance.

    Nothing that exists is overwritten.  Our transport is put around the one that Airflow has, and
    airflow.cfg keeps its layout, with a backup beside it.  Run it again whenever the transport
    changed; what is right already stays as it is.

    Ends with 2 if something outside airflow.cfg keeps the settings from being in force.
    """
    _check_url(marquez_url)
    env = dict(os.environ)
    if airflow_home is not None:
        env["AIRFLOW_HOME"] = str(airflow_home.absolute())
    cfg = settings_file.airflow_cfg(env)
    before = airflow_cfg.read_text(cfg)
    start = before if before is not None else _first_text(env)
    plan = openlineage_settings.plan(start, surroundings(cfg, env), marquez_url=marquez_url)
    files = _starter_files(env, dry_run=dry_run)
    backup = None
    if plan.text != before and not dry_run:
        backup = airflow_cfg.replace(cfg, plan.text, before=before)
    _report(form, _summary(cfg, before, plan, files, backup, dry_run=dry_run))
    if plan.problems:
        click.get_current_context().exit(ExitCode.WRONG_INPUT)


def _check_url(url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise click.UsageError("--marquez-url: write a URL such as http://localhost:5000")
    if holds_secrets(url):
        raise click.UsageError(
            "--marquez-url: leave user, password and query out; keep the transport in a connection "
            "instead, name it in [openlineage] config_conn_id, and run init again"
        )


def surroundings(cfg: Path, env: Mapping[str, str]) -> Surroundings:
    """Return what decides beside ``airflow.cfg`` how events leave."""
    places = [Path(place).expanduser() for place in _OPENLINEAGE_YML]
    found = next((str(place.absolute()) for place in places if place.is_file()), "")
    return Surroundings(str(cfg), env, _load_yaml, found)


def _load_yaml(path: str) -> Any:
    import yaml

    try:
        with Path(path).open(encoding="utf-8") as file:
            return yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def _first_text(env: Mapping[str, str]) -> str:
    """Return the airflow.cfg to start from where there is none: the secrets, nothing else."""
    text = (
        "# Settings that are not here have Airflow's defaults; `airflow config list` shows all.\n"
    )
    for section, key, size in _FIRST_SECRETS:
        variable = f"AIRFLOW__{section.upper()}__{key.upper()}"
        if any(variable + suffix in env for suffix in ("", "_CMD", "_SECRET")):
            continue
        secret = base64.urlsafe_b64encode(os.urandom(size)).decode()
        text = airflow_cfg.with_value(text, section, key, secret)
    return text


def _starter_files(env: Mapping[str, str], *, dry_run: bool) -> list[_File]:
    from lineage_plugin.catalog import starter

    settings = settings_file.load(env)
    texts = {
        settings.catalog[0]: starter.PROVENANCE_YAML,
        settings.policy: starter.POLICY_YAML,
        settings.expectations / "README.md": _readme(),
    }
    return [_File(path, _write_new(path, text, dry_run=dry_run)) for path, text in texts.items()]


def _readme() -> str:
    from lineage_plugin.gate.frame import COLUMNS

    columns = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in COLUMNS.items())
    return _README.replace("COLUMNS", columns)


def _write_new(path: Path, text: str, *, dry_run: bool) -> str:
    """Write a file unless it, or a link of its name, is there; returns what was done."""
    if os.path.lexists(path):
        return "kept"
    if dry_run:
        return "written"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}") from error
    return "written"


def _summary(
    cfg: Path,
    before: str | None,
    plan: Plan,
    files: list[_File],
    backup: Path | None,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    action = "kept" if plan.text == before else "written" if before is None else "changed"
    return {
        "dry_run": dry_run,
        "in_force": not plan.problems,
        "files": [
            *({"path": str(file.path), "action": file.action} for file in files),
            {"path": str(cfg), "action": action},
        ],
        "backup": str(backup) if backup else None,
        "settings": [
            {
                "section": openlineage_settings.SECTION,
                "key": change.key,
                "action": change.action,
                "value": change.now,
                "why": change.why,
            }
            for change in plan.changes
        ],
        "problems": [{"problem": p.message, "hint": p.hint} for p in plan.problems],
        "warnings": list(plan.warnings),
        "next": _next(plan, files, action),
    }


def _next(plan: Plan, files: list[_File], action: str) -> list[str]:
    catalog = files[0].path
    steps = [f"say in {catalog} where your data comes from, then: lineage-plugin catalog check"]
    if action != "kept":
        steps.insert(0, "restart Airflow's processes: they read airflow.cfg when they start")
    transport = next((c.now for c in plan.changes if c.key == "transport"), "")
    if '"noop"' in transport:
        steps.append(
            "events stay in the record here; to see them in Marquez as well: "
            "lineage-plugin init --marquez-url http://localhost:5000"
        )
    return steps


def _report(form: str, summary: dict[str, Any]) -> None:
    if form != "table":
        tables.write_json(form, summary)
        return
    rows = [[file["action"], file["path"], ""] for file in summary["files"]]
    rows += [
        [change["action"], f"[{change['section']}] {change['key']}", _told(change)]
        for change in summary["settings"]
    ]
    tables.write_table(rows, ["would be" if summary["dry_run"] else "", "what", "value"])
    if {row[0] for row in rows} == {"kept"}:
        click.echo("\nnothing had to be changed")
    if summary["backup"]:
        click.echo(f"\nairflow.cfg as it was: {summary['backup']}")
    for problem in summary["problems"]:
        click.echo(f"problem: {problem['problem']}\n    {problem['hint']}", err=True)
    for warning in summary["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    if not summary["in_force"]:
        click.echo("not in force yet: solve the problems above and run this again", err=True)
    click.echo("\nnext:")
    for step in summary["next"]:
        click.echo(f"  {step}")


def _told(change: Mapping[str, str]) -> str:
    return "  ".join(
        part for part in (change["value"], change["why"] and f"({change['why']})") if part
    )
