"""Typed reading of what people wrote, in which each mistake becomes one problem."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lineage_plugin.catalog.lines import Node
from lineage_plugin.model import Problem
from lineage_plugin.policy import vocabulary
from lineage_plugin.policy.vocabulary import suggest

#: With more words than this to choose from, a hint does not list them all.
_FEW = 14

#: A text of this many characters and more is shortened in a message.
_LONG = 80

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?)?"
)

_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?"
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment_us(text: str) -> int:
    """Return the moment that *text* names.

    A bare date is 00:00 UTC of that day: until a date means up to the start of that day.  A time
    without a zone is UTC.

    Units:
        Microseconds since 1970-01-01T00:00:00Z.

    Raises:
        ValueError: *text* names no moment.

    Example:
        >>> moment_us("1970-01-02")
        86400000000
        >>> moment_us("1970-01-01T01:00:00.5+01:00")
        500000
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError("it is not of the form 2026-01-31 or 2026-01-31T12:00:00Z")
    *numbers, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    microsecond = int((fraction or "").ljust(6, "0"))
    at = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
    return (at - _offset(zone or "Z") - _EPOCH) // _MICROSECOND


def duration_us(text: str) -> int:
    """Return how long *text* lasts.

    A year is taken for 365 days and a month for 28, so that nothing lasts longer than was meant.

    Units:
        Microseconds.

    Raises:
        ValueError: *text* is no duration of ISO 8601, or none at all.

    Example:
        >>> duration_us("P1D") // 1_000_000, duration_us("P1Y") == duration_us("P365D")
        (86400, True)
    """
    found = _DURATION.fullmatch(text.strip().upper())
    years, months, weeks, days, hours, minutes, seconds = (
        int(number or 0) for number in (found.groups() if found else [0] * 7)
    )
    days += 365 * years + 28 * months + 7 * weeks
    lasting = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not lasting:
        raise ValueError("it is not of the form P1Y, P6M, P90D or PT12H")
    return lasting // _MICROSECOND


def _offset(zone: str) -> timedelta:
    if zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    # UTC-12 to UTC+14 are in use.
    if hours > 14 or minutes > 59:  # noqa: PLR2004 - the clock's own numbers
        raise ValueError(f"there is no zone {zone}")
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)


def shown(value: object) -> str:
    """Return *value* as a message quotes it."""
    text = repr(value)
    return text if len(text) < _LONG else f"{text[: _LONG - 4]}...{text[-1]}"


def meant(word: str, known: Collection[str]) -> str:
    """Return the hint that names the nearest of the *known* words, or all if they are few."""
    near = suggest(word, known)
    if near:
        return f"did you mean {near!r}?"
    return f"one of: {', '.join(sorted(known))}" if len(known) <= _FEW else ""


class Reader:
    """Reads nodes of one file as the types that are wanted, and collects problems.

    What is wrong is reported once and then treated as absent.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def at(self, line: int) -> str:
        """Name a line of this file."""
        return f"{self.file}:{line}"

    def wrong(self, message: str, line: int, hint: str = "") -> None:
        """Report a problem."""
        self.problems.append(Problem(message, self.at(line), hint))

    def fields(
        self,
        node: Node,
        what: str,
        allowed: Sequence[str],
        *,
        needed: Collection[str] = (),
        instead: Sequence[str] = (),
    ) -> dict[str, Node] | None:
        """Return the values of a mapping that has only *allowed* keys, ``None`` if it is none.

        A key without a value is reported: whether there is none or nobody knows must be said.

        Args:
            node: What was written.
            what: What to call it.
            allowed: The keys that it may have.
            needed: Those that it must have.  One that was misspelled is not missing, too.
            instead: Keys that another form of the same thing has; one may have been meant.
        """
        if not isinstance(node.value, dict):
            self._kind(node, what, "a mapping")
            return None
        known = (*allowed, *instead)
        strays = [key for key in node.value if key not in allowed]
        nearest = {suggest(key, known) for key in strays}
        for key in strays:
            message = f"{what}: unknown key {shown(key)}"
            self.wrong(message, node.key_lines[key], meant(key, known))
        for key in needed:
            if key not in node.value and nearest.isdisjoint({key, *instead}):
                self.wrong(f"{what}: {key} is missing", node.line)
        return {
            key: value
            for key in allowed
            if (value := node.value.get(key)) is not None
            and not self._is_empty(value, f"{what}: {key}", node.key_lines[key])
        }

    def _is_empty(self, node: Node, what: str, line: int) -> bool:
        if node.value is None:
            self.wrong(f"{what} is empty", line, "write a value or leave the key out")
        return node.value is None

    def text(self, node: Node | None, what: str) -> str:
        """Return a text; ``""`` if it is absent or not one."""
        if node is None:
            return ""
        if not isinstance(node.value, str):
            self._kind(node, what, "a text", "put it in quotes" if _is_scalar(node) else "")
            return ""
        if not node.value.strip():
            self.wrong(f"{what} is an empty text", node.line)
        return node.value.strip()

    def items(self, node: Node | None, what: str) -> list[Node]:
        """Return the items of a list; a single text is a list of itself."""
        if node is None:
            return []
        if isinstance(node.value, str):
            return [node]
        if not isinstance(node.value, list):
            self._kind(node, what, "a list")
            return []
        if not node.value:
            self.wrong(f"{what} is an empty list", node.line, "leave the key out")
        return node.value

    def words(
        self,
        node: Node | None,
        what: str,
        kind: str,
        known: Collection[str],
        *,
        guess: bool = True,
    ) -> tuple[str, ...]:
        """Return texts that must be known words, each once."""
        found = (self.word(item, what, kind, known, guess=guess) for item in self.items(node, what))
        return tuple(dict.fromkeys(word for word in found if word))

    def categories(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Return kinds of data, each once."""
        found: list[str] = []
        for item in self.items(node, what):
            text = self.text(item, what)
            if text and not vocabulary.is_category(text):
                hint = meant(text, vocabulary.CATEGORIES)
                self.wrong(f"{what}: unknown category {shown(text)}", item.line, hint)
            elif text:
                found.append(text)
        return tuple(dict.fromkeys(found))

    def word(
        self,
        node: Node | None,
        what: str,
        kind: str,
        known: Collection[str],
        *,
        guess: bool = True,
    ) -> str:
        """Return a text that must be a known word; ``""`` if it is absent or not one.

        What was meant is not guessed where the next word says something else altogether.
        """
        text = self.text(node, what)
        if not text or node is None or text in known:
            return text
        whole = next((word for word in sorted(known) if word.endswith(f":{text}")), "")
        hint = meant(whole or text, known)
        if not guess and not whole:
            hint = f"one of: {', '.join(sorted(known))}"
        self.wrong(f"{what}: unknown {kind} {shown(text)}", node.line, hint)
        return ""

    def moment(self, node: Node | None, what: str) -> int | None:
        """Return a date or time as microseconds."""
        text = self.text(node, what)
        if not text or node is None:
            return None
        try:
            return moment_us(text)
        except (ValueError, OverflowError) as error:
            hint = "write a date such as 2026-01-31, or 2026-01-31T12:00:00Z"
            self.wrong(f"{what}: {shown(text)} is no date: {error}", node.line, hint)
            return None

    def duration(self, node: Node | None, what: str) -> int | None:
        """Return a duration as microseconds."""
        text = self.text(node, what)
        if not text or node is None:
            return None
        try:
            return duration_us(text)
        except (ValueError, OverflowError) as error:
            hint = "write a duration such as P1Y or P90D"
            self.wrong(f"{what}: {shown(text)} is no duration: {error}", node.line, hint)
            return None

    def truth(self, node: Node | None, what: str) -> bool | None:
        """Return ``true`` or ``false``."""
        if node is None:
            return None
        if not isinstance(node.value, bool):
            self._kind(node, what, "true or false")
            return None
        return node.value

    def version(self, node: Node | None) -> None:
        """Check that a file says it is of version 1."""
        if node is not None and (node.value != 1 or isinstance(node.value, bool)):
            written = shown(node.value) if _is_scalar(node) else _kind_of(node)
            self.wrong(f"version {written} is not known", node.line, "write version: 1")

    def _kind(self, node: Node, what: str, wanted: str, hint: str = "") -> None:
        self.wrong(f"{what}: write {wanted}, not {_kind_of(node)}", node.line, hint)


def _is_scalar(node: Node) -> bool:
    return not isinstance(node.value, list | dict | None)


def _kind_of(node: Node) -> str:
    value: Any = node.value
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else shown(value)
