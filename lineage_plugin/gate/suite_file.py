"""Suites as files: where they are, which others they extend, and what that comes to.

A suite names others in its file, ``"meta": {"extends": ["model-training"]}``: it asks everything
that they ask, and more.  Nothing of them can be left out or made milder, so that what one of them
blocks never passes.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lineage_plugin.codec import digest
from lineage_plugin.errors import SuiteError
from lineage_plugin.gate import suite_modules, suite_text
from lineage_plugin.gate.suite_modules import Module
from lineage_plugin.gate.suite_text import SEVERITIES, Expected, Written, may_read
from lineage_plugin.model import Problem
from lineage_plugin.policy.vocabulary import suggest

__all__ = ["SEVERITIES", "Expected", "Suite", "find_suite", "load_suite", "shipped_folder"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

#: Suites on one way from a suite to what it extends; people lose the thread long before.
_MOST_IN_A_ROW = 32


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite file that can be trusted to judge, as far as its text shows.

    ``path`` is for messages, ``columns`` are the columns of the frame that it may look at: all of
    them where the text does not tell.  ``expectations`` are its own and then those of the suites
    that it extends; ``digest`` is over all their files and the source of ``modules``.
    """

    name: str
    path: str
    digest: str
    columns: frozenset[str]
    expectations: tuple[Expected, ...]
    extends: tuple[str, ...] = ()
    modules: tuple[Module, ...] = ()
    notes: str = ""

    @property
    def severities(self) -> frozenset[str]:
        """The severities that occur."""
        return frozenset(expected.severity for expected in self.expectations)

    def where(self, expected: Expected) -> str:
        """Return file and line of one of its expectations."""
        return f"{expected.path or self.path}:{expected.line}"


def load_suite(path: Path) -> Suite:
    """Read a suite file and those that it extends; its name is the file's.

    Raises:
        SuiteError: It cannot be read, or cannot be trusted; lists everything that is wrong.
    """
    return _load(path, (), {})


def _load(path: Path, way: tuple[Path, ...], known: dict[Path, Suite]) -> Suite:
    """Read the last suite on a *way*; those that are *known* are not read again."""
    written = suite_text.read(path)
    problems: list[Problem] = []
    extended: list[Suite] = []
    modules: list[Module] = []
    for name in sorted(set(written.extends)):
        try:
            file = _extended(name, written, (*way, path))
            if file not in known:
                known[file] = _load(file, (*way, path), known)
            extended.append(known[file])
        except SuiteError as error:
            problems += error.problems
    for name in sorted(set(written.modules)):
        try:
            modules.append(suite_modules.find(name, f"{written.path}:1"))
        except SuiteError as error:
            problems += error.problems
    problems += _lowered(written, extended)
    suite = _joined(written, extended, modules)
    if not problems and not any(map(suite_text.can_block, suite.expectations)):
        hint = "add one about the values of a column, with severity critical"
        where = suite.where(written.expectations[0])
        problems.append(Problem("no expectation could ever block", where, hint))
    if problems:
        raise SuiteError(tuple(dict.fromkeys(problems)))
    return suite


def _extended(name: str, written: Written, way: tuple[Path, ...]) -> Path:
    """Return the file of a suite that another extends: beside that one, else the shipped one."""
    where = f"{written.path}:1"
    try:
        file = find_suite(name, Path(written.path).parent)
    except SuiteError as error:
        told = (
            replace(p, message=f"meta.extends: {p.message}", where=where) for p in error.problems
        )
        raise SuiteError(tuple(told)) from error
    if file in way:
        names = " -> ".join(each.stem for each in (*way[way.index(file) :], file))
        message = f"suite {name!r} extends itself: {names}"
        hint = "take it out of meta.extends, or give one of them another name"
        raise SuiteError((Problem(message, where, hint),))
    if len(way) >= _MOST_IN_A_ROW:
        message = f"more than {_MOST_IN_A_ROW} suites in a row extend each other"
        raise SuiteError((Problem(message, where, "extend fewer"),))
    return file


def _lowered(written: Written, extended: Sequence[Suite]) -> Iterator[Problem]:
    """Yield what a suite asks less severely than those that it extends do under the same rule."""
    for mine in written.expectations:
        for suite in extended:
            for theirs in suite.expectations:
                is_same = bool(mine.rule) and mine.rule == theirs.rule
                if is_same and _rank(mine) < _rank(theirs):
                    yield Problem(
                        f"rule {mine.rule!r} is {mine.severity} here and {theirs.severity} in "
                        f"suite {theirs.inherited_from or suite.name!r}, which is extended",
                        f"{written.path}:{mine.line}",
                        "an extending suite may raise a severity, not lower it",
                    )


def _joined(written: Written, extended: Sequence[Suite], modules: Iterable[Module]) -> Suite:
    """Return a suite with all that it extends; what is asked twice is asked once, and severely."""
    severest: dict[str, Expected] = {}
    for suite in extended:
        for theirs in suite.expectations:
            origin, place = theirs.inherited_from or suite.name, theirs.path or suite.path
            key = _what(theirs)
            if key not in severest or _rank(theirs) > _rank(severest[key]):
                severest[key] = replace(theirs, inherited_from=origin, path=place)
    for mine in written.expectations:
        same = severest.get(_what(mine))
        if same is not None and _rank(mine) >= _rank(same):
            del severest[_what(mine)]
    asked = (*written.expectations, *severest.values())
    every = {*modules, *(module for suite in extended for module in suite.modules)}
    own = [written.digest]
    chain = [[suite.name, suite.digest] for suite in extended]
    of_modules = [[module.name, module.digest] for module in sorted(every)]
    return Suite(
        written.name,
        written.path,
        digest([own, chain, of_modules]) if chain or of_modules else written.digest,
        frozenset[str]().union(*map(may_read, asked)),
        asked,
        tuple(suite.name for suite in extended),
        tuple(sorted(every)),
        written.notes,
    )


def _what(expected: Expected) -> str:
    """Return what an expectation asks, whatever it is worth."""
    return json.dumps([expected.type, expected.kwargs, expected.rule], sort_keys=True)


def _rank(expected: Expected) -> int:
    return -SEVERITIES.index(expected.severity)


def shipped_folder() -> Path:
    """Return the folder of the suites that come with the package.

    Raises:
        SuiteError: The installation has lost it.
    """
    spec = importlib.util.find_spec("lineage_plugin.expectations")
    if spec is not None and spec.origin:
        return Path(spec.origin).parent
    root = Path(__file__).parents[2]
    # Beside an installed package anybody's folder `expectations` may lie: only a checkout counts.
    if (root / "setup.cfg").is_file() and (root / "expectations").is_dir():
        return root / "expectations"
    raise SuiteError((Problem("the shipped suites are missing", hint="install the package again"),))


def find_suite(name: str, folder: Path, *, required: Collection[Path] = ()) -> Path:
    """Return the file of a suite: the administrator's in *folder*, else the shipped one.

    Args:
        name: The suite.
        folder: The administrator's suites.
        required: Folders that must exist, :attr:`Settings.required`.

    Raises:
        SuiteError: There is none of that name, or whether there is cannot be told.
    """
    if not is_suite_name(name):
        hint = "write the file's name without .json and without folders"
        raise SuiteError((Problem(f"{name[:200]!r} does not name a suite", hint=hint),))
    if folder in required and not folder.is_dir():
        hint = "put it back: without it, suites of the package would take the place of yours"
        raise SuiteError((Problem("the folder of suites is missing", str(folder), hint),))
    shipped = shipped_folder()
    for place in (folder, shipped):
        if _is_there(place / f"{name}.json"):
            return place / f"{name}.json"
    known = sorted(_names(folder) | _names(shipped))
    near = suggest(name, known)
    hint = (f"did you mean {near!r}? " if near else "") + f"known: {', '.join(known) or 'none'}"
    raise SuiteError((Problem(f"no suite {name!r}", where=str(folder), hint=hint),))


def is_suite_name(text: str) -> bool:
    """Whether a suite may have this name: a file's, which cannot lead out of its folder."""
    return _NAME.fullmatch(text) is not None


def _is_there(file: Path) -> bool:
    """Tell whether *file* exists; a dangling link does, and must not give way to another suite."""
    try:
        file.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        hint = "let the gate's user read it"
        raise SuiteError((Problem(f"cannot be read: {error}", str(file), hint),)) from error
    return True


def _names(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.json")}
