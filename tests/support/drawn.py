"""Graphs to draw, built from histories as a survey builds them, and from bare lists of edges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lineage_plugin.lineage.ancestry import ascend
from lineage_plugin.lineage.labels import propagate
from lineage_plugin.lineage.said import Declared
from lineage_plugin.lineage.survey import Survey
from lineage_plugin.model import DatasetRef, Decision, Declaration, Outcome, Reason, Subject
from lineage_plugin.policy import edges
from lineage_plugin.reports.graph import Answer, Edge, Graph, Node, Shape, Standing
from lineage_plugin.reports.page import Report
from lineage_plugin.store.api import History
from tests.support.story import Story

#: What is asked in these stories.
PURPOSE = "face-recognition"


def survey_of(story: Story, *refs: DatasetRef, said: Collection[Declaration] = ()) -> Survey:
    """Survey a story; declarations name one dataset each."""
    for ref in refs:
        story.ran("nobody", 0, None, reads=[ref])
    return surveyed(story.history(), *refs, said=said)


def surveyed(history: History, *refs: DatasetRef, said: Collection[Declaration] = ()) -> Survey:
    """Survey a history; declarations name one dataset each."""
    declared = Declared(lambda uri: (each for each in said if each.pattern == uri), {}, at_us=1_000)
    ancestry = ascend(history, refs, at_us=None, is_root=declared.is_root)
    labels, uris = propagate(ancestry, declared, declared.categories, edges.Rules().escalations)
    return Survey(ancestry, labels, uris, declared, 1)


def decided(*inputs: DatasetRef, reasons: Iterable[Reason] = (), **more: Any) -> Decision:
    """Return what a gate says with these reasons."""
    given = tuple(reasons)
    outcome = Outcome.DENIED if any(reason.is_definite for reason in given) else Outcome.UNDECIDED
    known: dict[str, Any] = {
        "id": "decision",
        "outcome": outcome if given else Outcome.ALLOWED,
        "purpose": PURPOSE,
        "inputs": inputs,
        "subject": Subject(),
        "reasons": given,
        "at_us": 0,
        "valid_until_us": None,
        "frame_digest": "",
        "policy_digest": "",
        "known_seq": 1,
    }
    return Decision(**{**known, **more})


def against(ref: DatasetRef, *path: DatasetRef, **more: Any) -> Reason:
    """Return a reason that is about a dataset; *path* leads to it from an input."""
    known: dict[str, Any] = {
        "id": "custody.no-agreement",
        "dataset": ref.uri,
        "why": "it changed hands without an agreement",
        "remedy": "obtain it",
        "path": tuple(step.uri for step in path),
        "said_by": "team-vision",
    }
    return Reason(**{**known, **more})


def asked(ref: DatasetRef, decision: Decision, **more: Any) -> Answer:
    """Return what a gate said about one dataset."""
    return Answer((ref.uri,), decision, **more)


def graph_of(
    size: int,
    pairs: Iterable[tuple[int, int]],
    *,
    forbidden: Collection[int] = (),
    wanted: Collection[int] = (),
) -> Graph:
    """Return a graph of numbered datasets; what is made of forbidden ones is coloured by that."""
    made = tuple(dict.fromkeys(pairs))
    below: dict[int, list[int]] = {}
    for parent, child in made:
        below.setdefault(parent, []).append(child)
    reached = set(forbidden)
    waiting = list(reached)
    while waiting:
        fresh = set(below.get(waiting.pop(), ())) - reached
        reached |= fresh
        waiting += fresh
    has_parents = {child for _, child in made}
    nodes = tuple(
        Node(
            name(number),
            Shape.DATASET if number in has_parents else Shape.SOURCE,
            _standing(number, forbidden, reached),
            is_asked=number in wanted,
            reasons=(against(DatasetRef.parse(name(number))),) if number in forbidden else (),
        )
        for number in range(size)
    )
    return Graph(nodes, tuple(Edge(name(parent), name(child)) for parent, child in made))


def name(number: int) -> str:
    """Return the URI of a numbered dataset."""
    return f"s3://lake/datasets/{number:05}"


def _standing(number: int, forbidden: Collection[int], reached: Collection[int]) -> Standing:
    if number in forbidden:
        return Standing.FORBIDDEN
    return Standing.FROM_FORBIDDEN if number in reached else Standing.CLEAR


def report_of(graph: Graph, answers: Sequence[Answer] = (), **more: Any) -> Report:
    """Return a report on a graph."""
    return Report(graph, tuple(answers), PURPOSE, 0, **more)
