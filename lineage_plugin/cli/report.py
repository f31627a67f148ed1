"""``lineage-plugin report``."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage_plugin import settings as settings_file
from lineage_plugin.cli import purposes, record, tables
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    EdgeKind,
    Statement,
    in_force,
)
from lineage_plugin.store.api import Activity, History, Store

if TYPE_CHECKING:
    from lineage_plugin.catalog.compiled import CompiledCatalog
    from lineage_plugin.lineage.ancestry import Ancestry
    from lineage_plugin.reports.graph import Answer, Stopped
    from lineage_plugin.reports.page import Report

#: What is asked where nobody says for what, and no gate was asked yet.
_PURPOSE = "model-training"

#: So many are asked about one by one, and no more than these have so many datasets behind them; all
#: others in one question.  A question takes about 0.3 s, and 1 s for each 3,000 datasets.
_MOST_ASKED, _MOST_BEHIND = 12, 2_000

#: Earlier decisions that a page lists; ``lineage-plugin decisions`` has them all.
_MOST_DECISIONS = 20

#: Work that takes longer than this (seconds) says on stderr how far it is.
_PATIENCE_S = 1.0

_TRAINING = frozenset({EdgeKind.TRAIN, EdgeKind.FINE_TUNE})


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
    _check_target(target)
    progress = _Progress()
    report = _gathered(settings, datasets, purpose, recipient, progress)
    progress("drawing")
    text = page.html(report)
    if str(target) == "-":
        click.echo(text, nl=False)
        return
    _replace(target, text)
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
    from lineage_plugin.catalog.compiled import refresh
    from lineage_plugin.gate.service import open_gate
    from lineage_plugin.lineage.survey import survey
    from lineage_plugin.reports import graph, page

    catalog = refresh(
        settings.catalog, settings.state_dir, policy=settings.policy, required=settings.required
    )
    with record.opened() as store:
        asked = _known(store, catalog, datasets) or [each.ref for each in store.datasets()]
        told = _Told(store.history(asked))
        questions = told.questions(asked, everything=not datasets)
        purpose = purpose or _last_purpose(store, questions) or _PURPOSE
        now_us = time.time_ns() // 1000
        stopped = told.stopped()
        refs = (*asked, *(ref for question in questions for ref in question.inputs))
        progress(f"looking at what {len(asked)} datasets were made from")
        seen = survey(
            store,
            tuple(dict.fromkeys(refs)),
            catalog.declarations_for,
            at_us=now_us,
            rules=catalog.edge_rules,
        )
        questions = _portioned(questions, seen.ancestry)
        with open_gate(settings) as gate:
            ask = partial(gate.decide, purpose=purpose, recipient=recipient, record=False)
            answers = tuple(_answers(ask, questions, progress))
        drawn = graph.build(seen, answers, stopped, at_us=now_us, terms=catalog.licenses)
        return page.Report(
            drawn,
            answers,
            purpose,
            now_us,
            is_whole=not datasets,
            decisions=_decisions(store, questions if datasets else ()),
            statements=_statements(store, drawn.by_id, now_us),
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


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about: what it names, and what the gate is asked about for it."""

    about: tuple[DatasetRef, ...]
    inputs: tuple[DatasetRef, ...]
    is_to_be_made: bool = False


class _Told:
    """What a history tells about who wrote what, and what gates stopped."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._writers: dict[str, list[Activity]] = {}
        self._reads: dict[int, list[DatasetRef]] = {}
        for activity, dataset, _ in history.writes:
            uri = history.datasets[dataset].uri
            self._writers.setdefault(uri, []).append(history.activities[activity])
        for activity, dataset in history.reads:
            self._reads.setdefault(activity, []).append(history.datasets[dataset])

    def questions(self, asked: Sequence[DatasetRef], *, everything: bool) -> list[_Question]:
        """Return what to ask the gate about each; of everything, models first."""
        wanted = [ref for ref in asked if self._is_end(ref)] if everything else list(asked)
        if everything:
            wanted.sort(key=lambda ref: (not self._is_model(ref), ref.uri))
        return [self._question(ref) for ref in wanted]

    def _question(self, ref: DatasetRef) -> _Question:
        """Ask about what would have been made from its inputs, if gates stopped every writer."""
        writers = self._writers.get(ref.uri, [])
        if not writers or not all(activity.refused for activity in writers):
            return _Question((ref,), (ref,))
        newest = max(writers, key=lambda activity: (activity.started_us, activity.id))
        inputs = tuple(self._reads.get(newest.id, ()))
        return (
            _Question((ref,), inputs, is_to_be_made=True) if inputs else _Question((ref,), (ref,))
        )

    def _is_model(self, ref: DatasetRef) -> bool:
        return any(a.edges & _TRAINING for a in self._writers.get(ref.uri, ()))

    def _is_end(self, ref: DatasetRef) -> bool:
        """Whether nothing was made of a dataset, or it is a model."""
        return self._is_model(ref) or ref.uri not in self._made_into_more

    @cached_property
    def _made_into_more(self) -> set[str]:
        writes: dict[int, set[str]] = {}
        for uri, activities in self._writers.items():
            for activity in activities:
                writes.setdefault(activity.id, set()).add(uri)
        return {
            ref.uri
            for activity, refs in self._reads.items()
            for ref in refs
            if writes.get(activity, set()) - {ref.uri}
        }

    def stopped(self) -> list[Stopped]:
        """Return the runs that gates stopped, with what they would have read and written."""
        from lineage_plugin.reports.graph import Run, Stopped

        writes: dict[int, list[str]] = {}
        for uri, activities in self._writers.items():
            for activity in activities:
                if activity.refused:
                    writes.setdefault(activity.id, []).append(uri)
        return [
            Stopped(
                Run(
                    f"{activity.job_namespace}/{activity.job_name}",
                    activity.group,
                    activity.started_us,
                    activity.ended_us,
                    tuple(sorted(kind.value for kind in activity.edges)),
                    is_stopped=True,
                ),
                tuple(ref.uri for ref in self._reads.get(activity.id, ())),
                tuple(writes[activity.id]),
            )
            for activity in self._history.activities.values()
            if activity.id in writes
        ]


def _portioned(questions: Sequence[_Question], ancestry: Ancestry) -> list[_Question]:
    """Return the first questions as they are, and all that would take too long as one."""
    alone: list[_Question] = []
    behind = 0
    for question in questions[:_MOST_ASKED]:
        current = [v for ref in question.inputs for v in ancestry.current.get(ref.uri, ())]
        behind += len(ancestry.above(current))
        if behind > _MOST_BEHIND and len(questions) > 1:
            break
        alone.append(question)
    rest = questions[len(alone) :]
    if len(rest) < 2:  # noqa: PLR2004 - one needs no other
        return [*alone, *rest]
    about = dict.fromkeys(ref for question in rest for ref in question.about)
    inputs = dict.fromkeys(ref for question in rest for ref in question.inputs)
    return [*alone, _Question(tuple(about), tuple(inputs))]


def _answers(
    ask: Callable[[Sequence[DatasetRef]], Decision],
    questions: Sequence[_Question],
    progress: _Progress,
) -> Iterable[Answer]:
    from lineage_plugin.reports.graph import Answer

    for number, question in enumerate(questions, 1):
        progress(f"asking the gate, {number} of {len(questions)}")
        decision = ask(question.inputs)
        uris = tuple(ref.uri for ref in question.about)
        yield Answer(uris, decision, question.is_to_be_made)


def _last_purpose(store: Store, questions: Iterable[_Question]) -> str:
    """Return the purpose of the newest decision about what is asked, else of any; empty if none."""
    newest = _newest(store, [ref for question in questions for ref in question.inputs], limit=1)
    found = newest or store.decisions(limit=1)
    return found[0].purpose if found else ""


def _newest(store: Store, refs: Sequence[DatasetRef], *, limit: int) -> list[Decision]:
    found = {
        decision.id: decision
        for ref in dict.fromkeys(refs[:_MOST_ASKED])
        for decision in store.decisions(limit=limit, dataset=ref)
    }
    return sorted(found.values(), key=lambda decision: -decision.at_us)[:limit]


def _decisions(store: Store, questions: Sequence[_Question]) -> tuple[Decision, ...]:
    """Return earlier decisions about what is asked, or about anything."""
    if not questions:
        return tuple(store.decisions(limit=_MOST_DECISIONS))
    refs = [ref for question in questions for ref in (*question.about, *question.inputs)]
    return tuple(_newest(store, refs, limit=_MOST_DECISIONS))


def _statements(store: Store, drawn: Collection[str], at_us: int) -> tuple[Statement, ...]:
    """Return what holds now and is about something drawn, or about no dataset in particular."""
    return tuple(
        said
        for said in in_force(store.statements(), at_us)
        if not said.datasets or any(uri in drawn for uri in said.datasets)
    )


def _check_target(target: Path) -> None:
    """Refuse before the work what could not be written after it."""
    if str(target) != "-" and not os.access(target.absolute().parent, os.W_OK):
        raise click.BadParameter(
            f"{target.absolute().parent} is no folder that can be written to", param_hint="-o"
        )


def _replace(target: Path, text: str) -> None:
    """Put *text* where *target* is, whole or not at all."""
    folder = target.absolute().parent
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.BadParameter(f"{target} cannot be written: {error}", param_hint="-o") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
