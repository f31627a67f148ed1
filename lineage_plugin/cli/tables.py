"""What goes to stdout: a table for people, JSON for programs, with the same content."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import click

from lineage_plugin.model import SECOND_US, Outcome, iso

_F = TypeVar("_F", bound=Callable[..., Any])

#: Off the terminal nothing is wrapped, so that ``grep`` and ``cut`` see whole lines.
_UNBROKEN = 10_000

#: Columns that people copy from, so that they are never folded.
_UNFOLDED = frozenset({"at", "ended", "id", "last", "outcome", "rule", "started"})

#: Colour repeats what the word says; it never says it alone.
_STYLES = {
    Outcome.ALLOWED.value: "green",
    Outcome.DENIED.value: "red",
    Outcome.UNDECIDED.value: "yellow",
    "problem": "red",
}

format_option: Callable[[_F], _F] = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="A table for people; JSON, or one JSON object per line, for programs.",
)


def example(*lines: str) -> str:
    """Return the end of a help text: lines that click leaves as they are."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def when(at_us: int | None) -> str:
    """Write a time as people and programs read it; empty if there is none."""
    return "" if at_us is None else iso(at_us)


def when_briefly(at_us: int | None) -> str:
    """Write a time to the second, where the column is narrow."""
    return "" if at_us is None else when(at_us - at_us % SECOND_US)


def printable(text: str) -> str:
    r"""Return *text* without what could steer a terminal: names come from foreign events.

    Example:
        >>> printable("a\x1b[31mb")
        'a\\x1b[31mb'
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )


def write(
    form: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    *,
    empty: str,
) -> None:
    """Write rows in the form that was asked for.

    Args:
        form: ``table``, ``json`` or ``jsonl``.
        rows: What JSON shows, whole.
        columns: Which keys the table shows, and their headings.
        empty: What a person is told when there are no rows.
    """
    if form != "table":
        write_json(form, rows)
    elif rows:
        write_table([[_cell(row.get(key)) for key in columns] for row in rows], columns.values())
    else:
        click.echo(empty, err=True)


def write_json(form: str, value: Any) -> None:
    """Write one document, or for ``jsonl`` each item of a list on its own line."""
    dump = partial(json.dumps, ensure_ascii=not _speaks_unicode())
    if form == "jsonl":
        for item in value if isinstance(value, Sequence) else [value]:
            click.echo(dump(item))
    else:
        click.echo(dump(value, indent=2))


def _speaks_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"


def write_table(
    rows: Sequence[Sequence[str]], headings: Sequence[str] | Any, indent: int = 0
) -> None:
    """Write a table as wide as the terminal; elsewhere each row is one line.

    Cells may be multi-line.  Nothing is cut off: what is too long is folded.
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = _UNBROKEN
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    headings = list(headings)
    for position, heading in enumerate(headings):
        longest = max((len(row[position]) for row in rows), default=0)
        table.add_column(
            heading,
            overflow="fold",
            header_style="dim" if console.is_terminal else "",
            min_width=longest if heading in _UNFOLDED else None,
        )
    table.show_header = any(headings)
    for row in rows:
        table.add_row(*(Text(printable(cell), style=_STYLES.get(cell, "")) for cell in row))
    with console.capture() as capture:
        console.print(Padding(table, (0, 0, 0, indent)) if indent else table, crop=False)
    # Through click, which knows where the output goes; padding at line ends is for nobody.
    for line in capture.get().splitlines():
        click.echo(line if console.is_terminal else line.rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)
