"""Lineage as an SVG: left what comes from outside, right what was made of it.  Pure but for layout.

Outlines tell sources, datasets and models apart; colour, icon and word tell verdicts apart, so that
nothing is said by colour alone.  Colours are those of ``assets/picture.css``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from lineage_plugin.model import EdgeKind
from lineage_plugin.reports import words
from lineage_plugin.reports.graph import Edge, Graph, Node, Shape, Standing
from lineage_plugin.reports.layout import Layout, layered

#: Size of a node and the free space beside and below it, in pixels at full size.
_WIDTH, _HEIGHT, _BESIDE, _BELOW = 232, 74, 84, 30

#: Free space around the picture, in pixels; above also for what stands over the first row.
_MARGIN = 24

#: Where text begins in a node, in pixels.
_TEXT_X = 50

#: Characters that fit into a line of a node: name, and the smaller lines around it.
_NAME_CHARS, _SMALL_CHARS = 22, 28

_SYMBOLS = {
    Standing.FORBIDDEN: ("octagon", "M-4-4 4 4M4-4-4 4"),
    Standing.FROM_FORBIDDEN: ("octagon", "M-4-4 4 4M4-4-4 4"),
    Standing.UNKNOWN: ("circle", "M-3-2.6a3 3 0 1 1 4.6 2.5C.4.7 0 1.2 0 2M0 5v.2"),
    Standing.FROM_UNKNOWN: ("circle", "M-3-2.6a3 3 0 1 1 4.6 2.5C.4.7 0 1.2 0 2M0 5v.2"),
    Standing.UNJUDGED: ("circle", "M-4 0H4"),
    Standing.CLEAR: ("circle", "M-4.6.2-1.4 3.6 4.6-3.4"),
}

_FRAMES = {
    "octagon": "M-4.6-11H4.6L11-4.6V4.6L4.6 11H-4.6L-11 4.6V-4.6Z",
    "circle": "M-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0Z",
}


def svg(graph: Graph) -> str:
    """Draw a graph; its nodes carry their place in ``graph.nodes`` as ``data-n``.

    Raises:
        MissingLibrary: igraph is not installed.
    """
    place = {node.id: index for index, node in enumerate(graph.nodes)}
    pairs = [(place[edge.parent], place[edge.child]) for edge in graph.edges]
    layout = layered(len(graph.nodes), pairs)
    corners = [_corner(spot) for spot in layout.places]
    wide = max((x for x, _ in corners), default=0) + _WIDTH + _MARGIN
    high = max((y for _, y in corners), default=0) + _HEIGHT + _MARGIN
    order = sorted(range(len(corners)), key=corners.__getitem__)
    inside = (
        _arrowheads(),
        *_edges(graph, pairs, layout, corners),
        *_made_how(graph, corners),
        *(_node(graph.nodes[index], index, corners[index]) for index in order),
    )
    return (
        f'<svg class="lineage" xmlns="http://www.w3.org/2000/svg" width="{wide:g}" '
        f'height="{high:g}" viewBox="0 0 {wide:g} {high:g}" role="group" '
        'aria-label="Lineage, from sources on the left to what was made of them">'
        f"{''.join(inside)}</svg>"
    )


def icon(standing: Standing) -> str:
    """Draw the sign of a verdict by itself, for legends and tables."""
    return (
        f'<svg class="sign s-{standing.value}" width="22" height="22" viewBox="-12 -12 24 24" '
        f'aria-hidden="true">{_sign(standing)}</svg>'
    )


def outline(shape: Shape) -> str:
    """Draw an outline by itself, for legends."""
    return (
        '<svg class="sample" width="44" height="26" viewBox="-3 -3 54 34" aria-hidden="true">'
        f'<g class="k-{shape.value}">{_outline(shape, 46, 26)}</g></svg>'
    )


def _corner(spot: tuple[float, float]) -> tuple[float, float]:
    column, row = spot
    return (
        _MARGIN + column * (_WIDTH + _BESIDE),
        round(_MARGIN + row * (_HEIGHT + _BELOW), 1),
    )


def _arrowheads() -> str:
    return "<defs>{}</defs>".format(
        "".join(
            f'<marker id="{name}" class="{name}" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            '<path d="M0 0 8 4 0 8Z"/></marker>'
            for name in ("arrow", "arrow-way")
        )
    )


def _edges(
    graph: Graph,
    pairs: Sequence[tuple[int, int]],
    layout: Layout,
    corners: Sequence[tuple[float, float]],
) -> Iterator[str]:
    """Draw edges, those on a way last, so that they lie above the others."""
    for index in sorted(range(len(pairs)), key=lambda i: graph.edges[i].is_on_way):
        edge, (parent, child) = graph.edges[index], pairs[index]
        way = _way(corners[parent], map(_corner, layout.bends[index]), corners[child])
        head = "arrow-way" if edge.is_on_way else "arrow"
        yield (
            f'<path class="{_edge_classes(edge)}" data-from="{parent}" data-to="{child}" '
            f'd="{way}" marker-end="url(#{head})"/>'
        )


def _edge_classes(edge: Edge) -> str:
    flags = {"on-way": edge.is_on_way, "stopped": edge.is_stopped, "part": edge.is_part}
    return " ".join(("edge", *(name for name, is_so in flags.items() if is_so)))


def _way(
    start: tuple[float, float], bends: Iterable[tuple[float, float]], end: tuple[float, float]
) -> str:
    """Lead from one node to another, level through the columns between."""
    middle = _HEIGHT / 2
    x, y = start[0] + _WIDTH, start[1] + middle
    steps = [f"M{x:g} {y:g}"]
    for left, top in bends:
        steps += [_curve(x, y, left, top + middle), f"H{left + _WIDTH:g}"]
        x, y = left + _WIDTH, top + middle
    steps.append(_curve(x, y, end[0] - 2, end[1] + middle))
    return "".join(steps)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    pull = max(abs(to_x - x) / 2, 1) if to_x > x else _BESIDE
    return f"C{x + pull:g} {y:g} {to_x - pull:g} {to_y:g} {to_x:g} {to_y:g}"


def _made_how(graph: Graph, corners: Sequence[tuple[float, float]]) -> Iterator[str]:
    """Write over each node how it was made, where no edge passes."""
    silent = {EdgeKind.UNSPECIFIED.value}
    kinds: dict[str, set[str]] = {}
    for edge in graph.edges:
        how = {"of its parts"} if edge.is_part else set(edge.kinds) - silent
        kinds.setdefault(edge.child, set()).update(how)
    for node, (x, y) in zip(graph.nodes, corners, strict=True):
        text = words.shortened(", ".join(sorted(kinds.get(node.id, ()))), _SMALL_CHARS)
        if text:
            yield f'<text class="how" x="{x + 12:g}" y="{y - 6:g}">{escape(text)}</text>'


def _node(node: Node, index: int, corner: tuple[float, float]) -> str:
    flags = {"asked": node.is_asked, "on-way": node.is_on_way, "unmade": not node.is_made}
    classes = [f"node k-{node.shape.value} s-{node.standing.value}"]
    classes += [name for name, is_so in flags.items() if is_so]
    small, name = title(node)
    full = name if node.folded else words.visible(node.id)
    said = words.STANDINGS[node.standing]
    # Below the lid of a source.
    lower = 5 if node.shape is Shape.SOURCE else 0
    unmade = "" if node.is_made else ", not made"
    spoken = f"{full}, {words.SHAPES[node.shape]}{unmade}, {said}"
    return (
        f'<g class="{" ".join(classes)}" id="n{index}" data-n="{index}" role="button" '
        f'tabindex="-1" aria-label="{escape(spoken)}" '
        f'transform="translate({corner[0]:g} {corner[1]:g})">'
        f"<title>{escape(spoken)}</title>"
        f"{_outline(node.shape, _WIDTH, _HEIGHT)}"
        f'<g class="sign" transform="translate(27 {_HEIGHT / 2 + lower:g})">'
        f"{_sign(node.standing)}</g>"
        f'<text class="small" x="{_TEXT_X}" y="{24 + lower}">{escape(small)}</text>'
        f'<text class="name" x="{_TEXT_X}" y="{42 + lower}">'
        f"{escape(words.shortened(name, _NAME_CHARS))}</text>"
        f'<text class="verdict" x="{_TEXT_X}" y="{58 + lower}">{escape(said)}</text></g>'
    )


def title(node: Node) -> tuple[str, str]:
    """Return the small line over a node's name, and the name: the end of its URI."""
    if node.folded:
        return "folded, click to list", words.counted(len(node.folded), "dataset")
    place, _, name = node.id.rstrip("/").rpartition("/")
    kind = f"{words.SHAPES[node.shape]}{'' if node.is_made else ', not made'}"
    where = words.shortened(words.visible(place), _SMALL_CHARS - len(kind) - 3)
    return f"{kind} · {where}" if where else kind, words.visible(name or node.id)


def _outline(shape: Shape, wide: int, high: int) -> str:
    match shape:
        case Shape.SOURCE:
            half, lid = wide / 2, high // 10
            side = high - 2 * lid
            body = f"M0 {lid}a{half:g} {lid} 0 0 1 {wide} 0v{side}a{half:g} {lid} 0 0 1-{wide} 0Z"
            rim = f'<path class="rim" d="M0 {lid}a{half:g} {lid} 0 0 0 {wide} 0"/>'
            return f'<path class="body" d="{body}"/>{rim}'
        case Shape.MODEL:
            cut, middle = high // 4, f"{high / 2:g}"
            body = f"M{cut} 0H{wide - cut}L{wide} {middle}L{wide - cut} {high}H{cut}L0 {middle}Z"
            return f'<path class="body" d="{body}"/>'
        case Shape.FOLDED:
            leaves = (_rectangle("leaf", offset, wide, high) for offset in (6, 3))
            return "".join((*leaves, _rectangle("body", 0, wide, high)))
    return _rectangle("body", 0, wide, high)


def _rectangle(name: str, offset: int, wide: int, high: int) -> str:
    return (
        f'<rect class="{name}" x="{offset}" y="{offset}" width="{wide}" height="{high}" '
        f'rx="{min(10, high // 4)}"/>'
    )


def _sign(standing: Standing) -> str:
    frame, mark = _SYMBOLS[standing]
    return f'<path class="frame" d="{_FRAMES[frame]}"/><path class="mark" d="{mark}"/>'
