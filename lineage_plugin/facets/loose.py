"""JSON that anybody may have sent, read without surprise.  What is of the wrong kind is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unicodedata import category

from lineage_plugin.model import DatasetRef

#: Unicode's categories of control characters and of breaks; spaces of any script are names' own.
_BREAKS = frozenset({"Cc", "Zl", "Zp"})

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


def line(value: object) -> str:
    r"""Return a string of one line that steers no terminal: a name in a log or list forges nothing.

    Example:
        >>> line("lake/a\nALLOWED") == "lake/a\ufffdALLOWED"
        True
    """
    found = text(value)
    if found.isprintable():
        return found
    return "".join("\N{REPLACEMENT CHARACTER}" if category(c) in _BREAKS else c for c in found)


def ref_of(item: object) -> DatasetRef | None:
    """Read a dataset's namespace and name; ``None`` if it does not give both."""
    found = mapping(item)
    namespace, name = line(found.get("namespace")), line(found.get("name"))
    return DatasetRef(namespace, name) if namespace and name else None
