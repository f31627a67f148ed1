"""``lineage-plugin doctor``."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import airflow_cfg, openlineage_settings, tables
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.cli.init import surroundings

if TYPE_CHECKING:
    from lineage_plugin.checks.doctor import Examined
    from lineage_plugin.settings import Settings

#: Importing Airflow on a machine under load was seen to take half a minute (seconds).
_AIRFLOW_S = 120

#: What a reachable server answers in (seconds).
_MARQUEZ_S = 3


@click.command("doctor", epilog=tables.example("lineage-plugin doctor"))
@click.option("--quick", is_flag=True, help="Do not ask Airflow itself, which takes seconds.")
@tables.format_option
def command(quick: bool, form: str) -> None:  # noqa: FBT001 - click passes it
    """Examine every setting that gates and events rely on, and say how to mend it.

    Run it where tasks run: as the user of the workers, with their environment.  Ends with 2 if
    there is a fault.
    """
    from lineage_plugin.checks.doctor import State, worst

    found = list(_examined(quick=quick))
    rows = [{"state": e.state.value, "what": e.what, "how": e.how, "mend": e.mend} for e in found]
    if form == "table":
        tables.write_table(
            [[r["state"].upper(), r["what"], r["how"]] for r in rows], ["", "what", "how it is"]
        )
        mends = [f"  {r['what']}: {r['mend']}" for r in rows if r["mend"]]
        if mends:
            click.echo("\nWhat to do:")
            click.echo(tables.printable("\n".join(dict.fromkeys(mends))))
    else:
        tables.write_json(form, rows)
    if worst(found) is State.FAULT:
        click.get_current_context().exit(ExitCode.WRONG_INPUT)


def _examined(*, quick: bool) -> Iterator[Examined]:
    from importlib import metadata

    from lineage_plugin.checks import doctor
    from lineage_plugin.checks.doctor import Examined, State
    from lineage_plugin.errors import SettingsError

    here = f"{socket.gethostname()}, user {os.geteuid()}, Python {sys.version.split()[0]}"
    yield Examined("where", State.OK, here)
    yield from doctor.guarded(
        "versions", lambda: doctor.versions(metadata.requires("lineage-plugin") or ())
    )
    try:
        settings = settings_file.load()
    except SettingsError as error:
        yield Examined("settings", State.FAULT, str(error), "correct it; the rest was not examined")
        return
    yield Examined("settings", State.OK, f"{settings_file.airflow_cfg(os.environ)}")
    yield from doctor.guarded("transport", _transport)
    yield from doctor.examine(settings, now_us=time.time_ns() // 1000)
    yield from doctor.guarded("Marquez", lambda: _marquez(settings))
    if not quick:
        yield from doctor.guarded("Airflow", _in_airflow)


def _transport() -> Iterator[Examined]:
    """Ask ``init`` what it would change."""
    from lineage_plugin.checks.doctor import Examined, State

    env = dict(os.environ)
    cfg = settings_file.airflow_cfg(env)
    plan = openlineage_settings.plan(airflow_cfg.read_text(cfg) or "", surroundings(cfg, env))
    changed = [change for change in plan.changes if change.action != "kept"]
    for change in changed:
        how = f"[{openlineage_settings.SECTION}] {change.key} is not as gates need it: {change.why}"
        yield Examined("transport", State.FAULT, how, "lineage-plugin init")
    for problem in plan.problems:
        yield Examined("transport", State.FAULT, problem.message, problem.hint)
    for warning in plan.warnings:
        yield Examined("transport", State.WARNING, warning)
    if not changed and not plan.problems:
        how = "ours is around the transport of events, emission is locked, facets are attached"
        yield Examined("transport", State.OK, how)


def _marquez(settings: Settings) -> Iterator[Examined]:
    from lineage_plugin.checks.doctor import Examined, State

    if not settings.marquez_url:
        return
    import requests

    try:
        url = f"{settings.marquez_url.rstrip('/')}/api/v1/namespaces"
        answer = requests.get(url, params={"limit": 1}, timeout=_MARQUEZ_S)
        answer.raise_for_status()
    except requests.RequestException as error:
        how = f"{settings.marquez_url} does not answer: {type(error).__name__}"
        mend = "start it, or correct marquez_url; gates do not need it"
        yield Examined("Marquez", State.WARNING, how, mend)
    else:
        yield Examined("Marquez", State.OK, f"{settings.marquez_url} answers")


def _in_airflow() -> Iterator[Examined]:
    from lineage_plugin.checks.doctor import Examined, State

    click.echo("asking Airflow itself ...", err=True)
    done = subprocess.run(
        [sys.executable, "-m", "lineage_plugin.airflow.examination"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_AIRFLOW_S,
        check=False,
    )
    try:
        rows: list[dict[str, Any]] = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    except ValueError:
        last = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        yield Examined("Airflow", State.FAULT, f"it cannot be asked: {last}", "airflow info")
        return
    for row in rows:
        yield Examined(row["what"], State(row["state"]), row["how"], row["mend"])
