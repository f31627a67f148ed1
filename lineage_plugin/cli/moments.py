"""The two clocks at the command line: ``--as-of`` which moment, and what was ``--known-at``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from lineage_plugin.cli import tables
from lineage_plugin.store.api import Store

_F = TypeVar("_F", bound=Callable[..., Any])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownAt:
    """What was known: up to an entry of the record, or up to when it was recorded."""

    text: str
    seq: int | None = None
    recorded_us: int | None = None

    def entry(self, store: Store) -> int:
        """Return the last entry that was known.

        Raises:
            click.BadParameter: The record has no such entry.
        """
        if self.recorded_us is not None:
            return store.seq_at(self.recorded_us)
        head, _ = store.head()
        assert self.seq is not None
        if self.seq > head:
            raise click.BadParameter(f"the record ends with entry {head}", param_hint="--known-at")
        return self.seq


def moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Read a date or time; without a zone it is UTC."""
    if value is None:
        return None
    try:
        # Digits alone are a date to Python, and an entry of the record to us.
        found = datetime.fromisoformat("" if value.strip().isdigit() else value.strip())
    except ValueError:
        raise click.BadParameter(
            "write a date or time such as 2026-05-03 or 2026-05-03T12:00Z"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return (found - _EPOCH) // timedelta(microseconds=1)


def _known(ctx: click.Context, param: click.Parameter, value: str | None) -> KnownAt | None:
    if value is None:
        return None
    if re.fullmatch(r"\d+", value.strip(), re.ASCII):
        return KnownAt(f"entry {int(value)}", seq=int(value))
    recorded_us = moment(ctx, param, value)
    return KnownAt(tables.when(recorded_us), recorded_us=recorded_us)


known_at_option: Callable[[_F], _F] = click.option(
    "--known-at",
    "known",
    metavar="TIME|ENTRY",
    callback=_known,
    help="With what the record knew then: a time, or the number of an entry.",
)


def as_of_option(*also: str) -> Callable[[_F], _F]:
    """Return the option for the moment that is asked about; *also* are other names of it."""
    return click.option(
        "--as-of",
        *also,
        "at_us",
        metavar="TIME",
        callback=moment,
        help="As it was, or will be, at this moment (UTC if no zone is said).",
    )


def tell(at_us: int | None, known: KnownAt | None) -> None:
    """Say on stderr which moment an answer is about, if it is not about now."""
    about = [f"as of {tables.when(at_us)}"] if at_us is not None else []
    about += [f"as known at {known.text}"] if known is not None else []
    if about:
        click.echo(", ".join(about), err=True)


def options(at_us: int | None, known: KnownAt | None) -> str:
    """Return the options that ask the same of another command."""
    then = f" --as-of {tables.when(at_us)}" if at_us is not None else ""
    return then + (f" --known-at {known.text.removeprefix('entry ')}" if known is not None else "")
