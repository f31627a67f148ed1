"""Where each node of a picture stands, in columns and rows.  The only file that knows igraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineage_plugin._lazy import require
from lineage_plugin.reports.flow import acyclic


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns and rows of nodes, and for each edge the places that it passes between them."""

    places: Sequence[tuple[float, float]]
    bends: Sequence[Sequence[tuple[float, float]]]


def layered(size: int, pairs: Sequence[tuple[int, int]]) -> Layout:
    """Lay a graph out in layers, from left to right, with few crossings.

    An edge over several columns passes a place in each of those between; the edges of one parent
    share them.  One that closes a circle leads to the left and has no bends.

    Raises:
        MissingLibrary: igraph is not installed.
    """
    if not size:
        return Layout([], [])
    flow = acyclic(size, pairs)
    columns = flow.columns()
    # igraph mixes up the bends of its own (1.0.0), so that the places between are nodes to it.
    between: dict[tuple[int, int], int] = {}
    drawn: dict[tuple[int, int], None] = {}
    ways: dict[tuple[int, int], list[int]] = {}
    for parent, children in enumerate(flow.children):
        for child in children:
            way = ways[parent, child] = []
            last = parent
            for column in range(columns[parent] + 1, columns[child]):
                place = between.setdefault((parent, column), len(columns))
                if place == len(columns):
                    columns.append(column)
                drawn[last, place] = None
                way.append(place)
                last = place
            drawn[last, child] = None
    graph = require("igraph").Graph(n=len(columns), edges=list(drawn), directed=True)
    rows = [x for x, _ in graph.layout_sugiyama(layers=columns, hgap=1, vgap=1).coords]
    places = list(zip(map(float, columns), _apart(columns, rows), strict=True))
    return Layout(places[:size], [[places[p] for p in ways.get(pair, ())] for pair in pairs])


def _apart(columns: Sequence[int], rows: Sequence[float]) -> list[float]:
    """Move down what would stand on something else: igraph lets parts of a graph overlap."""
    placed = [0.0] * len(rows)
    free: dict[int, float] = {}
    top = min(rows)
    for node in sorted(range(len(rows)), key=rows.__getitem__):
        placed[node] = max(rows[node] - top, free.get(columns[node], 0.0))
        free[columns[node]] = placed[node] + 1
    return placed
