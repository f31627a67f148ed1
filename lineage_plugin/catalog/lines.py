"""The door to PyYAML: text to plain data that knows its lines, or to a list of problems.

Read are YAML 1.2's JSON-like values: ``no`` and ``NO`` are texts (1.1 takes Norway for false),
dates are texts too, and only ``true``, ``false``, ``null`` and decimal numbers are something else.
Tags that make objects are refused.  What people write may be hostile: size, depth and what aliases
expand to are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from lineage_plugin.model import Problem

#: The largest file that is read, in bytes; 10,000 datasets with everything declared take 6 MB.
MAX_BYTES = 32 * 1024 * 1024

#: How deep lists and mappings may lie in each other; the deepest that means something is 6.
MAX_DEPTH = 32

#: How many values a file may come to when each alias is replaced by what it stands for.
MAX_VALUES = 4_000_000

#: Control characters, halves of surrogate pairs, and what turns the direction of text on a screen.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_INSTEAD = "\N{REPLACEMENT CHARACTER}"

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]{1,3})?")

#: The tags that change nothing that matters here.
_TAGS = {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str"))}


@dataclass(slots=True)
class Node:
    """A value and the line on which it starts (the first is 1).

    ``value`` is a text, number, truth value, ``None``, ``list[Node]`` or ``dict[str, Node]``;
    ``key_lines`` tells for a mapping where each key stands; ``size`` counts values, with aliases
    in full.
    """

    value: Any
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)
    size: int = 1


class Unreadable(Exception):
    """A file is not YAML that can be read; nothing of it can be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def parse(data: bytes, file: str) -> tuple[Node, list[Problem]]:
    """Read the one document in *data*; problems that still leave a document come beside it.

    Args:
        data: The bytes of the file.
        file: What to call it in problems: ``file:line``.

    Raises:
        Unreadable: *data* is not a YAML document within bounds.
    """
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB"
        raise Unreadable(Problem(message, f"{file}:1", "split it into several files"))
    text = _decoded(data, file)
    builder = _Builder(file)
    try:
        # yaml.parse() without its second look at each event.
        for event in iter(_LOADER(text).get_event, None):
            builder.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"character {error.character:#04x} is not allowed in YAML"
        raise Unreadable(Problem(message, f"{file}:{line}")) from error
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax(error, file)) from error
    return builder.document(), builder.problems


#: libyaml where PyYAML was built with it: ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte {data[error.start]:#04x} is not UTF-8"
        raise Unreadable(Problem(message, f"{file}:{line}", "save the file as UTF-8")) from error


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    what = error.problem or "this cannot be read"
    context = f" {error.context}" if error.context else ""
    hint = ""
    if "tab" in what or "\\t" in what:
        hint = "indent with spaces, not tabs"
    elif "mapping values are not allowed" in what:
        hint = "put a text that contains ': ' in quotes"
    elif "cannot start any token" in what:
        hint = "put a text that starts with @, ` or % in quotes; indent with spaces, not tabs"
    return Problem(f"not valid YAML: {what}{context}", f"{file}:{line}", hint)


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun."""

    node: Node
    anchor: str | None
    key: str | None = None
    merged: list[Node] = field(default_factory=list)


class _Builder:
    """Builds nodes from events, without recursion: depth is data here, not stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._roots: list[Node] = []
        self._stack: list[_Open] = []
        #: ``None`` stands for an anchor on something that has not ended yet.
        self._anchors: dict[str, Node | None] = {}

    def document(self) -> Node:
        """Return what was built; an empty file is ``None`` on line 1."""
        return self._roots[0] if self._roots else Node(None, 1)

    def take(self, event: Any) -> None:
        """Take the next event of the parser."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._check_tag(event.tag, line)
            node = Node(self._scalar(event, line), line)
            self._anchor(event.anchor, node)
            self._place(node, event)
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._aliased(event.anchor, line), event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.DocumentStartEvent) and self._roots:
            self._fail("a second document starts", line, "keep one document in a file")

    def _begin(self, event: Any, line: int) -> None:
        self._check_tag(event.tag, line)
        if len(self._stack) >= MAX_DEPTH:
            self._fail(f"lists and mappings lie more than {MAX_DEPTH} deep", line)
        if self._stack and self._wants_key():
            self._fail("a list or mapping cannot be a key", line)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(Node({} if is_mapping else [], line), event.anchor))

    def _end(self) -> None:
        ended = self._stack.pop()
        for other in ended.merged:
            self._merge(ended.node, other)
        self._anchor(ended.anchor, ended.node)
        self._place(ended.node)

    def _wants_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.node.value, dict) and top.key is None

    def _place(self, node: Node, event: Any = None) -> None:
        """Put a finished node where it belongs."""
        if not self._stack:
            self._roots.append(node)
            return
        top = self._stack[-1]
        if isinstance(top.node.value, list):
            top.node.value.append(node)
        elif top.key is None:
            self._key(top, node, event)
            return
        else:
            key, top.key = top.key, None
            if key == "<<":
                top.merged.append(node)
            else:
                # The first of two equal keys stays; the second was reported when it was read.
                top.node.value.setdefault(key, node)
        top.node.size += node.size
        if top.node.size > MAX_VALUES:
            self._fail(f"the file comes to more than {MAX_VALUES:,} values", node.line)

    def _key(self, top: _Open, node: Node, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) and isinstance(node.value, list | dict):
            self._fail("a list or mapping cannot be a key", line)
        # Keys are names: `none` and `2026` are texts here.
        written = event.value if isinstance(event, yaml.ScalarEvent) else str(node.value)
        top.key = _UNSAFE.sub(_INSTEAD, written)
        first = top.node.key_lines.setdefault(top.key, line)
        if top.key in top.node.value:
            self.problems.append(
                Problem(
                    f"{top.key!r} is there twice", f"{self.file}:{line}", f"first on line {first}"
                )
            )

    def _merge(self, node: Node, other: Node) -> None:
        """Add what ``<<`` names; what is written out wins, and the first of several."""
        for source in other.value if isinstance(other.value, list) else [other]:
            if not isinstance(source.value, dict):
                self._fail("'<<' stands before something that is not a mapping", other.line)
            for key, value in source.value.items():
                node.value.setdefault(key, value)
                node.key_lines.setdefault(key, source.key_lines[key])

    def _anchor(self, name: str | None, node: Node) -> None:
        if name:
            self._anchors[name] = node

    def _aliased(self, name: Any, line: int) -> Node:
        if name not in self._anchors:
            self._fail(
                f"*{name} stands for nothing", line, f"write &{name} before what it stands for"
            )
        node = self._anchors[name]
        if node is None:
            self._fail(f"*{name} stands for something that contains it", line)
        return node

    def _scalar(self, event: Any, line: int) -> Any:
        text: str = event.value
        found = _UNSAFE.search(text)
        if found:
            self.problems.append(
                Problem(
                    f"character {ord(found[0]):#04x} is not allowed in a text",
                    f"{self.file}:{line}",
                )
            )
            return _UNSAFE.sub(_INSTEAD, text)
        return _plain(text) if event.implicit[0] and not event.tag else text

    def _check_tag(self, tag: str | None, line: int) -> None:
        if tag not in _TAGS:
            self._fail(f"the tag {tag!r} is not allowed", line, "write plain values")

    def _fail(self, message: str, line: int, hint: str = "") -> NoReturn:
        raise Unreadable(Problem(message, f"{self.file}:{line}", hint))


def _plain(text: str) -> Any:
    """Return what a text without quotes stands for."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
