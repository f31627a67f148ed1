"""``lineage-plugin report``."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import files, purposes, record, tables
from lineage_plugin.model import DatasetRef, Decision
from lineage_plugin.store.api import Store

if TYPE_CHECKING:
    from lineage_plugin.catalog.compiled import CompiledCatalog
    from lineage_plugin.reports.gathering import Question
    from lineage_plugin.reports.graph import Answer
    from lineage_plugin.reports.page import Report

#: What is asked where nobody says for what, and no gate was asked yet.
_PURPOSE = "model-training"

#: Work that takes longer than this (seconds) says on stderr how far it is.
_PATIENCE_S = 1.0


@click.command(
    "report",
    epilog=tables.example("lineage-plugin report s3://models/faces -o report.html"),
)
@click.argument("datasets", metavar="[DATASET...]", callback=record.parsed_all, nargs=-1)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="Where to; - is stdout.  A file that is there is replaced when the new one is whole.",
)
@click.option(
    "--for",
    "purpose",
    metavar="PURPOSE",
    help="What it is to be used for.  [default: as in the newest decision about it, else "
    f"{_PURPOSE}]",
)
@click.option(
    "--recipient", metavar="NAME", default="", help="To whom they are to be given (disclosure)."
)
def command(
    datasets: tuple[DatasetRef, ...], target: Path, purpose: str | None, recipient: str
) -> None:
    """Draw where datasets and models come from, as one self-contained page.

    Without DATASET it shows all that the record knows.  The page loads nothing from anywhere: send
    it, print it, keep it.  Nothing is recorded.
    """
    from lineage_plugin.reports import page

    settings = settings_file.load()
    if purpose is not None:
        purposes.checked(settings, purpose, recipient)
    elif recipient.strip():
        raise click.UsageError("--recipient needs --for, such as --for disclosure")
    files.check_target(target)
    progress = _Progress()
    report = _gathered(settings, datasets, purpose, recipient, progress)
    progress("drawing")
    text = page.html(report)
    if str(target) == "-":
        click.echo(text, nl=False)
        return
    files.replace(target, text)
    click.echo(
        f"wrote {tables.printable(str(target))}: {len(report.graph.nodes)} datasets, for "
        f"{report.purpose}, {len(text.encode()) / 1000:,.0f} kB",
        err=True,
    )


class _Progress:
    """Says what is going on once it has taken long."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, what: str) -> None:
        if time.monotonic() - self._began > _PATIENCE_S:
            click.echo(f"{what} ...", err=True)


def _gathered(
    settings: settings_file.Settings,
    datasets: Collection[DatasetRef],
    purpose: str | None,
    recipient: str,
    progress: _Progress,
) -> Report:
    """Ask the record and the gate for all that a page shows."""
    from lineage_plugin.gate.service import open_gate
    from lineage_plugin.reports import gathering

    catalog = record.compiled()
    with record.opened() as store:
        asked = _known(store, catalog, datasets) or [each.ref for each in store.datasets()]
        told = gathering.Told(store.history(asked))
        questions = told.questions(asked, everything=not datasets)
        purpose = purpose or gathering.last_purpose(store, questions) or _PURPOSE
        progress(f"looking at what {len(asked)} datasets were made from")
        with open_gate(settings) as gate:
            ask = partial(gate.decide, purpose=purpose, recipient=recipient, record=False)
            return gathering.report(
                store,
                catalog,
                asked,
                told,
                questions,
                partial(_answers, ask, progress),
                purpose=purpose,
                at_us=time.time_ns() // 1000,
                is_whole=not datasets,
            )


def _known(
    store: Store, catalog: CompiledCatalog, datasets: Iterable[DatasetRef]
) -> list[DatasetRef]:
    """Return datasets as the record spells them.

    Raises:
        click.UsageError: Neither the record nor the catalog knows some; the message names them all.
    """
    found, unknown = [], []
    for ref in dict.fromkeys(datasets):
        try:
            found.append(record.known(store, ref))
        except click.UsageError as error:
            if catalog.declarations_for(ref.uri):
                found.append(ref)
            else:
                unknown.append(error.message)
    if unknown:
        raise click.UsageError("\n".join(unknown))
    return found


def _answers(
    ask: Callable[[Sequence[DatasetRef]], Decision],
    progress: _Progress,
    questions: Sequence[Question],
) -> Iterable[Answer]:
    from lineage_plugin.reports.graph import Answer

    for number, question in enumerate(questions, 1):
        progress(f"asking the gate, {number} of {len(questions)}")
        decision = ask(question.inputs)
        uris = tuple(ref.uri for ref in question.about)
        yield Answer(uris, decision, question.is_to_be_made)
