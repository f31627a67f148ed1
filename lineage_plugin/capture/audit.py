"""Listening to what Python itself does: one audit hook for the life of the process.

An audit hook cannot be taken away again, so there is one, it is put in place when the first task's
body begins, and it does nothing while nobody collects.  A scheduler, a web server, a DAG processor
and a triggerer never run a body and never have it.

Source:
    PEP 578; the table of audit events in Python's documentation.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lineage_plugin.capture.session import Session, Told

_lock = threading.Lock()
_installed = False
_active: Session | None = None


def start(session: Session) -> None:
    """Let *session* collect from now on, in place of any other."""
    global _active, _installed  # noqa: PLW0603 - a process has one list of audit hooks
    with _lock:
        if not _installed:
            sys.addaudithook(_heard)
            _installed = True
        _active = session


def stop() -> Session | None:
    """Stop collecting, and return who did."""
    global _active
    with _lock:
        session, _active = _active, None
    return session


def is_on() -> bool:
    """Whether anybody collects."""
    return _active is not None


@contextmanager
def paused() -> Iterator[None]:
    """Collect nothing in here: what happens is our own doing."""
    global _active  # noqa: PLW0603
    session = stop()
    try:
        yield
    finally:
        if session is not None:
            _active = session


def tell(told: Told) -> None:
    """Tell whoever collects; never raises, because somebody else's call is on the stack."""
    session = _active
    if session is not None:
        try:
            told(session)
        except Exception:  # noqa: BLE001 - it breaks no task; that it happened is counted
            session.faults += 1


def _heard(event: str, args: tuple[Any, ...]) -> None:
    session = _active
    if session is None:
        return
    try:
        if event == "open":
            path = args[0]
            # What nearly all are: in here a call would cost as much as the rest.
            if type(path) is str and path[:1] == "/" and len(session.seen) < session.most_files:
                session.seen[path, args[2]] = None
            else:
                session.opening(path, args[2])
        elif (note := _NOTED.get(event)) is not None:
            note(session, *args)
    except Exception:  # noqa: BLE001 - likewise
        session.faults += 1


def _request(session: Session, url: str, _data: object, _headers: object, method: str) -> None:
    """A request by a handler of urllib that is not HTTP's: those are seen when they answer."""
    if method == "GET" and not url.startswith(("http:", "https:", "file:", "data:")):
        session.reads_from(url)


#: What is heard besides files: audit event -> how it is noted.
_NOTED: Mapping[str, Callable[..., None]] = {
    "sqlite3.connect": Session.connects_to,
    "os.remove": Session.removes,
    "os.rmdir": Session.removes_folder,
    "shutil.rmtree": lambda session, path, dir_fd=None: session.removes_folder(
        path, -1 if dir_fd is None else dir_fd
    ),
    "os.rename": Session.renames,
    "os.link": Session.links,
    "os.mkdir": lambda session, path, _mode, dir_fd=-1: session.makes(path, dir_fd),
    "subprocess.Popen": lambda session, program, *_: session.starts(program),
    "os.system": lambda session, *_: session.starts("sh"),
    "urllib.Request": _request,
}
