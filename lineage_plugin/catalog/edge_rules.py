"""What ``policy.yaml`` says about edges: jurisdictions, more escalations, trusted producers."""

from __future__ import annotations

from collections.abc import Mapping

from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.reading import Reader, shown
from lineage_plugin.model import EdgeKind
from lineage_plugin.policy import edges

#: The keys of the file that are read here.
KEYS = ("jurisdictions", "escalations", "trusted_producers")

_ROW = ("edge", "when", "becomes", "jurisdiction", "source")


def edge_rules_of(reader: Reader, found: Mapping[str, Node]) -> edges.Rules:
    """Read the rules; what the file does not speak of is as it is shipped."""
    shipped = edges.Rules()
    chosen, rows, trusted = (found.get(key) for key in KEYS)
    return edges.Rules(
        jurisdictions=shipped.jurisdictions if chosen is None else _jurisdictions(reader, chosen),
        added=() if rows is None else _rows(reader, rows),
        trusted=shipped.trusted if trusted is None else _producers(reader, trusted),
    )


def _jurisdictions(reader: Reader, node: Node) -> tuple[str, ...]:
    if node.value is None or node.value == []:
        hint = (
            f"name at least one, or leave the key out for all: {', '.join(edges.jurisdictions())}"
        )
        reader.wrong("jurisdictions: none is named", node.line, hint)
        return edges.jurisdictions()
    named = reader.words(node, "jurisdictions", "jurisdiction", edges.jurisdictions())
    return tuple(sorted(named))


def _rows(reader: Reader, node: Node) -> tuple[edges.Row, ...]:
    found = (_row(reader, item) for item in reader.items(node, "escalations"))
    return tuple(row for row in found if row is not None)


def _row(reader: Reader, node: Node) -> edges.Row | None:
    what = "escalations"
    found = reader.fields(node, what, _ROW, needed=_ROW)
    if not found:
        return None
    edge = reader.word(
        found.get("edge"), f"{what}: edge", "kind", [kind.value for kind in EdgeKind]
    )
    when = reader.categories(found.get("when"), f"{what}: when")
    becomes = reader.categories(found.get("becomes"), f"{what}: becomes")
    texts = [reader.text(found.get(name), f"{what}: {name}") for name in _ROW[3:]]
    if len(becomes) > 1:
        reader.wrong(
            f"{what}: becomes is one category", found["becomes"].line, "write a row for each"
        )
    if not (edge and when and len(becomes) == 1 and all(texts)):
        return None
    return edges.Row(EdgeKind(edge), when, becomes[0], *texts)


def _producers(reader: Reader, node: Node) -> tuple[str, ...]:
    if node.value is None or node.value == []:
        return ()
    found: list[str] = []
    for item in reader.items(node, "trusted_producers"):
        text = reader.text(item, "trusted_producers")
        if text and "://" not in text:
            hint = f"write the URI of an OpenLineage producer, such as {edges.PROVIDER}"
            reader.wrong(f"trusted_producers: {shown(text)} is no URI", item.line, hint)
        elif text:
            found.append(text.rstrip("/"))
    return tuple(dict.fromkeys(found))
