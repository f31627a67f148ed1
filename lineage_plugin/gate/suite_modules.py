"""Modules that define expectations of somebody's own: found and digested without being imported.

A suite names them in its file, ``"meta": {"modules": ["our_company.expectations"]}``.  What they
contain decides what passes, so it is part of the digest of the suite; importing them, which imports
Great Expectations, waits until a suite judges.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path

from lineage_plugin.errors import SuiteError
from lineage_plugin.model import Problem

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)

#: Files of a package that are read; expectations are some modules.
_MOST_FILES = 1_000


@dataclass(frozen=True, slots=True, order=True)
class Module:
    """A module, and the SHA-256 of its source; of a package, of all Python files in it."""

    name: str
    digest: str


def is_name(text: object) -> bool:
    """Whether *text* could be the dotted name of a module."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def find(name: str, where: str = "") -> Module:
    """Find a module on the path.

    Args:
        name: Its dotted name.
        where: Who names it, for messages.

    Raises:
        SuiteError: There is none, or nothing of it can be read.
    """
    try:
        spec = _spec(name)
        files = [] if spec is None else list(_sources(spec))
        if files:
            return Module(name, _digest(files))
    except Exception as error:  # finders are anybody's code
        raise _lost(name, where, f"cannot be read: {type(error).__name__}: {error}") from error
    raise _lost(name, where, "cannot be found")


def _lost(name: str, where: str, why: str) -> SuiteError:
    hint = "install it where gates run, or correct meta.modules"
    return SuiteError((Problem(f"module {name!r} {why}", where, hint),))


def _spec(name: str) -> ModuleSpec | None:
    """Return where a module is; unlike ``importlib.util.find_spec``, import no package for it."""
    path: Sequence[str] | None = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        full = ".".join(parts[:count])
        finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
        found = (finder.find_spec(full, path) for finder in finders)
        spec = next((each for each in found if each is not None), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
        if path is None and count < len(parts):
            return None
    return spec


def _sources(spec: ModuleSpec) -> Iterator[tuple[str, Path]]:
    for folder in spec.submodule_search_locations or ():
        for number, file in enumerate(sorted(Path(folder).rglob("*.py"))):
            if number >= _MOST_FILES:
                message = f"it has more than {_MOST_FILES} files"
                raise ValueError(message)
            yield file.relative_to(folder).as_posix(), file
    if spec.submodule_search_locations is None and spec.has_location and spec.origin:
        yield Path(spec.origin).name, Path(spec.origin)


def _digest(files: Sequence[tuple[str, Path]]) -> str:
    found = hashlib.sha256()
    for name, file in files:
        content = file.read_bytes()
        found.update(f"{name}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()
