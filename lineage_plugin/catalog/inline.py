"""One entry of ``provenance.yaml`` as Python values: a decorator's arguments, an Asset's extra."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from lineage_plugin.catalog.declarations import DeclarationReader
from lineage_plugin.catalog.lines import Node
from lineage_plugin.catalog.snapshot import Snapshot
from lineage_plugin.errors import CatalogError
from lineage_plugin.model import Declaration, Problem

#: Nothing that people write is nested deeper.
_DEEPEST = 20


def declaration_from(
    pattern: str,
    entry: Mapping[str, object],
    *,
    authority: str,
    where: str = "",
    folder: Path = Path(),
    purposes: Collection[str] = (),
    license_names: Collection[str] = (),
) -> Declaration:
    """Read what *authority* says about *pattern*, in the shapes of ``provenance.yaml``.

    Args:
        pattern: A pattern in its normal spelling, such as a dataset's URI.
        entry: What would stand below the pattern in the file.
        authority: Who says it.
        where: What to call the place in messages.
        folder: Where paths of agreements and evidence start.
        purposes: Purposes beside the shipped ones, which the policy adds.
        license_names: Names beside those of SPDX, which a catalog file registers.

    Raises:
        CatalogError: Something in it is wrong; ``problems`` lists everything that is.
    """
    file = DeclarationReader(
        folder / "entry", Snapshot(), purposes=purposes, license_names=license_names
    )
    try:
        found = file.declaration(authority, pattern, _node(dict(entry)), 1)
    except TypeError as error:
        raise CatalogError((Problem(str(error), where),)) from error
    if file.problems:
        raise CatalogError(tuple(replace(problem, where=where) for problem in file.problems))
    return replace(found, where=where)


def _node(value: object, depth: int = 0) -> Node:
    """Turn a value into what the parser makes of the same value in a file.

    Raises:
        TypeError: It is nothing that a file can hold.
    """
    if depth > _DEEPEST:
        raise TypeError("values are nested too deeply")
    if isinstance(value, Mapping):
        keys = [str(key) for key in value]
        nodes = [_node(item, depth + 1) for item in value.values()]
        return Node(dict(zip(keys, nodes, strict=True)), 1, dict.fromkeys(keys, 1))
    if isinstance(value, list | tuple):
        return Node([_node(item, depth + 1) for item in value], 1)
    if isinstance(value, date | datetime):
        return Node(value.isoformat(), 1)
    if value is None or isinstance(value, str | bool | int | float):
        return Node(value, 1)
    raise TypeError(f"write plain values, not {type(value).__name__}")
