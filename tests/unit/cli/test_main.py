"""How the command ends, and what it costs to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from lineage_plugin import errors
from lineage_plugin.cli import COMMANDS, command
from lineage_plugin.cli.exits import ExitCode, of_error
from lineage_plugin.model import Decision, Outcome, Problem, Subject

Run = Callable[..., Result]

#: Nothing of these may be loaded by asking for help.
HEAVY = {
    "airflow",
    "great_expectations",
    "pandas",
    "pyarrow",
    "openlineage",
    "yaml",
    "rich",
    "sqlite3",
}


def decision(outcome: Outcome) -> Decision:
    return Decision("d", outcome, "p", (), Subject(), (), 0, None, "", "", 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.CatalogError((Problem("x"),)), 2),
        (errors.SettingsError("x"), 2),
        (errors.TransportError("x"), 2),
        (errors.MissingLibrary("x"), 2),
        (errors.GateDenied(decision(Outcome.DENIED)), 3),
        (errors.GateDenied(decision(Outcome.UNDECIDED)), 4),
        (errors.StoreUnavailable("x", "y"), 5),
        (errors.StoreCorrupt("x", "y"), 5),
        (RuntimeError("x"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_an_error_ends_with_its_code(error: Exception, code: int) -> None:
    assert of_error(error) == code


def every_error(kind: type[BaseException]) -> list[type[BaseException]]:
    return [kind, *(sub for child in kind.__subclasses__() for sub in every_error(child))]


def test_no_error_of_ours_counts_as_a_bug() -> None:
    for kind in every_error(errors.LineagePluginError):
        if kind not in {errors.LineagePluginError, errors.GateDenied}:
            assert of_error(kind.__new__(kind)) is not ExitCode.BUG, kind


def run_failing(error: BaseException, *options: str) -> Result:
    """Run the command with a subcommand that fails."""

    @click.command("fails")
    def fails() -> None:
        raise error

    group = type(command)(name="lineage-plugin", params=command.params, callback=command.callback)
    group.get_command = lambda _ctx, _name: fails  # type: ignore[method-assign,assignment]
    return CliRunner().invoke(group, [*options, "verify"])


def test_a_bug_is_one_line_that_says_so() -> None:
    result = run_failing(ZeroDivisionError("oops"))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("lineage-plugin: bug: ZeroDivisionError: oops; ")
    assert result.stderr.count("\n") == 1


def test_debug_shows_the_traceback() -> None:
    result = run_failing(ZeroDivisionError("oops"), "--debug")

    assert result.exit_code == 1
    assert "Traceback" in result.stderr


def test_what_is_no_bug_is_said_without_traceback() -> None:
    result = run_failing(errors.StoreUnavailable("the record is locked", "try again"))

    assert result.exit_code == 5
    assert result.stderr == "lineage-plugin: the record is locked; try again\n"


def test_an_interrupt_ends_as_shells_expect() -> None:
    assert run_failing(KeyboardInterrupt()).exit_code == 130


def test_a_misspelt_command_gets_a_suggestion(run: Run) -> None:
    result = run("dataset")

    assert result.exit_code == 2
    assert "did you mean 'datasets'?" in result.stderr


def test_without_a_command_there_is_help(run: Run) -> None:
    assert "Commands:" in run().output


def test_help_names_every_command_and_every_exit_code(run: Run) -> None:
    told = run("--help").stdout

    assert all(name in told for name in COMMANDS)
    assert all(f"{code.value} " in told for code in ExitCode)


@pytest.mark.parametrize("args", [["datasets"], ["verify"], ["decisions"], ["show", "s3://a/b"]])
def test_a_record_that_is_not_there_is_unavailable(run: Run, args: list[str]) -> None:
    result = run(*args)

    assert result.exit_code == 5
    assert result.stdout == ""


def test_a_store_url_that_cannot_be_used_is_wrong_input(run: Run) -> None:
    result = run("datasets", env={"AIRFLOW__LINEAGE_PLUGIN__STORE_URL": "mysql://u:pw@h/d"})

    assert result.exit_code == 2
    assert "pw" not in result.stderr


def python(*args: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        text=True,
        encoding="latin-1",
        capture_output=True,
        check=False,
        **kwargs,
    )


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys\nfrom lineage_plugin.cli import main\nsys.argv = ['lineage-plugin', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    result = python("-c", probe)

    assert HEAVY.isdisjoint(result.stderr.split())


def test_no_command_imports_airflow_or_great_expectations_to_be_found() -> None:
    probe = (
        "import sys\nfrom importlib import import_module\n"
        "from lineage_plugin.cli import COMMANDS\n"
        "for module, _ in COMMANDS.values(): import_module('lineage_plugin.cli.' + module)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = python("-c", probe).stdout.split()

    assert {"airflow", "great_expectations", "pandas", "openlineage"}.isdisjoint(loaded)


MAIN = "from lineage_plugin.cli import main; main()"


def test_a_reader_that_leaves_early_is_no_bug(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [sys.executable, "-c", MAIN, "init", "--dry-run"],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert result.returncode == 141
    assert result.stderr == ""


def test_what_the_terminal_cannot_show_is_written_escaped(recorded: Path) -> None:
    from contextlib import closing

    from lineage_plugin.model import DatasetRef, Output, RunFacts, RunState
    from lineage_plugin.store import open_store

    facts = RunFacts(
        run_id="r9", job_namespace="n", job_name="j", state=RunState.START, at_us=1, group="g9",
        outputs=(Output(DatasetRef("s3://lake", "größe 数")),),
    )  # fmt: skip
    with closing(open_store(f"sqlite:///{recorded}/lineage_plugin/record.db")) as store:
        store.append_runs([(facts, "{}")], recorded_us=1)
    env = {**os.environ, "AIRFLOW_HOME": str(recorded), "PYTHONIOENCODING": "latin-1"}
    result = python("-c", MAIN, "datasets", env=env)

    assert result.returncode == 0
    assert "größe \\u6570" in result.stdout
    assert (
        json.loads(python("-c", MAIN, "datasets", "--format", "json", env=env).stdout)[1]["name"]
        == "größe 数"
    )
