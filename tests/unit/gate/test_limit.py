"""A gate ends in time, whatever hangs in it, and leaves signals as they were."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from lineage_plugin.gate.limit import Interrupted, Stopped, TimedOut, within

SHORT_S = 0.05


class Theirs(Exception):
    """Somebody else's limit."""


@pytest.fixture
def timer() -> Iterator[Callable[[float], None]]:
    """A timer of somebody else's, and the one of the test run put back."""

    def ring(*_: Any) -> NoReturn:
        raise Theirs

    before, left = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    signal.signal(signal.SIGALRM, ring)

    def due(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    yield due
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    signal.setitimer(signal.ITIMER_REAL, *left)


def test_what_ends_in_time_is_returned() -> None:
    assert within(5, lambda: "said") == "said"


def test_what_goes_wrong_in_time_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def hangs_in_a_regular_expression() -> object:
    return re.match(r"(a+)+$", "a" * 64 + "b")


def hangs_and_goes_on_after_errors() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(60)


def hangs_for_a_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@pytest.mark.parametrize(
    "work", [hangs_in_a_regular_expression, hangs_and_goes_on_after_errors, hangs_for_a_lock]
)
def test_what_hangs_is_stopped(work: Callable[[], object]) -> None:
    with pytest.raises(TimedOut, match=r"longer than 0\.05 seconds"):
        within(SHORT_S, work)


def test_code_that_swallows_the_first_signal_gets_another() -> None:
    heard = []

    def swallow() -> None:
        while True:
            try:
                time.sleep(60)
            except Stopped:
                heard.append(1)
                if len(heard) == 2:
                    raise

    with pytest.raises(TimedOut):
        within(SHORT_S, swallow)


def test_outside_the_main_thread_the_answer_does_not_wait() -> None:
    found: list[BaseException] = []
    goes_on = threading.Event()

    def ask() -> None:
        try:
            within(SHORT_S, lambda: goes_on.wait(30))
        except TimedOut as error:
            found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(10)
    goes_on.set()

    assert len(found) == 1


def test_a_longer_timer_of_somebody_else_still_rings(timer: Callable[[float], None]) -> None:
    timer(60)
    within(5, lambda: None)

    assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] < 60


def test_a_shorter_timer_of_somebody_else_rings_as_theirs(timer: Callable[[float], None]) -> None:
    timer(SHORT_S)

    with pytest.raises(Theirs):
        within(30, lambda: time.sleep(60))
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_who_is_told_to_end_says_so_and_tells_whoever_listened() -> None:
    heard: list[int] = []

    def told_to_end() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)

    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with pytest.raises(Interrupted, match="SIGTERM"):
            within(30, told_to_end)
        assert heard == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM] * 2, "it is as it was before"
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_interruption_by_hand_is_one() -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="Ctrl-C"):
        within(30, interrupted)


def test_what_keeps_the_interpreter_is_ended_with_its_process() -> None:
    script = (
        "import itertools; from lineage_plugin.gate.limit import within\n"
        "within(0.1, lambda: all(itertools.repeat(1)), grace_s=0.2)\n"
        "print('the body runs')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode != 0
    assert "Timeout" in ended.stderr
    assert "the body runs" not in ended.stdout
