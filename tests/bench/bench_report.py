"""A report of many datasets: building, folding and drawing it, beside igraph's layout alone."""

from __future__ import annotations

import time
from importlib import import_module
from statistics import median
from typing import Any

from lineage_plugin.model import DatasetRef, Declaration
from lineage_plugin.reports import page
from lineage_plugin.reports.graph import Graph, build
from lineage_plugin.store.api import History
from tests.support.drawn import against, asked, decided, surveyed
from tests.support.story import Story

#: Datasets of a layer, each made from two of the layer before.
_WIDE = 40

#: Rounds; ours and the other in turn.
_ROUNDS = 3


def rows() -> list[tuple[str, float, float | None, str]]:
    """Time pages of 1,000 and 10,000 datasets, one source of them forbidden, and weigh them."""
    found: list[tuple[str, float, float | None, str]] = []
    for size in (1_000, 10_000):
        asked_for = _asked(size)
        ours, theirs, text = [], [], ""
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            graph = build(*asked_for, at_us=1_000)
            text = page.html(page.Report(graph, asked_for[1], "face-recognition", 0))
            ours.append((time.perf_counter() - began) * 1_000)
            theirs.append(_bare(graph))
        name = f"report: {size:,} datasets"
        found.append((f"{name} (beside igraph's layout alone)", median(ours), median(theirs), "ms"))
        found.append((f"{name}, size", len(text.encode()) / 1e6, None, "MB"))
    return found


def _asked(size: int) -> tuple[Any, tuple[Any, ...]]:
    """Return a survey of *size* datasets in layers, and what a gate says about the last one."""
    refs = [DatasetRef("s3://lake", f"area_{n % 7}/table_{n:05}") for n in range(size)]
    story = Story()
    for n in range(_WIDE, size):
        layer = (n // _WIDE - 1) * _WIDE
        reads = {refs[layer + n % _WIDE], refs[layer + (3 * n + 1) % _WIDE]}
        story.ran(f"run-{n}", 2 * (n // _WIDE), 2 * (n // _WIDE) + 1, reads=reads, writes=[refs[n]])
    last = refs[-_WIDE:]
    # Without asking which dataset contains which: none does.
    numbered = {number: ref for ref, number in story.datasets.items()}
    seen = surveyed(
        History(numbered, {}, story.activities, story.writes, story.reads, story.first_read, 1),
        *last,
        said=[Declaration("team", ref.uri, external=True) for ref in refs[:_WIDE]],
    )
    reason = against(refs[0], *_way(seen, refs[0]))
    return seen, tuple(asked(ref, decided(ref, reasons=[reason])) for ref in last[:5])


def _way(seen: Any, source: DatasetRef) -> list[DatasetRef]:
    uris = [version.uri for version in seen.ancestry.versions]
    path = seen.ancestry.dataset_path(uris.index(source.uri))
    return [DatasetRef.parse(uri) for uri in path]


def _bare(graph: Graph) -> float:
    """Lay the whole graph out by igraph, as it comes; milliseconds."""
    place = {node.id: index for index, node in enumerate(graph.nodes)}
    pairs = [(place[edge.parent], place[edge.child]) for edge in graph.edges]
    drawn = import_module("igraph").Graph(n=len(place), edges=pairs, directed=True)
    began = time.perf_counter()
    drawn.layout_sugiyama()
    return (time.perf_counter() - began) * 1_000
