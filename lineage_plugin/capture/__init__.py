"""What a task really touched: reads and writes seen from inside its process.

Off outside the bodies of tasks.  :func:`begin` and :func:`end` bracket a body.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_plugin.capture.session import Session

#: Modules that are watched besides Python itself -> who knows how.
WATCHED = {
    "http.client": "network.http_client",
    "httpx": "network.httpx",
    "aiohttp.client": "network.aiohttp",
    "fsspec.spec": "network.fsspec",
    "pyarrow": "readers.streams",
    "pyarrow.csv": "readers.single_files",
    "pyarrow.json": "readers.single_files",
    "pyarrow.feather": "readers.single_files",
    "pyarrow.orc": "readers.single_files",
    "pyarrow.ipc": "readers.ipc",
    "pyarrow.fs": "readers.filesystems",
    "pyarrow.dataset": "readers.dataset",
    "pyarrow.parquet.core": "readers.parquet",
    "duckdb": "readers.duckdb",
}

_watch: Any = None


def begin() -> Session:
    """Collect from now on, in this process and all its threads; a session before this one ends."""
    global _watch  # noqa: PLW0603 - a process imports each module once
    from lineage_plugin.capture import audit
    from lineage_plugin.capture.patches import Watch
    from lineage_plugin.capture.session import Session

    if _watch is None:
        _watch = Watch({name: _patch(knower) for name, knower in WATCHED.items()})
    _watch.begin()
    session = Session()
    audit.start(session)
    return session


def end() -> None:
    """Collect no more."""
    from lineage_plugin.capture import audit

    audit.stop()
    if _watch is not None:
        _watch.end()


def _patch(knower: str) -> Any:
    module, name = knower.split(".")

    def patch(imported: Any) -> None:
        getattr(import_module(f"{__name__}.{module}"), name)(imported)

    return patch
