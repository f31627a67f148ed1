"""Whatever is drawn, folding loses nothing, closes no circle and leaves few enough to look at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lineage_plugin.reports.flow import acyclic
from lineage_plugin.reports.folding import folded
from lineage_plugin.reports.graph import Graph, Shape
from lineage_plugin.reports.layout import layered
from tests.support.drawn import graph_of

#: Small, so that folding has something to do in graphs that are quickly made.
MOST = 8


@st.composite
def graphs(draw: st.DrawFn, hindrances: int = 4) -> Graph:
    """Return an acyclic graph, some of it forbidden, some of it asked for."""
    size = draw(st.integers(1, 30))
    numbers = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(numbers, numbers), max_size=60))
    return graph_of(
        size,
        [(a, b) for a, b in pairs if a < b],
        forbidden=draw(st.frozensets(numbers, max_size=hindrances)),
        wanted=draw(st.frozensets(numbers, max_size=3)),
    )


@given(graphs())
def test_every_dataset_is_drawn_once_by_itself_or_in_a_fold(graph: Graph) -> None:
    drawn = folded(graph, MOST)

    held = [uri for node in drawn.nodes for uri in (node.folded or (node.id,))]
    assert sorted(held) == sorted(node.id for node in graph.nodes)


@given(graphs())
def test_what_was_made_of_what_can_still_be_followed(graph: Graph) -> None:
    drawn = folded(graph, MOST)

    home = {uri: node.id for node in drawn.nodes for uri in (node.folded or (node.id,))}
    edges = {(edge.parent, edge.child) for edge in drawn.edges}
    for edge in graph.edges:
        pair = home[edge.parent], home[edge.child]
        assert pair in edges or pair[0] == pair[1]


@given(graphs())
def test_folds_hold_one_colour_and_one_set_of_reasons(graph: Graph) -> None:
    for node in folded(graph, MOST).nodes:
        for uri in node.folded:
            assert graph.by_id[uri].standing is node.standing
            assert {r.id for r in graph.by_id[uri].reasons} == {r.id for r in node.reasons}


@given(graphs())
def test_there_are_few_enough_and_a_lone_one_is_no_fold(graph: Graph) -> None:
    drawn = folded(graph, MOST)

    assert len(drawn.nodes) <= MOST
    assert all((node.shape is Shape.FOLDED) == (len(node.folded) > 1) for node in drawn.nodes)


@given(graphs(hindrances=1))
def test_a_fold_around_a_kept_hindrance_closes_no_circle(graph: Graph) -> None:
    drawn = folded(graph, MOST)

    place = {node.id: number for number, node in enumerate(drawn.nodes)}
    pairs = [(place[edge.parent], place[edge.child]) for edge in drawn.edges]
    order = {node: rank for rank, node in enumerate(acyclic(len(place), pairs).order)}
    assert all(order[parent] < order[child] for parent, child in pairs)


@given(st.integers(1, 25), st.data())
def test_no_two_boxes_share_a_place_and_arrows_lead_to_the_right_unless_they_close_a_circle(
    size: int, data: st.DataObject
) -> None:
    numbers = st.integers(0, size - 1)
    drawn = data.draw(st.lists(st.tuples(numbers, numbers), max_size=30))
    pairs = [(a, b) for a, b in dict.fromkeys(drawn) if a != b]

    found = layered(size, pairs)
    flow = acyclic(size, pairs)

    for one in range(size):
        for other in range(one):
            (x, y), (other_x, other_y) = found.places[one], found.places[other]
            assert x != other_x or abs(y - other_y) > 0.99
    for parent, children in enumerate(flow.children):
        assert all(found.places[parent][0] < found.places[child][0] for child in children)
