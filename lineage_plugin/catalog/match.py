"""Which of many patterns match a dataset's URI, in microseconds.  Pure.

A pattern is a URI in which ``?`` stands for one character and ``*`` for any within a segment (the
text between two slashes), and ``**``, alone in its segment, for any number of segments, none
included: ``s3://lake/photos/**`` matches ``s3://lake/photos`` too.  Upper and lower case differ.

The patterns become a tree of segments, written out as flat tables of numbers, so that a compiled
catalog is read from disk without building anything.  A URI is matched by following all branches at
once, segment by segment, so that no pattern can make it go back and try again.
"""

from __future__ import annotations

import itertools
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from zlib import crc32

from lineage_plugin.model import DatasetRef

#: Bytes of one number in the tables.
_WIDTH = 4

#: The tables: eight lengths, six columns of numbers, the names of all nodes, and globs as JSON.
_COLUMNS = 6


def normalised(pattern: str) -> str:
    """Return the one spelling of a pattern, that of :attr:`DatasetRef.uri`.

    Raises:
        ValueError: *pattern* names no dataset.

    Example:
        >>> normalised("s3://lake/photos/")
        's3://lake/photos'
        >>> normalised("s3://lake/a**b/**/**/*.csv")
        's3://lake/a*b/**/*.csv'
    """
    text = pattern.strip()
    uri = text if text in {"*", "**"} else DatasetRef.parse(text).uri
    segments: list[str] = []
    for segment in uri.split("/"):
        if segment != "**":
            segments.append(re.sub(r"\*{2,}", "*", segment))
        elif segments[-1:] != ["**"]:
            segments.append(segment)
    return "/".join(segments)


class Matcher:
    """An immutable index of patterns.

    Example:
        >>> matcher = Matcher(["s3://lake/**", "s3://lake/*/day=?", "s3://sea/x"])
        >>> matcher.match("s3://lake/photos/day=7")
        (0, 1)
    """

    __slots__ = (
        "_bytes",
        "_ends",
        "_extra_of",
        "_extras",
        "_glob_rows",
        "_glob_text",
        "_globs",
        "_ids",
        "_name_ends",
        "_names",
        "_parents",
        "_slots",
    )

    #: Decoded when a node with globs is first reached.
    _glob_rows: list[list[tuple[str, int]]]
    _globs: dict[int, _Globs]

    def __init__(self, patterns: Sequence[str]) -> None:
        """Index *patterns*.

        Raises:
            ValueError: One of them names no dataset.
        """
        self._open(memoryview(_Tree(patterns).tables()))

    @classmethod
    def from_bytes(cls, tables: memoryview) -> Matcher:
        """Read what :meth:`to_bytes` gave, on a machine of the same byte order, without copying.

        Raises:
            ValueError: *tables* cannot be that.
        """
        matcher = cls.__new__(cls)
        matcher._open(tables)  # noqa: SLF001 - another way to make one of these
        return matcher

    def to_bytes(self) -> memoryview:
        """Return the tables of this index."""
        return self._bytes

    def match(self, uri: str) -> tuple[int, ...]:
        """Return the places of all patterns that match a :attr:`DatasetRef.uri`, in order."""
        ends = self._ends
        found: list[int] = []
        for node in self._reached(uri):
            start, stop = ends[node], ends[node + 1]
            if start != stop:
                found.extend(self._ids[start:stop])
        return tuple(sorted(found))

    def _reached(self, uri: str) -> list[int]:
        """Return the nodes at which *uri* ends."""
        slots, parents, names, name_ends = self._slots, self._parents, self._names, self._name_ends
        extra_of = self._extra_of
        mask = len(slots) - 1
        active = self._and_below([0]) if extra_of[0] else [0]
        for name in uri.encode("utf-8", "surrogatepass").split(b"/"):
            following: list[int] = []
            is_plain = True
            for node in active:
                slot = crc32(name, node) & mask
                while child := slots[slot]:
                    if (
                        parents[child] == node
                        and names[name_ends[child - 1] : name_ends[child]] == name
                    ):
                        following.append(child)
                        is_plain = is_plain and not extra_of[child]
                        break
                    slot = (slot + 1) & mask
                if extra_of[node]:
                    is_plain = False
                    self._follow_wild(node, name, following)
            active = following if is_plain else self._and_below(following)
            if not active:
                break
        return active

    def _follow_wild(self, node: int, name: bytes, following: list[int]) -> None:
        """Add where ``*``, ``?`` and ``**`` lead from *node* over a segment of this *name*."""
        extra = self._extra_of[node]
        _, star, is_deep, globs = self._extras[extra : extra + 4]
        if star:
            following.append(star)
        if is_deep:
            following.append(node)
        if globs:
            following.extend(self._globs_of(globs).matching(name.decode("utf-8", "surrogatepass")))

    def _and_below(self, nodes: list[int]) -> list[int]:
        """Add the ``**`` below each node, which needs no segment; each node once."""
        found = dict.fromkeys(nodes)
        for node in nodes:
            if (extra := self._extra_of[node]) and (deep := self._extras[extra]):
                found[deep] = None
        return list(found)

    def _globs_of(self, row: int) -> _Globs:
        globs = self._globs.get(row)
        if globs is None:
            if not self._glob_rows:
                self._glob_rows = json.loads(bytes(self._glob_text))
            globs = self._globs[row] = _Globs(self._glob_rows[row - 1])
        return globs

    def _open(self, tables: memoryview) -> None:
        head = tables[: (_COLUMNS + 2) * _WIDTH]
        *sizes, extras, names = head.cast("I") if len(head) == (_COLUMNS + 2) * _WIDTH else (0, 0)
        bounds = list(itertools.accumulate((n * _WIDTH for n in sizes), initial=len(head)))
        names += bounds[-1]
        if not sizes or names > len(tables):
            raise ValueError("these are not the tables of a matcher")
        columns = [tables[a:b].cast("I") for a, b in itertools.pairwise(bounds)]
        self._slots, self._parents, self._name_ends, self._ends, self._extra_of, rest = columns
        self._extras, self._ids = rest[:extras], rest[extras:]
        self._names = bytes(tables[bounds[-1] : names])
        self._glob_text = tables[names:]
        self._glob_rows = []
        self._globs = {}
        self._bytes = tables


class _Tree:
    """Patterns while they are sorted into a tree; node 0 is the root, so 0 also says: no node."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.parents = [0]
        self.names = [b""]
        self.ids: list[list[int]] = [[]]
        self.children: dict[tuple[int, str], int] = {}
        for number, pattern in enumerate(patterns):
            node = 0
            for segment in normalised(pattern).split("/"):
                node = self._below(node, segment)
            self.ids[node].append(number)

    def _below(self, node: int, segment: str) -> int:
        found = self.children.get((node, segment))
        if found is None:
            found = self.children[node, segment] = len(self.parents)
            self.parents.append(node)
            self.names.append(segment.encode("utf-8", "surrogatepass"))
            self.ids.append([])
        return found

    def tables(self) -> bytes:
        """Write the tree as the tables that a matcher reads."""
        extra_of, extras, globs = self._wild()
        text = json.dumps(globs).encode()
        ends = [0, *itertools.accumulate(map(len, self.ids))]
        name_ends = list(itertools.accumulate(map(len, self.names)))
        ids = list(itertools.chain.from_iterable(self.ids))
        columns = [self._slots(), self.parents, name_ends, ends, extra_of, extras + ids]
        names = b"".join(self.names)
        lengths = [*map(len, columns), len(extras), len(names)]
        numbers = array("I", itertools.chain(lengths, *columns)).tobytes()
        return b"".join((numbers, names, text))

    def _slots(self) -> list[int]:
        """Hash the children that have a plain name, by open addressing, at most half full."""
        slots = [0] * (1 << len(self.parents).bit_length() + 1)
        mask = len(slots) - 1
        for (node, segment), child in self.children.items():
            if not _is_wild(segment):
                slot = crc32(self.names[child], node) & mask
                while slots[slot]:
                    slot = (slot + 1) & mask
                slots[slot] = child
        return slots

    def _wild(self) -> tuple[list[int], list[int], list[list[tuple[str, int]]]]:
        """Return per node the place of its extra row, those rows, and the globs that they name.

        An extra row is: the ``**`` below, the ``*`` below, whether this is a ``**``, its globs.
        """
        # Place 0 says that a node has no extra row.
        extra_of, extras, globs = [0] * len(self.parents), [0], list[list[tuple[str, int]]]()

        def extra(node: int) -> int:
            if not extra_of[node]:
                extra_of[node] = len(extras)
                extras.extend((0, 0, 0, 0))
            return extra_of[node]

        for (node, segment), child in self.children.items():
            if segment == "**":
                extras[extra(node)] = child
                extras[extra(child) + 2] = 1
            elif segment == "*":
                extras[extra(node) + 1] = child
            elif _is_wild(segment):
                place = extra(node) + 3
                if not extras[place]:
                    globs.append([])
                    extras[place] = len(globs)
                globs[extras[place] - 1].append((segment, child))
        return extra_of, extras, globs


class _Globs:
    """The segments with ``*`` or ``?`` below one node, found by how they begin and end.

    Thousands of ``table_*_0001`` cost as much as one.
    """

    def __init__(self, rows: Sequence[tuple[str, int]]) -> None:
        #: (length of the beginning, of the end) -> (beginning, end) -> what lies between, and node.
        self._shapes: dict[tuple[int, int], dict[tuple[str, str], list[tuple[_Middle, int]]]] = {}
        for segment, node in rows:
            head = re.split(r"[*?]", segment, maxsplit=1)[0]
            tail = re.split(r"[*?]", segment)[-1]
            middle = _Middle(segment[len(head) : len(segment) - len(tail)])
            table = self._shapes.setdefault((len(head), len(tail)), {})
            table.setdefault((head, tail), []).append((middle, node))

    def matching(self, name: str) -> Iterator[int]:
        """Yield the nodes that *name* leads to."""
        for (head, tail), table in self._shapes.items():
            end = len(name) - tail
            if end >= head:
                for middle, node in table.get((name[:head], name[end:]), ()):
                    if middle.matches(name, head, end):
                        yield node


class _Middle:
    """What lies between the plain beginning and end of a segment: it begins and ends wild."""

    def __init__(self, pattern: str) -> None:
        # What stands between two stars holds no star: its expression never goes back.
        self._texts = [
            re.compile("".join("." if c == "?" else re.escape(c) for c in text), re.DOTALL)
            for text in pattern.split("*")
        ]
        self._is_anything = pattern == "*"
        self._last_length = len(pattern.rpartition("*")[2])

    def matches(self, name: str, start: int, end: int) -> bool:
        """Whether ``name[start:end]`` matches; for what stands between stars leftmost is best."""
        if self._is_anything:
            return True
        first, *between = self._texts
        if not between:
            return first.fullmatch(name, start, end) is not None
        *between, last = between
        found = first.match(name, start, end)
        for text in between:
            if found is not None:
                found = text.search(name, found.end(), end)
        tail = end - self._last_length
        if found is None or found.end() > tail:
            return False
        return last.match(name, tail, end) is not None


def _is_wild(segment: str) -> bool:
    return "*" in segment or "?" in segment
