"""The compiled catalog, as current as there is time for."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lineage_plugin.errors import DeclarationError
from lineage_plugin.model import Declaration
from lineage_plugin.policy.edges import Rules
from lineage_plugin.policy.licenses import Terms
from lineage_plugin.settings import Settings
from lineage_plugin.transport import bounded

if TYPE_CHECKING:
    from lineage_plugin.catalog.compiled import CompiledCatalog

_log = logging.getLogger(__name__)

#: How much YAML is compiled in a second, on a slow machine.
_BYTES_PER_S = 400_000

#: Another process that compiles is given this long (seconds); one that failed is not tried sooner.
_ELSEWHERE_S = 60

#: Exists in the state folder while another process compiles.
_MARK = "catalog.compiling"


class Catalog(Protocol):
    """What catalog files declare."""

    def declarations_for(self, uri: str) -> tuple[Declaration, ...]:
        """Return what is declared about the dataset with this URI."""

    @property
    def licenses(self) -> Mapping[str, Terms]:
        """The terms of the licences that they register."""

    @property
    def edge_rules(self) -> Rules:
        """What the policy says about edges."""


class Catalogs:
    """Opens the compiled catalog for one event after another."""

    def __init__(self, settings: Settings, *, budget_s: float) -> None:
        self._settings = settings
        self._budget_s = budget_s
        self._promise: Future[CompiledCatalog] | None = None
        self._pid = 0

    def current(self) -> tuple[Catalog, str]:
        """Return the catalog, and what to bear in mind if it is not the current one.

        After a change a small catalog is compiled at once.  Compiling ten thousand entries takes
        longer than a task should wait for an event (and would keep the thread that forwards it from
        running): a process of its own does that, and until then the one of before serves.

        Raises:
            TimeoutError: Nothing is compiled yet, and compiling takes longer than the budget.
            DeclarationError: Nothing is compiled yet, and the files have mistakes.
        """
        from lineage_plugin.catalog.compiled import CompiledCatalog, current

        here = self._settings
        found = current(here.catalog, here.state_dir, policy=here.policy)
        if found is not None:
            return found, ""
        try:
            return self._compiled(), ""
        except (TimeoutError, DeclarationError) as error:
            found = CompiledCatalog.load(here.state_dir)
            if found is None:
                raise
            why = "are not compiled yet" if isinstance(error, TimeoutError) else "have mistakes"
            return found, f"the catalog as it was before its files changed; now they {why}"

    def _compiled(self) -> CompiledCatalog:
        if _size_bytes(self._settings) > self._budget_s * _BYTES_PER_S:
            _compile_elsewhere(self._settings)
            raise TimeoutError("the catalog is being compiled by another process")
        return self._refreshing().result(timeout=self._budget_s)

    def _refreshing(self) -> Future[CompiledCatalog]:
        """Begin to refresh, unless that is under way (no thread survives a fork)."""
        from lineage_plugin.catalog.compiled import refresh

        if self._promise is None or self._promise.done() or self._pid != os.getpid():
            self._promise, self._pid = Future(), os.getpid()
            here = self._settings
            work = partial(refresh, here.catalog, here.state_dir, policy=here.policy)
            bounded.start(partial(bounded.keep, self._promise, work))
        return self._promise


def _size_bytes(settings: Settings) -> int:
    """Return about how much there is to compile."""
    total = 0
    for path in settings.catalog:
        found = path.glob("*.y*ml") if path.is_dir() else path.parent.glob(path.name)
        for file in found:
            total += file.stat().st_size
    return total


def _compile_elsewhere(settings: Settings) -> None:
    """Have a process of its own compile the catalog, unless one does already."""
    mark = settings.state_dir / _MARK
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        if mark.exists() and time.time() - mark.stat().st_mtime > _ELSEWHERE_S:
            mark.unlink(missing_ok=True)
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        paths = [str(path.absolute()) for path in settings.catalog]
        required = [path for path in paths if "catalog" in settings.explicit]
        argument = json.dumps([paths, str(settings.state_dir), str(settings.policy), required])
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__, argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # outlives the fork that an event is sent from
        )
        # Somebody must wait for it, or it stays a zombie of a process that lives long.
        threading.Thread(target=process.wait, daemon=True, name="lineage-plugin-wait").start()
    except FileExistsError:
        return
    except OSError as error:
        _log.warning("the catalog cannot be compiled beside this process: %s", error)


def main(argument: str) -> None:
    """Compile the catalog that :func:`_compile_elsewhere` named."""
    from lineage_plugin.catalog.compiled import refresh

    paths, state_dir, policy, required = json.loads(argument)
    refresh(
        [Path(path) for path in paths],
        Path(state_dir),
        policy=Path(policy),
        required=[Path(path) for path in required],
    )
    (Path(state_dir) / _MARK).unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1])
