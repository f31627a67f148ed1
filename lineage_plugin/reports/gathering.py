"""What a page needs to know: what to ask gates about, who was stopped, what was said before.

Whoever shows a page says how gates are asked: anew, or by what is on record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from lineage_plugin.lineage.ancestry import Ancestry
from lineage_plugin.lineage.said import catalogs_then
from lineage_plugin.lineage.survey import survey
from lineage_plugin.model import (
    DatasetRef,
    Decision,
    Declaration,
    EdgeKind,
    Statement,
    in_force,
)
from lineage_plugin.policy.edges import Rules
from lineage_plugin.policy.licenses import Terms
from lineage_plugin.reports.graph import Answer, Run, Stopped, build
from lineage_plugin.reports.page import Report
from lineage_plugin.reports.standing import alone
from lineage_plugin.store.api import Activity, History, Store

#: So many are asked about one by one, and no more than these have so many datasets behind them; all
#: others in one question.  A question takes about 0.3 s, and 1 s for each 3,000 datasets.
_MOST_ASKED, _MOST_BEHIND = 12, 2_000

#: Earlier decisions that a page lists; ``lineage-plugin decisions`` has them all.
_MOST_DECISIONS = 20

_TRAINING = frozenset({EdgeKind.TRAIN, EdgeKind.FINE_TUNE})


class Catalog(Protocol):
    """What :class:`lineage_plugin.catalog.compiled.CompiledCatalog` is here."""

    @property
    def licenses(self) -> Mapping[str, Terms]:
        """Terms of the licences that catalogs registered."""

    @property
    def edge_rules(self) -> Rules:
        """The administrator's rules about edges."""

    def declarations_for(self, uri: str) -> Sequence[Declaration]:
        """Return what catalogs say about a dataset."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about: what it names, and what the gate is asked about for it."""

    about: tuple[DatasetRef, ...]
    inputs: tuple[DatasetRef, ...]
    is_to_be_made: bool = False


class Told:
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

    def questions(self, asked: Sequence[DatasetRef], *, everything: bool) -> list[Question]:
        """Return what to ask the gate about each; of everything, models first."""
        wanted = [ref for ref in asked if self._is_end(ref)] if everything else list(asked)
        if everything:
            wanted.sort(key=lambda ref: (not self._is_model(ref), ref.uri))
        return [self._question(ref) for ref in wanted]

    def _question(self, ref: DatasetRef) -> Question:
        """Ask about what would have been made from its inputs, if gates stopped every writer."""
        writers = self._writers.get(ref.uri, [])
        if not writers or not all(activity.refused for activity in writers):
            return Question((ref,), (ref,))
        newest = max(writers, key=lambda activity: (activity.started_us, activity.id))
        inputs = tuple(self._reads.get(newest.id, ()))
        return Question((ref,), inputs, is_to_be_made=True) if inputs else Question((ref,), (ref,))

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


def _portioned(questions: Sequence[Question], ancestry: Ancestry) -> list[Question]:
    """Return the first questions as they are, and all that would take too long as one."""
    alone: list[Question] = []
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
    return [*alone, Question(tuple(about), tuple(inputs))]


def report(  # noqa: PLR0913 - one argument for each thing that bears on it
    store: Store,
    catalog: Catalog,
    asked: Collection[DatasetRef],
    told: Told,
    questions: Sequence[Question],
    answer: Callable[[Sequence[Question]], Iterable[Answer]],
    *,
    purpose: str,
    at_us: int,
    is_whole: bool = False,
    note: str = "",
) -> Report:
    """Look at what datasets were made from, ask about them, and put together what a page says."""
    refs = (*asked, *(ref for question in questions for ref in question.inputs))
    seen = survey(
        store,
        tuple(dict.fromkeys(refs)),
        catalog.declarations_for,
        at_us=at_us,
        rules=catalog.edge_rules,
    )
    answers = tuple(answer(_portioned(questions, seen.ancestry)))
    drawn = build(seen, answers, told.stopped(), at_us=at_us, terms=catalog.licenses)
    return Report(
        drawn,
        answers,
        purpose,
        at_us,
        is_whole=is_whole,
        decisions=earlier(store, () if is_whole else refs),
        statements=in_sight(store, drawn.by_id, at_us),
        note=note,
    )


def explained(store: Store, catalog: Catalog, decision: Decision) -> Report:
    """Put together what a page says about a decision: with what was known when it was made."""
    seen = survey(
        store,
        decision.inputs,
        catalogs_then(store, decision.known_seq),
        at_us=decision.at_us,
        is_now=False,
        known_seq=decision.known_seq,
        rules=catalog.edge_rules,
    )
    answers = [Answer(tuple(ref.uri for ref in decision.inputs), decision)]
    drawn = build(seen, answers, at_us=decision.at_us, terms=catalog.licenses)
    return Report(drawn, tuple(answers), decision.purpose, decision.at_us, explained=decision)


def on_record(store: Store, question: Question, purpose: str) -> Answer | None:
    """Return what gates said last about a question, as the record has it."""
    if not question.is_to_be_made:
        (ref,) = question.about
        newest = store.newest_decisions([ref.uri], purpose=purpose).get(ref.uri)
        if newest is None:
            return None
        own = alone(newest, ref.uri)
        inputs = tuple(each.uri for each in newest.inputs)
        return Answer((ref.uri,), own) if own else Answer(inputs, newest)
    asked = set(question.inputs)
    found = store.decisions(limit=_MOST_DECISIONS, dataset=question.inputs[0], purpose=purpose)
    same = next((decision for decision in found if set(decision.inputs) == asked), None)
    uris = tuple(ref.uri for ref in question.about)
    return Answer(uris, same, is_to_be_made=True) if same else None


def last_purpose(store: Store, questions: Iterable[Question]) -> str:
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


def earlier(store: Store, refs: Sequence[DatasetRef]) -> tuple[Decision, ...]:
    """Return earlier decisions about datasets, or about anything."""
    if not refs:
        return tuple(store.decisions(limit=_MOST_DECISIONS))
    return tuple(_newest(store, refs, limit=_MOST_DECISIONS))


def in_sight(store: Store, drawn: Collection[str], at_us: int) -> tuple[Statement, ...]:
    """Return what holds now and is about something drawn, or about no dataset in particular."""
    return tuple(
        said
        for said in in_force(store.statements(), at_us)
        if not said.datasets or any(uri in drawn for uri in said.datasets)
    )
