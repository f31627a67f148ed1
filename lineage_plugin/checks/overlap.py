"""Whether a catalog pattern may mean a dataset whose name is told in part only.  Pure."""

from __future__ import annotations

import re
from typing import Final

from lineage_plugin.checks.constants import HOLE

#: Any number of segments, each with the slash before it; any text within a segment.
_SEGMENTS: Final = "\x00"
_WITHIN: Final = "\x01"
_ONE: Final = "\x02"


def may_mean(pattern: str, name: str) -> bool:
    """Whether some way to fill the holes of *name* gives a name that *pattern* matches.

    Args:
        pattern: As :func:`lineage_plugin.catalog.match.normalised` spells it.
        name: A URI in which :data:`HOLE` stands for any text.

    Example:
        >>> may_mean("s3://lake/photos/**", "s3://lake/" + HOLE + "/1.jpg")
        True
        >>> may_mean("s3://lake/*/1.jpg", "s3://lake/photos/" + HOLE + "/2.jpg")
        False
    """
    if pattern == "**":
        return True
    tokens = _tokens(pattern)
    # A place in the pattern, a place in the name, and whether whole segments are being passed over.
    waiting = [(0, 0, False)]
    seen = set(waiting)
    while waiting:
        at, place, passing = waiting.pop()
        if at == len(tokens) and place == len(name):
            return True
        for step in _steps(tokens, name, at, place, passing=passing):
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return False


def _steps(
    tokens: str, name: str, at: int, place: int, *, passing: bool
) -> list[tuple[int, int, bool]]:
    token = tokens[at] if at < len(tokens) else ""
    char = name[place] if place < len(name) else ""
    found: list[tuple[int, int, bool]] = []
    if passing:
        found.append((at + 1, place, False))
        if char:
            found.append((at, place + 1, True))
        return found
    if char == HOLE:
        found.append((at, place + 1, False))
        if token:
            found.append((at + 1, place, False))
        if token == _SEGMENTS:
            found.append((at, place + 1, True))
        return found
    if token in {_SEGMENTS, _WITHIN} and token:
        found.append((at + 1, place, False))
    if token == _SEGMENTS and char == "/":
        found.append((at, place + 1, True))
    elif token == _WITHIN and char not in {"", "/"}:
        found.append((at, place + 1, False))
    elif char and (token == char or (token == _ONE and char != "/")):
        found.append((at + 1, place + 1, False))
    return found


def _tokens(pattern: str) -> str:
    text = re.sub(r"/\*\*(?=/|$)", _SEGMENTS, pattern)
    return text.replace("*", _WITHIN).replace("?", _ONE)
