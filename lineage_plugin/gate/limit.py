"""How long a gate may take, and what happens when it is told to stop.

In the main thread a signal ends the work wherever Python looks at signals: in every loop of its
own, in waits for locks, files and sockets, in regular expressions.  Elsewhere the work is left
alone in its thread, and the answer is given without it.  Work that hangs in foreign code and holds
the interpreter can be ended with the process only; that is done a little later.
"""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")

#: Code that swallows the first signal is sent another one after this long (seconds).
_AGAIN_S = 1.0

#: What does not end by a signal (hangs in C, keeps the interpreter) has this long (seconds) before
#: the process is ended: a body must not run, and a task must not hang for ever.
_GRACE_S = 10.0

#: A timer that was due while ours ran fires after this long (seconds).
_DUE_S = 0.001


class Stopped(BaseException):
    """The gate was stopped before it could answer; ``except Exception`` must not swallow it."""


class TimedOut(Stopped):
    """It took longer than it may."""


class Interrupted(Stopped):
    """The process was told to end: by a person, or by whoever runs it."""


def within(limit_s: float, work: Callable[[], _T], *, grace_s: float = _GRACE_S) -> _T:
    """Return what *work* returns, if it does in time.

    Raises:
        TimedOut: It takes longer than *limit_s*.
        Interrupted: The process is told to end, by SIGTERM or Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        return _in_a_thread(limit_s, work)
    faulthandler.dump_traceback_later(limit_s + grace_s, exit=True, file=2)
    try:
        with _told_to_end(), _alarm(limit_s):
            return work()
    except KeyboardInterrupt as error:
        raise Interrupted("it was interrupted (Ctrl-C)") from error
    finally:
        faulthandler.cancel_dump_traceback_later()


def _in_a_thread(limit_s: float, work: Callable[[], _T]) -> _T:
    promise: Future[_T] = Future()

    def keep() -> None:
        try:
            promise.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            promise.set_exception(error)

    threading.Thread(target=keep, daemon=True, name="lineage-plugin-gate").start()
    try:
        return promise.result(timeout=limit_s)
    except TimeoutError as error:
        if promise.done():
            raise  # its own
        raise TimedOut(_late(limit_s)) from error


@contextlib.contextmanager
def _alarm(limit_s: float) -> Iterator[None]:
    """Raise after a while, and leave the timer of whoever set one before as it would be."""
    theirs_s = signal.getitimer(signal.ITIMER_REAL)[0]
    began = time.monotonic()

    def ring(signum: int, frame: FrameType | None) -> None:
        nonlocal theirs_s
        left_s = limit_s - (time.monotonic() - began)
        if theirs_s and left_s > 0 and callable(before):  # somebody else's limit is shorter
            theirs_s = 0.0
            signal.setitimer(signal.ITIMER_REAL, left_s, _AGAIN_S)
            before(signum, frame)
            return
        raise TimedOut(_late(limit_s))

    before: Any = signal.signal(signal.SIGALRM, ring) or signal.SIG_DFL
    signal.setitimer(signal.ITIMER_REAL, min(limit_s, theirs_s or limit_s), _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        left_s = theirs_s and max(theirs_s - (time.monotonic() - began), _DUE_S)
        signal.setitimer(signal.ITIMER_REAL, left_s)


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """Stop at SIGTERM, once whoever listened to it before has heard it.

    Airflow's own listener lets a task go on until it is killed some seconds later: long enough for
    a gate to pass and a body to begin.
    """

    def stop(signum: int, frame: FrameType | None) -> None:
        if callable(before):
            before(signum, frame)
        raise Interrupted("the task was told to end (SIGTERM)")

    before: Any = signal.signal(signal.SIGTERM, stop) or signal.SIG_DFL
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _late(limit_s: float) -> str:
    return f"it took longer than {limit_s:g} seconds"
