"""``lineage-plugin catalog``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import tables
from lineage_plugin.cli.exits import ExitCode
from lineage_plugin.errors import DeclarationError
from lineage_plugin.model import Problem

_T = TypeVar("_T")

#: What is YAML in a folder, in upper case too.
_YAML = frozenset({".yaml", ".yml"})

#: How a policy file is told from a catalog file.
_POLICY_NAMES = frozenset({"policy.yaml", "policy.yml"})

#: Looking up more names than this in the record would be noticed.
_MOST_LOOKED_UP = 200


@dataclass
class _Findings:
    """What was read and everything that is wrong with it."""

    counts: dict[str, int] = field(
        default_factory=lambda: {"catalogs": 0, "declarations": 0, "policies": 0, "suites": 0}
    )
    problems: list[Problem] = field(default_factory=list)

    def gather(self, read: Callable[[], _T]) -> _T | None:
        """Return what *read* returns, or ``None`` and keep its problems."""
        try:
            return read()
        except DeclarationError as error:
            self.problems.extend(error.problems)
            return None


@click.group("catalog", epilog=tables.example("lineage-plugin catalog check"), no_args_is_help=True)
def command() -> None:
    """Check what people wrote: catalog, policy, suites."""


@command.command(
    "check",
    short_help="List all that is wrong with catalog files, the policy and the suites.",
    epilog=tables.example(
        "lineage-plugin catalog check",
        "lineage-plugin catalog check provenance.yaml expectations/",
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--quick", is_flag=True, help="Do not ask Great Expectations, which takes seconds to start."
)
@tables.format_option
def check(paths: tuple[Path, ...], quick: bool, form: str) -> None:  # noqa: FBT001 - click passes it
    """Read every catalog file, the policy and the suites, and list all that is wrong with them.

    PATHS are catalog files, policy.yaml or suites (.json), or folders of them; without any,
    everything is read that the settings name.  Ends with 2 if something is wrong.
    """
    settings = settings_file.load()
    found = _Findings()
    catalogs, policy, suites = _sorted(paths) if paths else (settings.catalog, settings.policy, ())
    required = frozenset[Path]() if paths else settings.required
    bound = _read_policy(found, policy, required)
    with TemporaryDirectory() as state:
        # Not the gate's own compiled catalog: with other files it would be replaced.
        state_dir = Path(state) if paths else settings.state_dir
        _read_catalogs(found, catalogs, state_dir, policy, required)
    if not paths:
        suites = _suites(found, settings.expectations, bound, required)
    _read_suites(found, suites, quick=quick)
    _report(found, form)


def _sorted(
    paths: Sequence[Path],
) -> tuple[tuple[Path, ...], Path | None, tuple[Path, ...]]:
    """Tell catalog files, a policy file and suites apart by their names."""
    files: list[Path] = []
    for path in paths:
        inside = sorted(
            p for p in path.rglob("*") if p.suffix == ".json" or p.suffix.lower() in _YAML
        )
        files += inside if path.is_dir() else [path]
    policy = next((file for file in files if file.name in _POLICY_NAMES), None)
    suites = tuple(file for file in files if file.suffix == ".json")
    rest = (file for file in files if file not in suites and file.name not in _POLICY_NAMES)
    return tuple(rest), policy, suites


def _read_policy(
    found: _Findings, file: Path | None, required: Collection[Path]
) -> Mapping[str, tuple[str, ...]]:
    """Return the suites that are bound to each purpose."""
    from lineage_plugin.catalog.policy_yaml import load_policy

    policy = found.gather(partial(load_policy, file, required=required))
    if policy is None:
        return {}
    found.counts["policies"] += int(file is not None and file.exists())
    return policy.bindings


def _read_catalogs(
    found: _Findings,
    files: Sequence[Path],
    state: Path,
    policy: Path | None,
    required: Collection[Path],
) -> None:
    from lineage_plugin.catalog.compiled import refresh

    if not files:
        return
    catalog = found.gather(partial(refresh, files, state, policy=policy, required=required))
    if catalog is not None:
        found.counts["catalogs"] = len(catalog.files)
        found.counts["declarations"] = len(catalog)
        _tell_near_misses([declaration.pattern for declaration in catalog.all()])


def _tell_near_misses(patterns: Sequence[str]) -> None:
    """Warn of datasets that no run has touched, named almost like some that were touched."""
    from lineage_plugin.cli.record import near_misses
    from lineage_plugin.model import DatasetRef
    from lineage_plugin.policy import parties

    exact = [
        pattern
        for pattern in patterns
        if not any(wild in pattern for wild in "*?") and not parties.is_recipient(pattern)
    ]
    refs = [DatasetRef.parse(pattern) for pattern in exact[:_MOST_LOOKED_UP]]
    for ref, close in near_misses(refs).items():
        click.echo(f"no run has touched {ref.uri} (did you mean {close}?)", err=True)


def _suites(
    found: _Findings,
    folder: Path,
    bindings: Mapping[str, tuple[str, ...]],
    required: Collection[Path],
) -> tuple[Path, ...]:
    """Return the files of the suites in *folder*, and of those that purposes are bound to."""
    from lineage_plugin.gate.suite_file import find_suite

    own = sorted(folder.glob("*.json"))
    names = dict.fromkeys(name for bound in bindings.values() for name in bound)
    find = partial(find_suite, folder=folder, required=required)
    files = [found.gather(partial(find, name)) for name in names]
    return tuple(dict.fromkeys([*own, *(file for file in files if file is not None)]))


def _read_suites(found: _Findings, files: Sequence[Path], *, quick: bool) -> None:
    from lineage_plugin.gate.suite_file import load_suite

    read: Callable[[Path], Any] = load_suite
    if files and not quick:
        from lineage_plugin.gate.suite import check_suite

        click.echo("asking Great Expectations about the suites ...", err=True)
        read = check_suite
    for file in files:
        if found.gather(partial(read, file)) is not None:
            found.counts["suites"] += 1


def _report(found: _Findings, form: str) -> None:
    problems = list(dict.fromkeys(found.problems))
    rows = [{"problem": p.message, "where": p.where, "hint": p.hint} for p in problems]
    counted = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    if form == "json":
        tables.write_json(form, {"checked": found.counts, "problems": rows})
    elif form == "jsonl":
        tables.write_json(form, rows)
    elif not problems:
        click.echo(f"nothing wrong: {counted}")
    for problem in problems if form == "table" else ():
        click.echo(tables.printable(str(problem)))
    if problems:
        counts = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        click.echo(f"{counts}; without fault: {counted}", err=True)
        click.get_current_context().exit(ExitCode.WRONG_INPUT)
    if not found.counts["catalogs"]:
        click.echo("there is no catalog file; lineage-plugin init writes one", err=True)
