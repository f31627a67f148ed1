"""``lineage-plugin check``."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import tables
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.settings import Settings

#: Seconds before a person wonders whether anything happens, and between two lines that say so.
_QUIET_S = 2.0

_HERE = click.Path(path_type=Path, exists=True)


@click.command(
    "check",
    epilog=tables.example(
        "lineage-plugin check dags/",
        "lineage-plugin check dags/ --format sarif -o check.sarif",
    ),
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=_HERE)
@click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    type=_HERE,
    help="A catalog file; without any: the settings', or provenance.yaml beside the DAGs.",
)
@click.option(
    "--policy", type=_HERE, help="The policy file, instead of the settings' or policy.yaml beside."
)
@click.option("--expectations", type=_HERE, help="The folder of suites, likewise.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option(
    "--quick", is_flag=True, help="Do not ask Great Expectations, which takes seconds to start."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="Lines for people; JSON, SARIF 2.1.0 or JUnit XML for programs.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write into this file."
)
def command(paths: tuple[Path, ...], **options: Any) -> None:
    """Check DAG files before they run: gates, datasets, purposes, catalog, suites.

    Reads the text of the files and runs nothing of them, so it needs no Airflow that is set up.
    What only a run would tell is listed as a note.  Ends with 2 if there is an error, and with
    --strict also if there is a warning.
    """
    from lineage_plugin.checks.findings import fails
    from lineage_plugin.checks.project import check

    found = check(paths, _settings(paths, **options), quick=options["quick"], tell=_Progress().tell)
    written = _written(options["form"], found)
    if options["output"] is None:
        click.echo(tables.printable(written))
    else:
        _write(options["output"], written)
    if fails(found.findings, strict=options["strict"]):
        click.get_current_context().exit(ExitCode.WRONG_INPUT)


def _settings(
    paths: tuple[Path, ...],
    *,
    catalogs: tuple[Path, ...],
    policy: Path | None,
    expectations: Path | None,
    **_others: Any,
) -> Settings:
    """Return the settings with the files that are named, or lie beside the DAGs."""
    settings = settings_file.load()
    beside = [path if path.is_dir() else path.parent for path in paths]
    named = catalogs or _beside("provenance.yaml", beside, "catalog", settings)
    policies = (policy,) if policy else _beside("policy.yaml", beside, "policy", settings)
    suites = (
        (expectations,)
        if expectations
        else _beside("expectations", beside, "expectations", settings)
    )
    return replace(
        settings,
        catalog=named or settings.catalog,
        policy=policies[0] if policies else settings.policy,
        expectations=suites[0] if suites else settings.expectations,
    )


def _beside(name: str, folders: list[Path], setting: str, settings: Settings) -> tuple[Path, ...]:
    """Return what lies beside the DAGs, unless a setting names another place."""
    if setting in settings.explicit:
        return ()
    places = [place for folder in folders for place in (folder / name, folder.parent / name)]
    return tuple(dict.fromkeys(place for place in places if place.exists()))


def _written(form: str, found: Any) -> str:
    from importlib import metadata

    from lineage_plugin.checks import findings
    from lineage_plugin.codec import canonical

    if form == "json":
        return "\n".join(["[", ",\n".join(map(canonical, findings.rows(found.findings))), "]"])
    if form == "sarif":
        return findings.sarif(found.findings, version=metadata.version("lineage-plugin"))
    if form == "junit":
        return findings.junit(found.findings, checked=found.files)
    return findings.text(found.findings, files=len(found.files), tasks=found.tasks)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from error


class _Progress:
    """Says on stderr how far it is, where it takes long."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def tell(self, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._said >= _QUIET_S:
            self._said = now
            click.echo(f"{done} of {of} files", err=True)
