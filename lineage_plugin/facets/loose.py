"""JSON that anybody may have sent, read without surprise.  What is of the wrong kind is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage_plugin.model import DatasetRef

_NOTHING: Mapping[str, Any] = {}


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def items(value: object) -> list[Any]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a string that every database takes: no lone surrogates, no NUL; else nothing."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def ref_of(item: object) -> DatasetRef | None:
    """Read a dataset's namespace and name; ``None`` if it does not give both."""
    found = mapping(item)
    namespace, name = text(found.get("namespace")), text(found.get("name"))
    return DatasetRef(namespace, name) if namespace and name else None
