"""The text of a suite file, read strictly and without Great Expectations.

Great Expectations drops what it does not understand and passes what is left, so everything that the
text alone can show to be wrong is refused here, all of it together, each with its line.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage_plugin.catalog.snapshot import open_ordinary
from lineage_plugin.errors import SuiteError
from lineage_plugin.gate import suite_modules
from lineage_plugin.gate.custom_types import CUSTOM_TYPES, mistakes
from lineage_plugin.gate.frame import COLUMNS
from lineage_plugin.model import Problem
from lineage_plugin.policy import verdicts
from lineage_plugin.policy.vocabulary import suggest

#: What an expectation may be worth; the first blocks, and holds where nothing is said.
SEVERITIES = ("critical", "warning", "info")

#: Types that look at the shape of the frame and not into its cells.
SHAPE_TYPES = frozenset(
    {
        "expect_column_to_exist",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_be_between",
        "expect_table_row_count_to_equal",
    }
)

#: Types that hold for every frame: shapes, and nulls, for no cell of a frame is ever null.
_EMPTY_TYPES = SHAPE_TYPES | {"expect_column_values_to_not_be_null"}

#: What an expectation says nothing without, by the end of its type: one of these arguments.
_SUBSTANCE = {
    "_between": ("min_value", "max_value", "quantile_ranges"),
    "_set": ("value_set", "value_pairs_set", "column_set"),
    "_list": ("regex_list", "like_pattern_list", "type_list", "column_list"),
    "_regex": ("regex",),
}

#: How the types begin of which that is known; one of somebody's own may have other arguments.
_SHIPPED = ("expect_column_", "expect_compound_", "expect_multicolumn_", "expect_table_")

#: Bytes; a suite is a page or two.  Lists of ids belong into a column, not into a ``value_set``:
#: Great Expectations takes about 0.1 ms for each element.
_MAX_BYTES = 1 << 20

_SUITE_KEYS = frozenset({"name", "expectations", "id", "meta", "notes", "suite_parameters"})
_KEYS = frozenset(
    {
        "type",
        "kwargs",
        "meta",
        "notes",
        "id",
        "description",
        "severity",
        "rendered_content",
        "expectation_context",
    }
)
#: Keys that Great Expectations would take out of ``kwargs`` in place of those beside it, and those
#: that change what a result says.
_NOT_IN_KWARGS = (_KEYS - {"kwargs"}) | {"result_format", "catch_exceptions", "windows"}
_COLUMN_KEYS = ("column", "column_A", "column_B")
_COLUMN_LIST_KEYS = ("column_list", "column_set")
_NOTHING: tuple[object, ...] = (None, "", [], {})
_SUCH_AS = {"extends": "model-training", "modules": "our_company.expectations"}
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation as it is written.  ``rule`` is its stable id, from ``meta.rule``.

    ``inherited_from`` names the suite that asks it, and ``path`` that suite's file, where it is not
    the suite that has it.
    """

    type: str
    kwargs: Mapping[str, Any]
    severity: str = "critical"
    rule: str = ""
    description: str = ""
    line: int = 0
    path: str = ""
    inherited_from: str = ""

    @property
    def column(self) -> str:
        """The one column that it is about, or ``""``."""
        if self.type in CUSTOM_TYPES:
            return CUSTOM_TYPES[self.type].column
        column = self.kwargs.get("column", "")
        return column if isinstance(column, str) else ""


@dataclass(frozen=True, slots=True)
class Written:
    """What one suite file says; ``digest`` is the SHA-256 of its bytes."""

    name: str
    path: str
    digest: str
    expectations: tuple[Expected, ...]
    extends: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    notes: str = ""


def read(path: Path) -> Written:
    """Read one suite file by itself.

    Raises:
        SuiteError: It cannot be read, or cannot be trusted; lists everything that is wrong.
    """
    reading = _Reading(path)
    written = reading.written()
    if written is None or reading.problems:
        raise SuiteError(tuple(reading.problems))
    return written


def can_block(expected: Expected) -> bool:
    """Whether there are frames without nulls that this keeps from passing."""
    return expected.severity == "critical" and expected.type not in _EMPTY_TYPES


@dataclass
class _Reading:
    """Reads one file and gathers what is wrong with it."""

    path: Path
    problems: list[Problem] = field(default_factory=list)

    def written(self) -> Written | None:
        """Return what the file says; worth nothing when there are problems."""
        data = self._bytes()
        raw = None if data is None else self._members(data)
        if data is None or raw is None:
            return None
        text = data.decode("utf-8-sig")
        self._about(raw)
        listed = raw.get("expectations")
        if not isinstance(listed, list) or not listed:
            hint = "add at least one expectation: an empty suite would pass everything"
            self._wrong("'expectations' is empty or no list", 1, hint)
            return None
        lines = _lines(text)
        found = [self._expected(item, line) for item, line in zip(listed, lines, strict=True)]
        expectations = tuple(expected for expected in found if expected is not None)
        digest = hashlib.sha256(data).hexdigest()
        return Written(
            self.path.stem,
            str(self.path),
            digest,
            expectations,
            self._names(raw, "extends"),
            self._names(raw, "modules"),
            str(raw.get("notes") or ""),
        )

    def _wrong(self, message: str, line: int = 0, hint: str = "") -> None:
        where = f"{self.path}:{line}" if line else str(self.path)
        self.problems.append(Problem(message, where, hint))

    def _bytes(self) -> bytes | None:
        try:
            with os.fdopen(open_ordinary(self.path), "rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            self._wrong(f"cannot be read: {error.strerror or error}")
            return None
        if len(data) > _MAX_BYTES:
            hint = "put long lists into a column of the frame"
            self._wrong(f"larger than {_MAX_BYTES >> 20} MiB", hint=hint)
            return None
        return data

    def _members(self, data: bytes) -> dict[str, Any] | None:
        """Parse the file; keys that are there twice are refused, for the last would win unseen."""
        twice: list[str] = []

        def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
            members = dict(items)
            if len(members) < len(items):
                names = [name for name, _ in items]
                twice.extend(name for name in members if names.count(name) > 1)
            return members

        try:
            raw = json.loads(data.decode("utf-8-sig"), object_pairs_hook=pairs)
        except UnicodeDecodeError as error:
            self._wrong(f"no UTF-8: {error.reason} at byte {error.start}")
            return None
        except json.JSONDecodeError as error:
            self._wrong(f"no JSON: {error.msg}", error.lineno)
            return None
        except RecursionError:
            self._wrong("nested too deeply", 1)
            return None
        for name in twice:
            self._wrong(f"key {name!r} is there twice in one object", 1, "the last would win")
        if not isinstance(raw, dict):
            self._wrong("no suite: the file holds no JSON object", 1)
            return None
        return raw

    def _about(self, raw: Mapping[str, Any]) -> None:
        for key in raw.keys() - _SUITE_KEYS:
            if key == "expectation_suite_name":
                self._wrong(f"{key!r} is of Great Expectations 0.x", 1, "write 'name'")
            else:
                self._wrong(f"unknown key {key!r}", 1, _meant(key, _SUITE_KEYS))
        if raw.get("name") != self.path.stem:
            hint = f'write "name": "{self.path.stem}"'
            self._wrong(f"the suite is named {raw.get('name')!r}, the file otherwise", 1, hint)
        if not isinstance(raw.get("meta", {}), dict | None):
            self._wrong("'meta' is no JSON object", 1)
        if raw.get("suite_parameters"):
            self._wrong("suite parameters have no values at a gate", 1, "write the values")

    def _names(self, raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """Return the names of suites or modules that stand in the suite's ``meta``."""
        meta = raw.get("meta")
        listed = meta.get(key, []) if isinstance(meta, dict) else []
        is_name = suite_modules.is_name if key == "modules" else _is_text
        if not isinstance(listed, list) or not all(map(is_name, listed)):
            hint = f'write a list of names, such as "{key}": ["{_SUCH_AS[key]}"]'
            self._wrong(f"'meta.{key}' is {listed!r:.60}", 1, hint)
            return ()
        return tuple(listed)

    def _expected(self, raw: Any, line: int) -> Expected | None:
        if not isinstance(raw, dict):
            self._wrong(f"an expectation is a JSON object, not {raw!r:.60}", line)
            return None
        for key in raw.keys() - _KEYS:
            if key == "expectation_type":
                self._wrong(f"{key!r} is of Great Expectations 0.x", line, "write 'type'")
            else:
                self._wrong(f"unknown key {key!r}", line, _meant(key, _KEYS))
        kind = raw.get("type")
        if not isinstance(kind, str) or not kind:
            if "expectation_type" not in raw:
                self._wrong("an expectation has no 'type'", line)
            return None
        severity = "critical" if raw.get("severity") is None else raw["severity"]
        if severity not in SEVERITIES:
            self._wrong(f"unknown severity {severity!r:.60}", line, _meant(severity, SEVERITIES))
        kwargs = {} if raw.get("kwargs") is None else raw["kwargs"]
        if not isinstance(kwargs, dict):
            self._wrong("'kwargs' is no JSON object", line)
            return None
        self._arguments(kwargs, severity, line)
        self._substance(kind, kwargs, line)
        rule, description = self._texts(raw, line)
        return Expected(kind, kwargs, severity, rule, description, line)

    def _texts(self, raw: Mapping[str, Any], line: int) -> tuple[str, str]:
        """Return the rule's id and the description."""
        meta = {} if raw.get("meta") is None else raw["meta"]
        if not isinstance(meta, dict):
            self._wrong("'meta' is no JSON object", line)
            meta = {}
        rule, description = meta.get("rule") or "", raw.get("description") or ""
        for name, text in (("meta.rule", rule), ("description", description)):
            if not isinstance(text, str):
                self._wrong(f"{name!r} is no text", line)
        return str(rule), str(description)

    def _arguments(self, kwargs: Mapping[str, Any], severity: str, line: int) -> None:
        for key in sorted(kwargs.keys() & _NOT_IN_KWARGS):
            self._wrong(f"{key!r} does not belong into 'kwargs'", line)
        mostly = kwargs.get("mostly", 1)
        if severity == "critical" and (isinstance(mostly, bool) or mostly != 1):
            hint = "one dataset is enough to block; leave it out or make it a warning"
            self._wrong(f"'mostly' is {mostly!r:.60} on a critical expectation", line, hint)
        if any(part == "$PARAMETER" for part in _strings(kwargs)):
            self._wrong("a '$PARAMETER' has no value at a gate", line, "write the value")
        condition = kwargs.get("row_condition")
        if condition is not None and not isinstance(condition, dict):
            hint = "write it as an object; Great Expectations 2 takes no other"
            self._wrong("'row_condition' is no JSON object", line, hint)
        if kwargs.get("condition_parser") is not None:
            self._wrong("'condition_parser' is for conditions in text", line, "leave it out")
        for column in _columns(kwargs):
            if not isinstance(column, str):
                self._wrong(f"a column is named by a string, not {column!r:.60}", line)
            elif column not in COLUMNS:
                self._wrong(f"unknown column {column!r}", line, _meant(column, COLUMNS))
        self._verdicts(kwargs, line)

    def _substance(self, kind: str, kwargs: Mapping[str, Any], line: int) -> None:
        """Refuse what holds for every value."""
        if kind in CUSTOM_TYPES:
            for message, hint in mistakes(CUSTOM_TYPES[kind], kwargs):
                self._wrong(message, line, hint)
            return
        for end, names in _SUBSTANCE.items() if kind.startswith(_SHIPPED) else ():
            if kind.endswith(end) and all(kwargs.get(name) in _NOTHING for name in names):
                self._wrong(f"{kind} compares with nothing", line, f"write {' or '.join(names)}")
        if "_not_match_" in kind:
            return
        listed = kwargs.get("regex_list")
        for regex in (kwargs.get("regex"), *(listed if isinstance(listed, list) else ())):
            if isinstance(regex, str) and regex and _matches_nothing(regex):
                hint = "it is searched for, and found in every value: ask for some character"
                self._wrong(f"regex {regex!r:.60} matches the empty text", line, hint)

    def _verdicts(self, kwargs: Mapping[str, Any], line: int) -> None:
        """Refuse verdicts that nothing gives; one misspelt among forbidden ones lets pass."""
        column, listed = kwargs.get("column"), kwargs.get("value_set")
        if not isinstance(column, str) or not isinstance(listed, list):
            return
        area = column.removesuffix("_verdict")
        known = {verdict for of, verdict in verdicts.known() if of == area}
        if column == area and column != "assurance":
            return
        for value in listed:
            if known and value not in known:
                self._wrong(f"{column} is never {value!r:.60}", line, _meant(value, known))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _matches_nothing(regex: str) -> bool:
    """Tell whether *regex* matches the empty text; one that cannot be read matches no value."""
    try:
        return re.search(regex, "") is not None
    except (re.error, OverflowError, RecursionError):
        return False


def _meant(word: object, known: Collection[str]) -> str:
    near = suggest(word, known) if isinstance(word, str) else ""
    return f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(known))}"


def _lines(text: str) -> list[int]:
    """Return the line on which each expectation begins.

    Args:
        text: The JSON of an object in which no key is twice and ``expectations`` is a list.
    """
    found: list[int] = []
    at = _past(text, text.index("{") + 1)
    decode = json.JSONDecoder().raw_decode
    while text[at] != "}":
        key, at = decode(text, at)
        at = _past(text, _past(text, at) + 1)
        if key == "expectations":
            found, at = [], _past(text, at + 1)
            while text[at] != "]":
                found.append(1 + text.count("\n", 0, at))
                _, at = decode(text, at)
                at = _past(text, at, comma=True)
            at += 1
        else:
            _, at = decode(text, at)
        at = _past(text, at, comma=True)
    return found


def _past(text: str, at: int, *, comma: bool = False) -> int:
    """Return where the next token begins, a comma passed over if asked."""
    match = _SPACE.match(text, at)
    at = match.end() if match else at
    return _past(text, at + 1) if comma and text[at : at + 1] == "," else at


def _columns(kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what stands where columns are named."""
    for key in _COLUMN_KEYS:
        if key in kwargs:
            yield kwargs[key]
    for key in _COLUMN_LIST_KEYS:
        listed = kwargs.get(key)
        yield from listed if isinstance(listed, list) else ()
    yield from _condition_columns(kwargs.get("row_condition"))


def _condition_columns(condition: Any) -> Iterator[Any]:
    if not isinstance(condition, dict):
        return
    column = condition.get("column")
    if column is not None:
        yield column.get("name") if isinstance(column, dict) else column
    nested = condition.get("conditions")
    for part in nested if isinstance(nested, list) else ():
        yield from _condition_columns(part)


def _strings(value: Any) -> Iterator[str]:
    """Yield every string in JSON data, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def may_read(expected: Expected) -> frozenset[str]:
    """Return the columns on whose cells the answer may depend.

    Too many cost only that a decision is made anew more often; one too few would let an old
    decision stand for another frame.  So every word that is a column's name counts, and where no
    column is named (a type of somebody's own, with the column in its code) all of them do.
    """
    if expected.type in CUSTOM_TYPES:
        return CUSTOM_TYPES[expected.type].reads(expected.kwargs)
    if expected.type in SHAPE_TYPES:
        return _words(expected.kwargs.get("row_condition"))
    if not any(True for _ in _columns(expected.kwargs)):
        return frozenset(COLUMNS)
    return _words(expected.kwargs)


def _words(value: Any) -> frozenset[str]:
    words = (word for text in _strings(value) for word in re.findall(r"\w+", text))
    return frozenset(word for word in words if word in COLUMNS)
