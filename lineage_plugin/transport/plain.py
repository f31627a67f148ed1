"""Events as plain JSON data, whatever somebody put into their facets."""
# Part of the door to OpenLineage: loaded with the transport only.
# ruff: noqa: TID253

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attr
from openlineage.client.serde import Serde

from lineage_plugin.errors import TransportError

#: Nothing that the record reads lies deeper in an event than this.
_DEEPEST = 32

#: An event with more values than this is not looked through: its sender waits.
_MOST_VALUES = 200_000

_CUT = "<<cut: too deep>>"


def plain_of(event: Any) -> dict[str, Any]:
    """Return *event* as the client would send it; what no client could send is cut short.

    Raises:
        TransportError: It is too large to be looked through.
    """
    try:
        return Serde.to_dict(event)
    except (RecursionError, ValueError, TypeError, OverflowError):
        cut: dict[str, Any] = _Cutting().plain(event)
        return cut


def text_of(plain: Mapping[str, Any]) -> str:
    """Write *plain* down; an empty object if JSON has no form for it.

    The record lives by what was read from an event; its text is there to look things up.
    """
    try:
        return json.dumps(plain, skipkeys=True, default=lambda o: f"<<{type(o).__qualname__}>>")
    except (RecursionError, ValueError, TypeError, OverflowError):
        return "{}"


class _Cutting:
    """Makes values plain down to a depth, and no more of them than somebody can wait for."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return *value* with all that is in it, or a mark where it is too deep."""
        self._left -= 1
        if self._left < 0:
            raise TransportError(f"an event has more than {_MOST_VALUES:,} values")
        fields = _fields(value)
        if fields is not None:
            if depth >= _DEEPEST:
                return _CUT
            found = ((name, self.plain(item, depth + 1)) for name, item in fields.items())
            return {name: item for name, item in found if item is not None}
        if isinstance(value, (list, tuple, set, frozenset)):
            return _CUT if depth >= _DEEPEST else [self.plain(item, depth + 1) for item in value]
        return Serde.remove_nulls_and_enums(value)


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """Return what a mapping or an object of the client consists of; ``None`` for anything else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type) or not attr.has(type(value)):
        return None
    return {field.name: getattr(value, field.name) for field in attr.fields(type(value))}
