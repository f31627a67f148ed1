"""Many files of one folder become the folder, which contains them.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

#: A task that touched more datasets than this is told in coarser folders, so that its events stay
#: small enough to be sent and read.
MOST_DATASETS = 1_000


def gathered(
    names: Mapping[str, int], most_files: int, most_datasets: int = MOST_DATASETS
) -> dict[str, int]:
    """Return what *names* (paths, URIs) come to, each with the number of files that it stands for.

    Args:
        names: Paths from the root, or URIs; a folder with the number of its files.
        most_files: A folder of which more files than this were touched stands for them.
        most_datasets: More than this are put together, the deepest first.

    Example:
        >>> gathered({"/d/1": 1, "/d/2": 1, "/d/3": 1, "/e/1": 1, "/f": 9}, 2)
        {'/d': 3, '/e/1': 1, '/f': 9}
    """
    levels: dict[int, dict[str, int]] = defaultdict(dict)
    for name, files in names.items():
        levels[_depth(name)][name] = files
    found: dict[str, int] = {}
    for depth in range(max(levels, default=0), -1, -1):
        for folder, inside in _by_folder(levels.get(depth, {})).items():
            if len(inside) > most_files and is_folder(folder):
                above = levels[depth - 1]
                above[folder] = above.get(folder, 0) + sum(inside.values())
            else:
                found.update(inside)
    while len(found) > most_datasets:
        raised = _raised(found)
        if raised == found:
            break
        found = raised
    return dict(sorted(found.items()))


def is_inside(name: str, folders: Iterable[str]) -> bool:
    """Whether *name* is one of *folders* or in one."""
    return any(name == folder or name.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def _by_folder(names: Mapping[str, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for name, files in names.items():
        found[_folder(name)][name] = files
    return found


def _raised(found: Mapping[str, int]) -> dict[str, int]:
    """Replace the deepest names by their folders."""
    deepest = max(map(_depth, found))
    raised: dict[str, int] = {}
    for name, files in found.items():
        folder = _folder(name)
        if _depth(name) == deepest and (folder or name[:1] == "/") and not folder.endswith("/"):
            name = folder or "/"  # noqa: PLW2901 - as a folder
        raised[name] = raised.get(name, 0) + files
    return raised


def _depth(name: str) -> int:
    return name.count("/")


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def is_folder(name: str) -> bool:
    """Whether *name* is below a root: neither ``/`` nor ``scheme://`` is a folder of data."""
    return bool(name) and not name.endswith("/")
