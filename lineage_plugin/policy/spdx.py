"""The one door to license-expression: what SPDX lists, and expressions as trees.

The library is imported when an expression of more than one licence, or an identifier that our own
table lacks, is first met.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

#: Nobody nests licences deeper; a forged expression must not exhaust the stack.
_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Node:
    """A licence (no ``operator``), or licences that all bind, or of which one may be chosen.

    ``exception`` is what stands after ``WITH``; it adds permissions to those of its licence.
    """

    operator: Literal["", "AND", "OR"]
    license: str = ""
    parts: tuple[Node, ...] = ()
    exception: str = ""

    def __str__(self) -> str:
        """Return an expression that :func:`parse` reads as this tree again."""
        if not self.operator:
            return f"{self.license} WITH {self.exception}" if self.exception else self.license
        written = (f"({part})" if part.operator else str(part) for part in self.parts)
        return f" {self.operator} ".join(written)


def leaves(node: Node) -> Iterator[str]:
    """Yield the licences in a tree."""
    if not node.operator:
        yield node.license
    for part in node.parts:
        yield from leaves(part)


@functools.cache
def identifiers() -> dict[str, str]:
    """Return the SPDX license identifiers by their lower-case spelling, deprecated ones included.

    What the library lists beside SPDX (``LicenseRef-scancode-*``) and as another word for a licence
    that is not the same (``LicenseRef-MIT-Bootstrap`` for ``MIT``) is left out.
    """
    found: dict[str, str] = {}
    for key, symbol in _symbols().items():
        if symbol.is_exception or key.startswith("LicenseRef-"):
            continue
        found[key.casefold()] = key
        for older in (key.removesuffix("-only"), f"{key.removesuffix('-or-later')}+"):
            if older in symbol.aliases:
                found[older.casefold()] = key
    return found


@functools.cache
def exceptions() -> dict[str, str]:
    """Return the identifiers that may follow ``WITH``, by their lower-case spelling."""
    return {key.casefold(): key for key, symbol in _symbols().items() if symbol.is_exception}


def canonical(expression: str) -> str:
    """Return the one spelling of an expression of known identifiers and ``LicenseRef-`` names.

    Operands are sorted and named once.

    Raises:
        ValueError: *expression* does not follow the grammar of SPDX 2.3, annex D.
    """
    parse(expression)  # refuses what is nested too deep for what follows
    return str(_parsed(expression).simplify().render())


@functools.lru_cache(maxsize=1024)
def parse(expression: str) -> Node:
    """Return *expression* as a tree.

    Raises:
        ValueError: *expression* does not follow the grammar of SPDX 2.3, annex D.
    """
    return _node(_parsed(expression))


def _parsed(expression: str) -> Any:
    try:
        parsed = _parser().parse(expression)
    # Not only its own errors: on "( )" the library raises IndexError, on "( AND MIT" an assertion.
    except Exception as error:
        raise ValueError(f"{expression[:200]!r} is no SPDX expression: {error}") from error
    if parsed is None:
        raise ValueError("an empty text is no SPDX expression")
    return parsed


def _node(parsed: Any, depth: int = 0) -> Node:
    if depth > _MAX_DEPTH:
        raise ValueError(f"an SPDX expression is nested at most {_MAX_DEPTH} deep")
    operator = getattr(parsed, "operator", None)
    if operator is None:
        licensed = getattr(parsed, "license_symbol", parsed)
        exception = getattr(parsed, "exception_symbol", None)
        if exception and exception.key.casefold() not in exceptions():
            # What nobody knows may take permissions away, as the Commons Clause does.
            raise ValueError(f"{exception.key[:200]!r} is no SPDX license exception")
        return Node("", licensed.key, exception=exception.key if exception else "")
    return Node(operator.strip(), parts=tuple(_node(each, depth + 1) for each in parsed.args))


@functools.cache
def _library() -> Any:
    import license_expression  # type: ignore[import-untyped]

    return license_expression


@functools.cache
def _symbols() -> dict[str, Any]:
    found: dict[str, Any] = _library().get_spdx_licensing().known_symbols
    return found


@functools.cache
def _parser() -> Any:
    """Return a parser that takes every name as it stands, so that none is turned into another."""
    return _library().Licensing()
