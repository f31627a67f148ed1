"""The command ``lineage-plugin``: each subcommand parses, calls one service, prints.

stdout is data, stderr is talk.  A subcommand's module is imported when it is used, so that
``lineage-plugin --help`` costs no more than click.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any

import click

#: Subcommand -> (module, what it does).  The line is repeated here so that ``--help`` imports none.
COMMANDS = {
    "init": ("init", "Write starter files and set Airflow up to record provenance."),
    "catalog": ("catalog", "Check what people wrote: catalog, policy, suites."),
    "suite": (
        "suite",
        "Write suites, read them in plain words, and try them on example frames.",
    ),
    "check": (
        "check",
        "Check DAG files before they run: gates, datasets, purposes, catalog, suites.",
    ),
    "coverage": (
        "coverage",
        "Tell which datasets that DAGs touched are declared, or made from what is known.",
    ),
    "doctor": (
        "doctor",
        "Examine every setting that gates and events rely on, and say how to mend it.",
    ),
    "datasets": ("datasets", "List the datasets that the record knows, by URI."),
    "show": ("show", "Show what is said about a dataset, what it inherits, and who wrote it."),
    "trace": ("trace", "Show what a dataset was made from, back to its sources."),
    "license": (
        "license",
        "Explain a license: what was recognised, what it permits, forbids and asks for.",
    ),
    "attribution": (
        "attribution",
        "Write who has to be named for a dataset, under which licenses, with what duties.",
    ),
    "gate": (
        "gate",
        "Ask whether datasets may be used for a purpose, as the gate of a task would.",
    ),
    "report": ("report", "Draw where datasets and models come from, as one self-contained page."),
    "decisions": (
        "decisions",
        "List what gates said, newest first; with an ID, explain one decision.",
    ),
    "explain": (
        "explain",
        "Say why a gate refused, on whose word, and what would change that.",
    ),
    "waive": (
        "waive",
        "Let one reason pass for a dataset and a purpose until a date, on your name.",
    ),
    "waivers": ("waivers", "List what was waived: by whom, why, until when."),
    "quarantine": ("quarantine", "List what gates hold back after a run, and lift it."),
    "baseline": (
        "baseline",
        "Let what stands in the way today be owed, so that only what is new is blocked.",
    ),
    "break-glass": (
        "break_glass",
        "Let one task of one run go on, once, while the record cannot be reached.",
    ),
    "verify": (
        "verify",
        "Check that the record is what was written, from its first entry to its head.",
    ),
}


#: As shells report a program ended by SIGINT and SIGPIPE.
_INTERRUPTED, _BROKEN_PIPE = 130, 141


class LazyGroup(click.Group):
    """Imports a subcommand when it is used, and ends with the exit codes of :mod:`exits`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the subcommands in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a subcommand."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; a misspelt one gets a suggestion."""
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, n=1)
            meant = f" (did you mean {close[0]!r}?)" if close else ""
            ctx.fail(f"no such command {args[0]!r}{meant}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand and turn what it raises into an exit code and a sentence."""
        try:
            found = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _abandon_stdout()
            ctx.exit(_BROKEN_PIPE)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - the last one who can say something sensible
            ctx.exit(_report(error, debug=ctx.params["debug"]))
        return found


def _report(error: Exception, *, debug: bool) -> int:
    from lineage_plugin.cli import exits

    code = exits.of_error(error)
    if debug:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    elif code is exits.ExitCode.BUG:
        kind = type(error).__name__
        click.echo(
            f"lineage-plugin: bug: {kind}: {error}; run it again as lineage-plugin --debug ... for "
            "the traceback, and please report it",
            err=True,
        )
    else:
        click.echo(f"lineage-plugin: {error}", err=True)
    return code


def _abandon_stdout() -> None:
    """Let the interpreter's last flush go nowhere: who read our output has left."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, io.UnsupportedOperation, AttributeError):
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


def _tell_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if not wanted or ctx.resilient_parsing:
        return
    from importlib import metadata

    try:
        click.echo(metadata.version("lineage-plugin"))
    except metadata.PackageNotFoundError:
        click.echo("lineage-plugin runs from its sources and is not installed", err=True)
    ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  lineage-plugin init\n  lineage-plugin catalog check\n"
    "  lineage-plugin gate s3://train/corpus.parquet --for model-training\n\n"
    "Exit codes: 0 done or allowed, 1 bug, 2 wrong input or settings, 3 denied or not "
    "genuine, 4 undecided, 5 record unavailable (try again).",
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version.",
)
def command(debug: bool) -> None:  # noqa: FBT001 - click passes it; invoke() reads it
    """Provenance of the data that Airflow trains on: declare, trace, decide, prove."""


def main() -> None:
    """Run the command; what the terminal cannot show is written escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    command(prog_name="lineage-plugin")
