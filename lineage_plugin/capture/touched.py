"""From what happened during a body to the datasets that it read and wrote."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from types import ModuleType
from typing import NamedTuple

from lineage_plugin.capture.folders import gathered, is_folder, is_inside
from lineage_plugin.capture.names import of_uri
from lineage_plugin.capture.session import CLAIMED, Session, reads, replaces, stamp, writes
from lineage_plugin.model import DatasetRef

#: What the system and the network stack of a process look at: no data of anybody's.
SYSTEM = ("/proc", "/sys", "/dev", "/run", "/etc", "/usr/lib", "/usr/share", "/lib", "/lib64")

#: Files of one folder that stand for themselves; of more the folder does.
MOST_FILES = 50

_SCHEME = "://"

#: How files end that may have been read in order to be run.
_CODE = (".py", ".pyc", ".so")

#: The part of a pattern that stands for itself.
_FIXED = re.compile(r"[^*?\[]*")

#: What no path begins with.
_NO_PATH = "\0"


@dataclass(frozen=True)
class Rules:
    """What is no data (folders, patterns), and when many files become their folder."""

    folders: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    most_files: int = MOST_FILES

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        found = (*SYSTEM, *_python(), *self.folders)
        real = dict.fromkeys(path for given in found for path in (given, os.path.realpath(given)))
        return tuple(path.rstrip("/") + "/" for path in real if path.strip("/"))

    @cached_property
    def _modules(self) -> frozenset[str]:
        """Files of what is imported, from wherever."""
        found = (vars(m).get(name) for m in _loaded() for name in ("__file__", "__cached__"))
        return frozenset(path for path in found if isinstance(path, str))

    def data_in(self, folder: str, names: list[str]) -> list[str]:
        """Return those of *names*, all in *folder*, that may be the task's data."""
        inside = f"{folder}/"
        if inside.startswith(self._prefixes) or inside.endswith("/__pycache__/"):
            return []
        if pattern := self._pattern_in(inside):
            names = [name for name in names if pattern.match(name) is None]
        names = [name for name in names if not f"{name}/".startswith(self._around(inside))]
        return [n for n in names if not n.endswith(_CODE) or n not in self._modules]

    def _around(self, inside: str) -> tuple[str, ...]:
        """Return what is excluded below a folder, and lies in it."""
        return tuple(path for path in self._prefixes if path.startswith(inside)) or (_NO_PATH,)

    def _pattern_in(self, inside: str) -> re.Pattern[str] | None:
        """Return the patterns that may match something in a folder: mostly none does."""
        found = [
            pattern
            for pattern in self.patterns
            if (fixed := _FIXED.match(pattern)[0]).startswith(inside)  # type: ignore[index]
            or inside.startswith(fixed)
        ]
        return re.compile("|".join(map(translate, found))) if found else None


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset that was touched, and how many files of it."""

    ref: DatasetRef
    files: int = 1


@dataclass(frozen=True, slots=True)
class Touches:
    """What a body read and wrote, and which other programs it started, whose files nobody saw."""

    reads: tuple[Found, ...] = ()
    writes: tuple[Found, ...] = ()
    started: tuple[str, ...] = ()
    faults: int = 0


@dataclass
class _Paths:
    """Paths and URIs by what was done to them.

    ``own`` is what the body made itself, so that reading it is no input; ``given`` is what readers
    and writers were given, which may be folders.
    """

    read: set[str] = field(default_factory=set)
    wrote: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)


def touches(session: Session, rules: Rules) -> Touches:
    """Work out what *session* saw; looks at the disk for what is still there."""
    paths = _sorted(session)
    for path, before in list(session.databases.items()):
        if before:
            paths.read.add(path)
        else:
            paths.own.add(path)
        if stamp(path) != before:
            paths.wrote.add(path)
    _rename(paths, session)
    data = _Data(session, rules, paths)
    return Touches(
        reads=_found(data.among(paths.read - paths.own), rules),
        writes=_found(data.among(paths.wrote), rules),
        started=tuple(sorted(session.started)),
        faults=session.faults,
    )


def _sorted(session: Session) -> _Paths:
    paths = _Paths()
    kinds: dict[int, _Kind] = {}
    for path, flags in list(session.seen):
        # Most paths are plain already, and there may be many.
        name = _name(path) if "//" in path or "/." in path else path
        kind = kinds.get(flags) or kinds.setdefault(flags, _Kind.of(flags))
        if kind.reads:
            paths.read.add(name)
        if kind.is_plain:
            continue
        if kind.is_given:
            paths.given.add(name)
        if kind.writes:
            if kind.replaces and name not in paths.read:
                paths.own.add(name)
            paths.wrote.add(name)
    return paths


class _Kind(NamedTuple):
    """What opening a file with some flags means."""

    reads: bool
    writes: bool
    replaces: bool
    is_given: bool
    is_plain: bool

    @classmethod
    def of(cls, flags: int) -> _Kind:
        is_given = bool(flags & CLAIMED)
        found = reads(flags), writes(flags), replaces(flags), is_given
        return cls(*found, is_plain=not (is_given or writes(flags)))


def _name(path: str) -> str:
    return of_uri(path) if _SCHEME in path else os.path.normpath(path)


def _rename(paths: _Paths, session: Session) -> None:
    """Follow files to their last names: what is written beside its place and moved there."""
    for source, target in list(session.renamed):
        if not source or not target:
            continue
        moved = {
            path: target + path[len(source) :] for path in paths.wrote if is_inside(path, [source])
        }
        paths.wrote = (paths.wrote - moved.keys()) | set(moved.values())
        paths.own |= {new for old, new in moved.items() if old in paths.own}
        if source in session.made:
            session.made.add(target)
        elif not moved:  # it was there before
            paths.read.add(source)
            session.removed.add(source)
            paths.wrote.add(target)
            paths.given.add(target)


@dataclass(frozen=True)
class _Data:
    """Tells data from what was only looked for, is none, or was temporary."""

    session: Session
    rules: Rules
    paths: _Paths

    def among(self, names: Iterable[str]) -> dict[str, int]:
        """Keep what is data: there, or gone because the body removed it after reading it.

        A folder of which enough is there stands for all of it: to ask for each file costs about
        what it costs to open it.
        """
        folders: dict[str, list[str]] = defaultdict(list)
        for name in names:
            folders[name.rpartition("/")[0]].append(name)
        kept: dict[str, int] = {}
        for folder, inside in folders.items():
            data = self.rules.data_in(folder, inside)
            here = self._here(data)
            if len(here) > self.rules.most_files and is_folder(folder):
                kept[folder] = kept.get(folder, 0) + len(data)
            else:
                kept.update(dict.fromkeys(here, 1))
        return kept

    def _here(self, names: Iterable[str]) -> list[str]:
        """Return the names of what is or was there; one more than a folder needs is enough."""
        found: list[str] = []
        for name in names:
            if _SCHEME in name or self._is_there(name) or self._was_consumed(name):
                found.append(name)
                if len(found) > self.rules.most_files and _SCHEME not in name:
                    break
        return found

    def _is_there(self, name: str) -> bool:
        return os.path.isfile(name) or (name in self.paths.given and os.path.exists(name))

    def _was_consumed(self, name: str) -> bool:
        """Whether a file that is gone was there before the body, which removed it."""
        if name in self.paths.own or name in self.paths.wrote or name in self.session.folders:
            return False
        removed = self.session.removed
        return bool(removed) and is_inside(name, removed) and not is_inside(name, self.session.made)


def _found(names: Mapping[str, int], rules: Rules) -> tuple[Found, ...]:
    counted = gathered(names, rules.most_files)
    return tuple(Found(DatasetRef.parse(name), files) for name, files in _parsed(counted.items()))


def _parsed(items: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Leave out what no dataset can be called."""
    for name, files in items:
        # Names that are no text were read with surrogates; databases take none.
        text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "")
        if text.strip("/ "):
            yield (text if _SCHEME in text else f"file://{text}"), files


def _loaded() -> list[ModuleType]:
    known: list[object] = list(sys.modules.values())
    return [module for module in known if isinstance(module, ModuleType)]


def _python() -> tuple[str, ...]:
    """Where Python, what is installed for it, and this package live."""
    places = {os.path.dirname(os.path.dirname(__file__))}
    places |= {path for path in sysconfig.get_paths().values() if path.count("/") > 1}
    if sys.prefix != sys.base_prefix:
        places.add(sys.prefix)
    places.update(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    return tuple(sorted(places))
