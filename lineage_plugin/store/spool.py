"""Events and statements that the record could not take yet, one file each, until it can.

The spool is bounded and keeps the oldest: a gap at the end shows, a gap in the middle does not.
What had to be dropped is counted.  A file is written beside its place and then moved there, so
there are no half ones; one whose process ended before that still waits, and is moved by whoever
drains next.  Appending an event twice changes nothing, so several processes may drain at once.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
import stat
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lineage_plugin import codec
from lineage_plugin.errors import StoreConflict, StoreError
from lineage_plugin.model import RunFacts, Statement
from lineage_plugin.store.api import Store

_log = logging.getLogger(__name__)

#: A weekend of a busy installation.
MOST_FILES = 10_000

#: As much disk as nobody misses.
MOST_BYTES = 256 * 1024 * 1024

#: Events appended in one transaction.
_BATCH = 100

#: A file that is beside its place for longer (seconds) was left there by a process that has ended.
_STALE_S = 60

#: When it arrived (microseconds), digest of the content, size in bytes.
_NAME = re.compile(r"(?P<at>\d{20})-(?P<digest>[0-9a-f]{32})-(?P<size>\d+)\.json")

#: The same, beside its place.
_BESIDE = re.compile(rf"\.[0-9a-f]{{32}}-(?P<name>{_NAME.pattern})")

#: Counters: events spooled, drained, dropped (the spool was full or unwritable), set aside.
SPOOLED, DRAINED, LOST, SET_ASIDE = "spooled", "drained", "lost", "set-aside"


class _Entry(NamedTuple):
    path: Path
    digest: str
    size: int


class Spool:
    """The spool in a state directory, and the counters beside it.

    Nothing here raises for the state of the disk: what cannot be kept is counted, or logged.
    """

    def __init__(
        self, state_dir: Path, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES
    ) -> None:
        self.folder = state_dir / "spool"
        self._aside = self.folder / "aside"
        self.counters = state_dir / "counters"
        self._most_files = most_files
        self._most_bytes = most_bytes

    def put(self, facts: RunFacts, raw: str, *, received_us: int) -> bool:
        """Keep an event; ``False`` (and counted as lost) if there is no room."""
        return self._keep({"facts": codec.encode(facts), "event": raw}, received_us)

    def put_statement(self, statement: Statement, *, received_us: int) -> bool:
        """Keep a statement; ``False`` (and counted as lost) if there is no room."""
        return self._keep({"statement": codec.encode(statement)}, received_us)

    def _keep(self, plain: Mapping[str, Any], received_us: int) -> bool:
        content = json.dumps(plain).encode()
        name = f"{max(received_us, 0):020d}-{_digest(content)}-{len(content)}.json"
        try:
            if self._is_full(len(content)):
                _log.error("%s is full: an event was lost; gates cannot rely on it", self.folder)
                self.count(LOST)
                return False
            self._write(name, content)
        except OSError as error:
            _log.error("an event was lost, %s cannot be written: %s", self.folder, error)
            self.count(LOST)
            return False
        self.count(SPOOLED)
        return True

    def pending(self) -> int:
        """Return how many events wait, or are being written at this moment."""
        beside = len(self._beside())  # first, or one that is moved meanwhile is seen in no place
        return beside + len(self._entries())

    def drain(
        self,
        store: Store,
        *,
        recorded_us: int,
        limit: int | None = None,
        budget_s: float | None = None,
    ) -> int:
        """Append what waits, oldest first, and return how many events that were.

        What the record cannot take now stays; what it will never take is set aside.

        Args:
            store: The record.
            recorded_us: Now.
            limit: No more events than this.
            budget_s: Begin no further batch after this long.
        """
        self._sweep()
        ends_s = None if budget_s is None else time.monotonic() + budget_s
        drained = 0
        for batch in _batches(self._entries()[:limit]):
            if ends_s is not None and time.monotonic() > ends_s:
                break
            try:
                drained += self._append(store, batch, recorded_us)
            except StoreError as error:
                _log.warning("spooled events still wait: %s", error)
                break
        if drained:
            self.count(DRAINED, drained)
        return drained

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter.

        A counter is a file, its length the count: appending is atomic between processes.
        """
        try:
            self.counters.mkdir(parents=True, exist_ok=True)
            file = os.open(self.counters / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                os.write(file, b"." * by)
            finally:
                os.close(file)
        except OSError as error:
            _log.warning("%s cannot be counted: %s", name, error)

    def can_count(self) -> bool:
        """Whether a loss could be counted now; only then it says something that none was."""
        folder = self.counters if self.counters.exists() else self.counters.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        return os.access(folder, os.W_OK | os.X_OK)

    def counts(self) -> dict[str, int]:
        """Return all counters by name."""
        try:
            return {found.name: found.stat().st_size for found in os.scandir(self.counters)}
        except OSError:
            return {}

    def missing(self) -> int:
        """Return how many events the record will never have: lost, or not to be understood.

        On a full disk a counter can be made but not written: an empty one stands for one event.
        """
        counts = self.counts()
        return sum(max(counts[name], 1) for name in (LOST, SET_ASIDE) if name in counts)

    def _entries(self) -> list[_Entry]:
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return []
        matches = ((name, _NAME.fullmatch(name)) for name in names)
        return [
            _Entry(self.folder / name, match["digest"], int(match["size"]))
            for name, match in matches
            if match
        ]

    def _beside(self) -> dict[Path, Path]:
        """Map each file that is not in its place to that place."""
        try:
            matches = [(path, _BESIDE.fullmatch(path.name)) for path in self.folder.iterdir()]
        except OSError:
            return {}
        return {path: self.folder / match["name"] for path, match in matches if match}

    def _is_full(self, size: int) -> bool:
        entries = self._entries()
        taken = sum(entry.size for entry in entries)
        return len(entries) >= self._most_files or taken + size > self._most_bytes

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{uuid.uuid4().hex}-{name}"
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise

    def _append(self, store: Store, batch: Sequence[_Entry], recorded_us: int) -> int:
        read = [(entry, found) for entry in batch if (found := self._read(entry)) is not None]
        if not read:
            return 0
        try:
            # Statements first: what one holds back must not be there without it.
            for _, found in read:
                if isinstance(found, Statement):
                    store.append_statement(found, recorded_us=recorded_us)
            events = [found for _, found in read if not isinstance(found, Statement)]
            if events:
                store.append_runs(events, recorded_us=recorded_us)
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, StoreConflict):
                raise
            if len(read) > 1:
                return sum(self._append(store, [entry], recorded_us) for entry, _ in read)
            self._set_aside(read[0][0], error)
            return 0
        for entry, _ in read:
            entry.path.unlink(missing_ok=True)
        return len(read)

    def _read(self, entry: _Entry) -> tuple[RunFacts, str] | Statement | None:
        try:
            content = _content(entry.path)
        except FileNotFoundError:  # another process was quicker
            return None
        except OSError as error:
            self._set_aside(entry, error)
            return None
        try:
            if _digest(content) != entry.digest:
                raise ValueError("its content is not what was written")  # noqa: TRY301
            plain = json.loads(content)
            if "statement" in plain:
                return codec.decode(Statement, plain["statement"])
            return codec.decode(RunFacts, plain["facts"]), str(plain["event"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._set_aside(entry, error)
            return None

    def _set_aside(self, entry: _Entry, error: Exception) -> None:
        _log.error("%s cannot be recorded and was set aside: %s", entry.path, error)
        self.count(SET_ASIDE)
        try:
            self._aside.mkdir(parents=True, exist_ok=True)
            entry.path.replace(self._aside / entry.path.name)
        except OSError as failure:
            _log.warning("%s cannot be moved: %s", entry.path, failure)

    def _sweep(self) -> None:
        """Move to its place what dying processes left beside it; half a file is set aside later."""
        oldest = time.time() - _STALE_S
        for path, place in self._beside().items():
            with contextlib.suppress(OSError):  # another process was quicker
                if path.stat().st_mtime < oldest:
                    path.replace(place)


def _content(path: Path) -> bytes:
    """Read a regular file; opening a pipe or a device could wait for ever."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _batches(entries: Sequence[_Entry]) -> Iterator[Sequence[_Entry]]:
    for first in range(0, len(entries), _BATCH):
        yield entries[first : first + _BATCH]
