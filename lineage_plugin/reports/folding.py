"""Fold what need not be told apart, so that a picture of ten thousand datasets has a few hundred.

Pure.  What was asked for, what stands in the way and the ways between stay as they are, as far as
there is room.  The rest is folded by what it looks like from there: the same colour, on the way
from the same kept nodes to the same kept nodes.  No edge is lost.  A fold closes no circle, unless
hindrances themselves are too many to be kept; then the layout opens it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from lineage_plugin.reports.flow import Flow, acyclic
from lineage_plugin.reports.graph import Edge, Graph, Node, Shape

#: Nodes that people still can look through; more are folded.
MOST_DRAWN = 80

#: Of these, how many are kept for what they are; the rest is room for folds.
_KEPT = MOST_DRAWN * 3 // 4

#: Hindrances with the same reasons that are kept; a dozen shows what a thousand would.
_MOST_ALIKE = 12

#: How many times the room for kept nodes is cut, if folds alone are too many; then none is kept.
_CUTS = 4


def folded(graph: Graph, most: int = MOST_DRAWN) -> Graph:
    """Return a graph with at most about *most* nodes that says the same.

    A fold has the ids of what it holds in ``folded``; edges between datasets of one fold are
    inside it.
    """
    if len(graph.nodes) <= most:
        return graph
    flow = acyclic(len(graph.nodes), _pairs(graph))
    wanted = _by_weight(graph)
    for cut in range(_CUTS + 1):
        room = 0 if cut == _CUTS else most * _KEPT // MOST_DRAWN >> cut
        groups = _groups(graph, flow, wanted[:room])
        if len(groups) <= most:
            break
    return _quotient(graph, groups)


def _pairs(graph: Graph) -> list[tuple[int, int]]:
    place = {node.id: index for index, node in enumerate(graph.nodes)}
    return [(place[edge.parent], place[edge.child]) for edge in graph.edges]


def _by_weight(graph: Graph) -> list[int]:
    """Return the nodes that should be kept, those first that people came for.

    In turn what was asked for, what stands in the way, models, and the ways from both their ends.
    """
    indices = range(len(graph.nodes))
    asked = [i for i in indices if graph.nodes[i].is_asked]
    causes = _causes(graph)
    models = [i for i in indices if graph.nodes[i].shape is Shape.MODEL]
    way = [i for i in indices if graph.nodes[i].is_on_way and not graph.nodes[i].reasons]
    ends = chain.from_iterable(zip_longest(way[: (len(way) + 1) // 2], way[::-1][: len(way) // 2]))
    turns = chain.from_iterable(zip_longest(asked, causes))
    return [i for i in dict.fromkeys((*turns, *models, *ends)) if i is not None]


def _causes(graph: Graph) -> list[int]:
    """Return what stands in the way, not too many with the same reasons."""
    alike: dict[frozenset[str], list[int]] = defaultdict(list)
    for index, node in enumerate(graph.nodes):
        if node.reasons:
            alike[_reason_ids(node)].append(index)
    return sorted(chain.from_iterable(found[:_MOST_ALIKE] for found in alike.values()))


def _reason_ids(node: Node) -> frozenset[str]:
    return frozenset(reason.id for reason in node.reasons)


def _groups(graph: Graph, flow: Flow, kept: Sequence[int]) -> list[list[int]]:
    """Partition all nodes: each kept one by itself, the others by what they look like."""
    bit = {index: 1 << place for place, index in enumerate(kept)}
    toward = _reach(flow.order[::-1], flow.children, bit)
    from_ = _reach(flow.order, flow.parents, bit)
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, node in enumerate(graph.nodes):
        alike = (node.standing, _reason_ids(node), toward[index], from_[index])
        found[(index,) if index in bit else alike].append(index)
    return list(found.values())


def _reach(
    order: Sequence[int], neighbours: Sequence[Sequence[int]], bit: Mapping[int, int]
) -> list[int]:
    """Return for each node the kept nodes that it reaches, as bits."""
    found = [0] * len(neighbours)
    for index in order:
        for neighbour in neighbours[index]:
            found[index] |= found[neighbour] | bit.get(neighbour, 0)
    return found


def _quotient(graph: Graph, groups: Sequence[Sequence[int]]) -> Graph:
    nodes = [_fold([graph.nodes[index] for index in group]) for group in groups]
    home = {
        graph.nodes[index].id: node.id
        for node, group in zip(nodes, groups, strict=True)
        for index in group
    }
    edges: dict[tuple[str, str], Edge] = {}
    for edge in graph.edges:
        pair = home[edge.parent], home[edge.child]
        if pair[0] != pair[1]:
            edges[pair] = _joined(edges.get(pair), replace(edge, parent=pair[0], child=pair[1]))
    return Graph(tuple(nodes), tuple(edges.values()))


def _joined(first: Edge | None, second: Edge) -> Edge:
    if first is None:
        return second
    return replace(
        first,
        kinds=tuple(sorted({*first.kinds, *second.kinds})),
        is_on_way=first.is_on_way or second.is_on_way,
        is_stopped=first.is_stopped and second.is_stopped,
        is_part=first.is_part and second.is_part,
    )


def _fold(nodes: Sequence[Node]) -> Node:
    """Return one node for several that are alike; one alone stays what it is."""
    if len(nodes) == 1:
        return nodes[0]
    first = nodes[0]
    return Node(
        # No URI of a dataset begins so: it would have no name.
        id=f"/{first.id}",
        shape=Shape.FOLDED,
        standing=first.standing,
        is_asked=any(node.is_asked for node in nodes),
        is_on_way=any(node.is_on_way for node in nodes),
        reasons=first.reasons,
        folded=tuple(sorted(node.id for node in nodes)),
    )
