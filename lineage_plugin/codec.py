"""Values of :mod:`lineage_plugin.model` as canonical JSON and back.  Pure.

Fields that hold their default are left out, so that a field added later changes no digest of what
was written before.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
import typing
from enum import Enum
from typing import Any, TypeVar

from lineage_plugin import model

_T = TypeVar("_T")

#: How the members of a union are told apart: the key that stands for the class, and its reason.
_TAGS = {model.DeclaredNone: "none", model.Unknown: "unknown"}


def canonical(value: object) -> str:
    """Serialise plain JSON data so that equal data gives equal text.

    Example:
        >>> canonical({"b": 1, "a": "é"})
        '{"a":"é","b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """Return the SHA-256 (FIPS 180-4) of *value*'s canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def encode(value: Any) -> Any:
    """Turn a value of the model into plain JSON data."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    tag = _TAGS.get(type(value), "reason")
    return {
        tag if name == "reason" else name: encode(found)
        for name, _, default in _fields(type(value))
        if (found := getattr(value, name)) != default or default is dataclasses.MISSING
    }


def decode(cls: type[_T], plain: Any) -> _T:
    """Turn what :func:`encode` made back into a value of *cls*; unknown keys are refused.

    Raises:
        ValueError: *plain* is not the JSON of a *cls*.
    """
    return typing.cast("_T", _decode(cls, plain))


def prepare(hint: Any) -> None:
    """Look up the fields of a class and of all that it holds, once for a process and its forks."""
    is_class = isinstance(hint, type) and dataclasses.is_dataclass(hint)
    for inner in _types(hint).values() if is_class else typing.get_args(hint):
        prepare(inner)


@functools.cache
def _fields(cls: type) -> tuple[tuple[str, Any, Any], ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        (field.name, hints[field.name], field.default) for field in dataclasses.fields(cls)
    )


@functools.cache
def _types(cls: type) -> dict[str, Any]:
    return {name: hint for name, hint, _ in _fields(cls)}


def _decode(hint: Any, plain: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(hint), plain)
    if origin is tuple:
        item = typing.get_args(hint)[0]
        if not isinstance(plain, list):
            message = f"expected a list, got {plain!r}"
            raise ValueError(message)
        return tuple(_decode(item, found) for found in plain)
    if dataclasses.is_dataclass(hint):
        return _decode_class(hint, plain)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(plain)
    if not isinstance(plain, hint) or (isinstance(plain, bool) and hint is not bool):
        message = f"expected {hint.__name__}, got {plain!r}"
        raise ValueError(message)
    return plain


def _decode_class(cls: Any, plain: Any) -> Any:
    if not isinstance(plain, dict):
        message = f"expected an object for {cls.__name__}, got {plain!r}"
        raise ValueError(message)  # noqa: TRY004 - wrong data, not a wrong call
    if cls in _TAGS and _TAGS[cls] in plain:
        plain = {"reason" if name == _TAGS[cls] else name: found for name, found in plain.items()}
    hints = _types(cls)
    stray = plain.keys() - hints.keys()
    if stray:
        message = f"{cls.__name__} has no field {min(stray)!r}"
        raise ValueError(message)
    try:
        return cls(**{name: _decode(hints[name], found) for name, found in plain.items()})
    except TypeError as error:
        raise ValueError(str(error)) from error


def _decode_union(options: tuple[Any, ...], plain: Any) -> Any:
    if plain is None and type(None) in options:
        return None
    for option in options:
        if option in _TAGS and isinstance(plain, dict) and _TAGS[option] in plain:
            return _decode_class(option, plain)
    plainest = [o for o in options if o is not type(None) and o not in _TAGS]
    if len(plainest) != 1:
        message = f"cannot tell which of {options!r} {plain!r} is"
        raise ValueError(message)
    return _decode(plainest[0], plain)
