"""Work that somebody waits for, but not for ever."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")

#: A fork waits no longer than this (seconds) for work that is under way.
_FORK_S = 0.5

_live: set[threading.Thread] = set()


def start(work: Callable[[], object]) -> None:
    """Begin *work* in a thread that keeps no process alive; it must not raise.

    Raises:
        RuntimeError: No thread can be started any more.
    """

    def run() -> None:
        try:
            work()
        finally:
            _live.discard(threading.current_thread())

    thread = threading.Thread(target=run, daemon=True, name="lineage-plugin")
    _live.add(thread)
    try:
        thread.start()
    except RuntimeError:
        _live.discard(thread)
        raise


def _settle() -> None:
    """Let work come to its end: a lock that a thread holds at the fork is never free again."""
    ends_s = time.monotonic() + _FORK_S
    for thread in tuple(_live):
        thread.join(timeout=max(ends_s - time.monotonic(), 0))


os.register_at_fork(before=_settle, after_in_child=_live.clear)


def within(budget_s: float, work: Callable[[], _T]) -> _T:
    """Return what *work* returns, if it does in time; it is not stopped if it does not.

    Raises:
        TimeoutError: *work* takes longer than *budget_s*.
        RuntimeError: No thread can be started any more.
    """
    promise: Future[_T] = Future()
    start(lambda: keep(promise, work))
    return promise.result(timeout=budget_s)


def keep(promise: Future[_T], work: Callable[[], _T]) -> None:
    """Do *work* and put its outcome into *promise*, whatever it is."""
    try:
        found = work()
    except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
        promise.set_exception(error)
    else:
        promise.set_result(found)
