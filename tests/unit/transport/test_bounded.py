"""Work that is waited for, but not for ever."""

from __future__ import annotations

import os
import threading
import time
import warnings
from concurrent.futures import Future

import pytest

from lineage_plugin.transport import bounded


def test_what_is_done_in_time_is_returned() -> None:
    assert bounded.within(5, lambda: 7) == 7


def test_what_it_raises_is_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        bounded.within(5, fail)


def test_what_takes_too_long_is_left_alone() -> None:
    ended = threading.Event()
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        bounded.within(0.05, ended.wait)

    assert time.monotonic() - began < 2
    ended.set()


def test_even_an_exit_is_kept_for_whoever_waits() -> None:
    promise: Future[None] = Future()

    def leave() -> None:
        raise SystemExit(3)

    bounded.keep(promise, leave)

    assert isinstance(promise.exception(), SystemExit)


@pytest.mark.parametrize(("work_s", "done"), [(0.2, True), (60.0, False)], ids=["short", "long"])
def test_a_fork_waits_for_work_under_way_but_not_for_ever(*, work_s: float, done: bool) -> None:
    """A lock that a thread held at the fork is locked for ever in the child."""
    ended = threading.Event()

    def work() -> None:
        ended.wait(work_s)
        ended.set()

    bounded.start(work)
    began = time.monotonic()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if ended.is_set() == done else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert time.monotonic() - began < 5
    ended.set()
