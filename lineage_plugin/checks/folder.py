"""Reading folders of DAG files: which files count, and the tasks that they make."""

from __future__ import annotations

import ast
import stat
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lineage_plugin.checks.constants import Scope
from lineage_plugin.checks.findings import Finding
from lineage_plugin.checks.tasks import TaskSeen, scope_of, tasks_of

#: Bytes; what is larger was not written by a person, and Airflow would take minutes over it.
MOST_BYTES = 2 << 20

#: What Airflow passes over, as patterns of gitignore; read from this file in each folder.
IGNORE_FILE = ".airflowignore"


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in DAG files."""

    files: tuple[str, ...]
    tasks: tuple[TaskSeen, ...]
    findings: tuple[Finding, ...]


def read_dags(
    paths: Sequence[Path], *, tell: Callable[[int, int], None] = lambda _done, _of: None
) -> Read:
    """Read DAG files and folders of them.

    Args:
        paths: Files and folders.
        tell: Told how many files are done, of how many.
    """
    found = [(file, root) for root in paths for file in _files(root)]
    modules = _Modules()
    tasks: list[TaskSeen] = []
    findings: list[Finding] = []
    for done, (file, root) in enumerate(found):
        tell(done, len(found))
        try:
            folders = (file.parent, root if root.is_dir() else root.parent)
            tasks += tasks_of(str(file), _parsed(file), partial(modules.beside, folders))
        except _Unreadable as error:
            findings.append(Finding(str(file), error.line, "dag.unreadable", str(error)))
    return Read(tuple(str(file) for file, _ in found), tuple(tasks), tuple(findings))


class _Unreadable(Exception):
    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why, line)
        self.line = line

    def __str__(self) -> str:
        return str(self.args[0])


class _Modules:
    """Finds modules that lie beside DAG files; each is read once."""

    def __init__(self) -> None:
        self._known: dict[Path, Scope | None] = {}

    def beside(self, folders: Sequence[Path], name: str) -> Scope | None:
        """Return what the names of a module stand for; what it imports itself is not followed."""
        for folder in folders:
            file = folder.joinpath(*name.split(".")).with_suffix(".py")
            if file not in self._known:
                self._known[file] = self._read(file) if file.is_file() else None
            if (found := self._known[file]) is not None:
                return found
        return None

    def _read(self, file: Path) -> Scope | None:
        try:
            return scope_of(_parsed(file), lambda _name: None)
        except _Unreadable:
            return None


def _parsed(file: Path) -> ast.Module:
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device has no end
            raise _Unreadable("it is no file")
        if found.st_size > MOST_BYTES:
            raise _Unreadable(f"it has {found.st_size} bytes, which nobody wrote by hand")
        with tokenize.open(file) as source, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes, which are its author's business
            return ast.parse(source.read())
    except SyntaxError as error:
        raise _Unreadable(f"it is no Python: {error.msg}", error.lineno or 0) from error
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, MemoryError) as error:
        raise _Unreadable(f"it cannot be read: {str(error) or type(error).__name__}") from error


def _files(root: Path) -> Iterator[Path]:
    """Return the files of a folder that Airflow would look at, in order of their names."""
    if not root.is_dir():
        yield root
        return
    ignored: dict[Path, Callable[[str], bool]] = {}
    for file in sorted(root.rglob("*.py")):
        for folder in (file.parent, *file.parent.parents):
            if folder not in ignored:
                ignored[folder] = _patterns(folder / IGNORE_FILE)
            if ignored[folder](str(file.relative_to(folder))):
                break
            if folder == root:
                if file.is_file():
                    yield file
                break


def _patterns(file: Path) -> Callable[[str], bool]:
    """Return what tells whether a file is to be passed over."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return lambda _name: False
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines).match_file
