"""The append-only record: what happened, who declared what, what was decided."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_plugin.errors import SettingsError

if TYPE_CHECKING:
    from lineage_plugin.store.api import Store


def open_store(
    store_url: str,
    *,
    busy_timeout_ms: int = 2000,
    read_only: bool = False,
    create: bool = True,
) -> Store:
    """Return the record at *store_url*; nothing is opened before its first use.

    Args:
        store_url: ``sqlite:////absolute/path`` or ``sqlite:///path/from/here``.
        busy_timeout_ms: How long to wait for another process that writes, in milliseconds.
        read_only: Whether to refuse to write.
        create: Whether a record that is not there is made.

    Raises:
        SettingsError: *store_url* names no record that this release can keep.
    """
    scheme = store_url.partition("://")[0]
    opener = _OPENERS.get(scheme)
    if opener is None:
        later = f"; {scheme}:// comes with a later release" if scheme in _LATER else ""
        raise SettingsError(
            f"[lineage_plugin] store_url = {_masked(store_url)!r}: a record is kept at"
            f" {', '.join(f'{known}:///path' for known in _OPENERS)}{later}"
        )
    return opener(store_url, busy_timeout_ms, read_only, create)


def _open_sqlite(store_url: str, busy_timeout_ms: int, read_only: bool, create: bool) -> Store:  # noqa: FBT001 - one signature for all
    from lineage_plugin.store.sqlite import SqliteStore

    path = store_url.removeprefix("sqlite:///")
    if path == store_url or not path or path == ":memory:" or "?" in path:
        raise SettingsError(
            f"[lineage_plugin] store_url = {store_url!r}: name a file, without options:"
            " sqlite:////absolute/path/record.db"
        )
    return SqliteStore(
        Path(path).expanduser().absolute(),
        busy_timeout_ms=busy_timeout_ms,
        read_only=read_only,
        create=create,
    )


def _masked(store_url: str) -> str:
    """Leave out what may hold a password."""
    scheme, found, rest = store_url.partition("://")
    secret, at, host = rest.rpartition("@")
    return f"{scheme}{found}{'***' if secret else ''}{at}{host}"


_OPENERS: dict[str, Callable[[str, int, bool, bool], Store]] = {"sqlite": _open_sqlite}

#: Schemes of the design that have no opener yet.
_LATER = frozenset({"postgresql", "postgres", "https"})
