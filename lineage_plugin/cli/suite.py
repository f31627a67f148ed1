"""``lineage-plugin suite``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import exits, purposes, suite_trials, tables
from lineage_plugin.errors import SuiteError

if TYPE_CHECKING:
    from lineage_plugin.gate.suite_file import Suite
    from lineage_plugin.settings import Settings

_COLUMNS = {
    "suite": "suite",
    "from": "from",
    "blocks": "block",
    "warns": "warn",
    "extends": "extends",
    "notes": "notes",
}


@click.group(
    "suite",
    epilog=tables.example(
        "lineage-plugin suite new our-training --extends model-training",
        "lineage-plugin suite explain our-training",
        "lineage-plugin suite test our-training --example nc-license",
    ),
    no_args_is_help=True,
)
def command() -> None:
    """Write suites, read them in plain words, and try them on example frames."""


@command.command("list", epilog=tables.example("lineage-plugin suite list"))
@tables.format_option
def list_(form: str) -> None:
    """List the suites that gates can find: yours, then those that come with the package.

    Ends with 2 if one of them cannot be used.
    """
    settings = settings_file.load()
    rows = [_listed(file, settings) for file in _files(settings)]
    tables.write(form, rows, _COLUMNS, empty="there are no suites")
    broken = [row for row in rows if row["problems"]]
    for row in broken:
        for problem in row["problems"]:
            click.echo(tables.printable(problem), err=True)
    click.get_current_context().exit(exits.ExitCode.WRONG_INPUT if broken else exits.ExitCode.DONE)


def _files(settings: Settings) -> list[Path]:
    """Return each suite's file; one of the administrator's hides the shipped one of its name."""
    from lineage_plugin.gate.suite_file import shipped_folder

    found = {file.stem: file for file in sorted(shipped_folder().glob("*.json"))}
    own = {file.stem: file for file in sorted(settings.expectations.glob("*.json"))}
    return [*own.values(), *(file for name, file in found.items() if name not in own)]


def _listed(file: Path, settings: Settings) -> dict[str, Any]:
    from lineage_plugin.gate.suite_file import load_suite

    row: dict[str, Any] = {
        "suite": file.stem,
        "from": "yours" if file.parent == settings.expectations else "the package",
        "path": str(file),
    }
    try:
        suite = load_suite(file)
    except SuiteError as error:
        return {**row, "notes": "cannot be used", "problems": [str(p) for p in error.problems]}
    severities = [expected.severity for expected in suite.expectations]
    return {
        **row,
        "blocks": severities.count("critical"),
        "warns": severities.count("warning"),
        "extends": list(suite.extends),
        "modules": [module.name for module in suite.modules],
        "digest": suite.digest,
        "notes": suite.notes,
        "problems": [],
    }


@command.command("explain", epilog=tables.example("lineage-plugin suite explain face-recognition"))
@click.argument("name")
@tables.format_option
def explain(name: str, form: str) -> None:
    """Say in plain words what a suite asks, expectation by expectation.

    NAME is a suite, or the file of one.  For each: what it asks and what happens if it does not
    hold, the column and what that holds, the rule behind it and where that is written, and the
    suite that it is inherited from.
    """
    from lineage_plugin.gate import suite_words

    suite = _loaded(name)
    rows = [asdict(told) for told in suite_words.told(suite)]
    if form != "table":
        tables.write_json(form, rows)
        return
    click.secho(tables.printable(suite.name), bold=True)
    extends = f"extends {', '.join(suite.extends)}" if suite.extends else ""
    modules = ", ".join(module.name for module in suite.modules)
    for line in (suite.notes, extends, f"expectations of {modules}" if modules else ""):
        if line:
            click.echo(tables.printable(line))
    for row in rows:
        _tell(row)


def _tell(row: dict[str, Any]) -> None:
    click.echo()
    inherited = f"  (from {row['inherited_from']})" if row["inherited_from"] else ""
    click.secho(tables.printable(f"{row['rule']}: {row['does']}{inherited}"), bold=True)
    column = f"{row['column']}: {row['holds']}" if row["column"] else ""
    rule = " ".join(filter(None, (row["clause"], f"({row['source']})" if row["source"] else "")))
    lines = [
        ["so that", row["why"]],
        ["asks", row["asks"]],
        ["column", column],
        ["rule", rule],
        ["stands in", row["where"]],
    ]
    tables.write_table([line for line in lines if line[1]], ["", ""], indent=2)


@command.command(
    "new",
    epilog=tables.example(
        "lineage-plugin suite new our-training --extends model-training --for model-training"
    ),
)
@click.argument("name")
@click.option("--for", "purpose", metavar="PURPOSE", default="", help="What it is for.")
@click.option(
    "--extends", metavar="OTHER", multiple=True, help="Ask all that this suite asks; repeatable."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write to this file or folder, - for the screen; else into your folder of suites.",
)
def new(name: str, purpose: str, extends: tuple[str, ...], output: Path | None) -> None:
    """Write a suite to go on from: plain Great Expectations JSON with a note on each expectation.

    Nothing that is there is overwritten.
    """
    from lineage_plugin.gate import suite_starter
    from lineage_plugin.gate.suite_file import find_suite, is_suite_name, load_suite

    settings = settings_file.load()
    if not is_suite_name(name):
        message = "write letters, digits, - _ and . without folders and .json"
        raise click.BadParameter(message, param_hint="NAME")
    if purpose:
        purposes.checked(settings, purpose)
    file = _target(name, output, settings)
    folder = file.parent if file else settings.expectations
    if name in extends:
        raise click.BadParameter("a suite cannot extend itself", param_hint="--extends")
    for other in extends:
        find_suite(other, folder)
    text = suite_starter.text(name, purpose=purpose, extends=tuple(dict.fromkeys(extends)))
    if file is None:
        click.echo(text, nl=False)
        return
    _write(file, text)
    load_suite(file)
    click.echo(str(file))
    bound = purpose or "<purpose>"
    click.echo(
        f"next: bind it in {settings.policy}, below purposes: {bound}: [{name}]\n"
        f"      and try it: lineage-plugin suite test {name if output is None else file}",
        err=True,
    )


def _target(name: str, output: Path | None, settings: Settings) -> Path | None:
    """Return the file to write, ``None`` for the screen."""
    if output is None:
        return settings.expectations / f"{name}.json"
    if str(output) == "-":
        return None
    file = output / f"{name}.json" if output.is_dir() else output
    if file.name != f"{name}.json":
        message = f"a suite's file has its name: write {file.parent / f'{name}.json'}"
        raise click.BadParameter(message, param_hint="--output")
    return file


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        message = f"{file} exists; nothing was written"
        raise click.BadParameter(message, param_hint="NAME") from None
    except OSError as error:
        raise click.FileError(str(file), error.strerror or str(error)) from error


@command.command(
    "test",
    epilog=tables.example(
        "lineage-plugin suite test our-training",
        "lineage-plugin suite test our-training --example no-agreement",
        "lineage-plugin suite test our-training --frames tests/frames/ --junit suites.xml",
    ),
)
@click.argument("name")
@click.option(
    "--frame",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A frame, .json or .csv; cells that it does not name have no fault.",
)
@click.option("--example", help="A frame that comes with the package, such as clean.")
@click.option(
    "--frames",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of frames that say what is expected of them.",
)
@click.option("--for", "purpose", metavar="PURPOSE", default="", help="What the data is for.")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results of several frames as JUnit XML too.",
)
@tables.format_option
def test(
    name: str,
    *,
    frame: Path | None,
    example: str | None,
    frames: Path | None,
    purpose: str,
    junit: Path | None,
    form: str,
) -> None:
    """Try a suite on frames, before it judges anything that matters.

    NAME is a suite, or the file of one.  With --frame or --example it says what a gate would say,
    and ends with 0 if allowed, 3 if denied, 4 if undecided.  With --frames each frame is a test:
    its file says what outcome is expected, and the command ends with 2 if one is otherwise.
    Without any of them, the suite is tried on the examples that come with the package.
    """
    from lineage_plugin.gate import frame_file
    from lineage_plugin.gate.trial import tried

    if sum(given is not None for given in (frame, example, frames)) > 1:
        message = "give one of --frame, --example and --frames"
        raise click.UsageError(message)
    settings = settings_file.load()
    if purpose:
        purposes.checked(settings, purpose)
    suite = _loaded(name)
    if frame is not None or example is not None:
        if junit is not None:
            raise click.UsageError("--junit is for --frames")
        read = frame_file.load_frame(frame) if frame else frame_file.example(example or "")
        outcome = suite_trials.tell_one(suite, tried([suite], read, purpose), form)
        click.get_current_context().exit(exits.OF_OUTCOME[outcome])
    folder = frames or frame_file.shipped_folder()
    trials = [tried([suite], read, purpose) for read in frame_file.load_frames(folder)]
    suite_trials.tell_all(suite, trials, form, junit)
    click.get_current_context().exit(_ended(trials, folder))


def _ended(trials: Sequence[Any], folder: Path) -> exits.ExitCode:
    if not any(trial.is_told for trial in trials):
        hint = 'write "expected": {"outcome": "DENIED"} into it'
        click.echo(f"no frame in {folder} says what is expected of it ({hint})", err=True)
        return exits.ExitCode.WRONG_INPUT
    failed = any(trial.unmet for trial in trials)
    return exits.ExitCode.WRONG_INPUT if failed else exits.ExitCode.DONE


def _loaded(name: str) -> Suite:
    """Load a suite by its name, or by its file."""
    from lineage_plugin.gate.suite_file import find_suite, load_suite

    settings = settings_file.load()
    if name.endswith(".json") or "/" in name:
        return load_suite(Path(name))
    return load_suite(find_suite(name, settings.expectations, required=settings.required))
