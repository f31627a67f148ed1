"""What one task opened, read, wrote, removed and renamed, as it happened.

It is told from inside other people's calls, so nothing here asks the disk for more than the folder
that relative paths start from, and nothing is thought about before the body has ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

#: Opened files of which each is remembered; of more only the folder is.
MOST_FILES = 200_000

#: Marks what a reader or a writer was given: it may be a folder, and need not be a file.
CLAIMED = 1 << 40

#: What a writer is given it replaces, as far as anybody can tell.
_REPLACED = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | CLAIMED

#: Answers of this kind are followed to another address.
REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: Answers that data came with, or had come with before (304), and answers that data was taken.
_GIVEN, _TAKEN = frozenset({200, 203, 206, 304}), frozenset({200, 201, 202, 204})

_FRESH = os.O_CREAT | os.O_EXCL
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_SCHEME = "://"


class Session:
    """Collects; may be told from several threads, because it only ever adds.

    Shape:
        ``seen`` are (absolute path or URI, flags of ``open(2)``), each once, in the order in which
        it was seen first; ``databases`` maps the path of a database to the stamp that it
        had when it was opened first.
    """

    def __init__(self, most_files: int = MOST_FILES) -> None:
        self.seen: dict[tuple[str, int], None] = {}
        self.databases: dict[str, tuple[int, ...]] = {}
        self.removed: set[str] = set()
        self.made: set[str] = set()
        self.folders: set[str] = set()
        self.renamed: list[tuple[str, str]] = []
        self.started: set[str] = set()
        self.faults = 0
        self._awaited: set[str] = set()
        self.most_files = most_files

    def opening(self, path: Any, flags: int) -> None:
        """Note that a file is about to be opened, whether that succeeds or not."""
        found = absolute(path)
        if not found:
            return
        if len(self.seen) >= self.most_files:
            # A folder that something was added to was not replaced.
            found, flags = os.path.dirname(found), flags & ~os.O_TRUNC | CLAIMED
        self.seen[found, flags] = None

    def reads_from(self, sources: Any) -> None:
        """Note that a reader was given *sources*: a path, a URI, or a list of them."""
        for name in _named(sources):
            self.seen[name, CLAIMED] = None

    def writes_to(self, targets: Any) -> None:
        """Note that a writer was given *targets*."""
        for name in _named(targets):
            self.seen[name, _REPLACED] = None

    def connects_to(self, database: Any) -> None:
        """Note that a database in a file is opened; what is done with it shows in the file."""
        for name in _named(database):
            path = name.removeprefix("file:").partition("?")[0] if _SCHEME not in name else ""
            if path and os.path.basename(path) != ":memory:" and path not in self.databases:
                self.databases[path] = stamp(path)

    def removes(self, path: Any, dir_fd: int = -1) -> None:
        """Note that a file is removed, or a folder with all that is in it."""
        self.removed.update(filter(None, [_below(path, dir_fd)]))

    def removes_folder(self, path: Any, dir_fd: int = -1) -> None:
        """Note that a folder is removed, which is no file that was read."""
        self.removes(path, dir_fd)
        self.folders.update(filter(None, [_below(path, dir_fd)]))

    def makes(self, path: Any, dir_fd: int = -1) -> None:
        """Note that a folder is made."""
        self.made.update(filter(None, [_below(path, dir_fd)]))

    def renames(self, source: Any, target: Any, source_fd: int = -1, target_fd: int = -1) -> None:
        """Note that a file or a folder gets another name."""
        self.renamed.append((_below(source, source_fd), _below(target, target_fd)))

    def links(self, source: Any, target: Any, source_fd: int = -1, target_fd: int = -1) -> None:
        """Note that a file gets one more name."""
        self.reads_from(_below(source, source_fd))
        self.writes_to(_below(target, target_fd))

    def starts(self, program: Any) -> None:
        """Note that another program is started, whose files nobody sees."""
        self.started.add(os.path.basename(os.fsdecode(program)))

    def answered(self, method: str, url: str, status: int, location: str = "") -> None:
        """Note what a server said to a request: data arrived, was taken, or is elsewhere."""
        method, is_redirect = method.upper(), status in REDIRECTS
        if method == "GET" and (is_redirect or status in _GIVEN) and url not in self._awaited:
            self.reads_from(url)
        elif method in {"PUT", "PATCH"} and status in _TAKEN:
            self.writes_to(url)
        if is_redirect:
            # The data is known by the name it was asked by, not by where that led.
            self._awaited.add(location)


def reads(flags: int) -> bool:
    """Whether a file opened with *flags* can be read, and had something in it.

    Example:
        >>> reads(os.O_RDONLY), reads(os.O_RDWR), reads(os.O_RDWR | os.O_TRUNC)
        (True, True, False)
    """
    return flags & _ACCESS != os.O_WRONLY and not flags & os.O_TRUNC


def writes(flags: int) -> bool:
    """Whether a file opened with *flags* can be written."""
    return bool(flags & _ACCESS)


def replaces(flags: int) -> bool:
    """Whether nothing is left of what was in a file once it is opened with *flags*."""
    return bool(flags & os.O_TRUNC) or flags & _FRESH == _FRESH


def absolute(path: Any) -> str:
    """Return a path from the root, or nothing for what is no path: a descriptor, say."""
    if type(path) is not str:
        if isinstance(path, int):
            return ""
        path = os.fsdecode(path)
    return path if path[:1] == "/" else os.path.join(os.getcwd(), path)


def stamp(path: str) -> tuple[int, ...]:
    """Return what changes when somebody writes to a database: its file's and its log's."""
    found: list[int] = []
    for file in (path, f"{path}-wal", f"{path}.wal"):
        try:
            seen = os.stat(file)
        except OSError:
            continue
        found += (seen.st_size, seen.st_mtime_ns)
    return tuple(found)


def _below(path: Any, folder: int) -> str:
    """Resolve a path that may start at an open folder, as ``rmtree`` and its like use it."""
    if folder < 0 or os.fsdecode(path)[:1] == "/":
        return absolute(path)
    try:
        return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
    except OSError:
        return ""


def _named(things: Any) -> Iterable[str]:
    """List the paths and URIs in *things*; open files and buffers have been seen elsewhere."""
    if isinstance(things, (str, bytes, os.PathLike)):
        text = os.fsdecode(things)
        if text:
            yield text if _SCHEME in text else absolute(text)
    elif isinstance(things, (list, tuple, set, frozenset)):
        for thing in things:
            yield from _named(thing)


#: Something that happened, told to whoever collects.
Told = Callable[[Session], None]
