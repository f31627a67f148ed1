"""The declassification of one entry: who decided that what kinds of data are no longer in it."""

from __future__ import annotations

from lineage_plugin.catalog.documents import DocumentReader
from lineage_plugin.catalog.lines import Node
from lineage_plugin.model import Declassified

_NEEDED = ("removes", "method", "by", "reason", "until")


def declassified_of(
    reader: DocumentReader, node: Node | None, *, external: bool
) -> Declassified | None:
    """Read a declassification; what is wrong with it is told to *reader*."""
    what = "declassified"
    if node is None:
        return None
    found = reader.fields(node, what, (*_NEEDED, "evidence"), needed=_NEEDED)
    if not found:
        return None
    if external:
        hint = "declare it on what an anonymise or aggregate task wrote"
        reader.wrong("declassified: data from outside went through no step here", node.line, hint)
    texts = {name: reader.text(found.get(name), f"{what}: {name}") for name in _NEEDED[1:4]}
    removes = reader.categories(found.get("removes"), f"{what}: removes")
    until_us = reader.moment(found.get("until"), f"{what}: until")
    evidence = reader.evidence(found.get("evidence"), f"{what}: evidence")
    if not removes or until_us is None or not all(texts.values()):
        return None
    return Declassified(removes, **texts, until_us=until_us, evidence=evidence)
