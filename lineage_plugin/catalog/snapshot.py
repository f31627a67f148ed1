"""Files as they were while they were read, and whether they still are."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: A file system may give two writes within this time the same time of change (FAT: 2 s).
GRAIN_NS = 2_000_000_000

#: The largest file that is read or digested, in bytes.
MAX_FILE_BYTES = 4 * 1024**3

_CHUNK_BYTES = 1024 * 1024


class Stamp(NamedTuple):
    """What tells cheaply that a file has not changed, and its SHA-256, which tells for certain."""

    path: str
    mtime_ns: int
    ctime_ns: int
    size_bytes: int
    inode: int
    sha256: str

    def looks_same(self) -> bool:
        """Whether the file system says that nothing has changed."""
        try:
            now = os.stat(self.path)  # noqa: PTH116 - a Path costs more than the call
        except OSError:
            return False
        return (
            now.st_mtime_ns == self.mtime_ns
            and now.st_size == self.size_bytes
            and now.st_ino == self.inode
            and now.st_ctime_ns == self.ctime_ns
        )

    def is_settled(self, at_ns: int) -> bool:
        """Whether a write after *at_ns* must have changed the times of this file."""
        return max(self.mtime_ns, self.ctime_ns) + GRAIN_NS < at_ns


class Snapshot:
    """Reads files, each once, and remembers what they were."""

    def __init__(self) -> None:
        self._stamps: dict[str, Stamp] = {}

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        """What was read, in the order of the first reading."""
        return tuple(self._stamps.values())

    def read(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """Return what is in a file.

        Raises:
            OSError: It cannot be read, is no ordinary file, or is larger than *max_bytes*.
        """
        return b"".join(self._chunks(path, max_bytes))

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 (FIPS 180-4) of a file, as 64 hexadecimal digits.

        Raises:
            OSError: It cannot be read, is no ordinary file, or is too large.
        """
        stamp = self._stamps.get(str(path))
        if stamp is None:
            for _ in self._chunks(path, MAX_FILE_BYTES):
                pass
            stamp = self._stamps[str(path)]
        return stamp.sha256

    def holds(self) -> bool:
        """Whether every file still looks as it did when it was read."""
        return all(stamp.looks_same() for stamp in self._stamps.values())

    def _chunks(self, path: Path, max_bytes: int) -> Iterator[bytes]:
        descriptor = open_ordinary(path)
        try:
            about = os.fstat(descriptor)
            digest = hashlib.sha256()
            left = max_bytes
            while chunk := os.read(descriptor, _CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    message = f"larger than {max_bytes:,} bytes"
                    raise OSError(errno.EFBIG, message, str(path))
                digest.update(chunk)
                yield chunk
        finally:
            os.close(descriptor)
        self._stamps[str(path)] = Stamp(
            str(path),
            about.st_mtime_ns,
            about.st_ctime_ns,
            about.st_size,
            about.st_ino,
            digest.hexdigest(),
        )


def open_ordinary(path: Path) -> int:
    """Return a descriptor to read *path* from, which never blocks: a pipe or a device is refused.

    Raises:
        OSError: It cannot be read, or is no ordinary file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "not an ordinary file", str(path))


def same_content(stamp: Stamp) -> Stamp | None:
    """Return the stamp of the file as it is now, if what is in it has not changed."""
    now = Snapshot()
    try:
        digest = now.sha256(Path(stamp.path))
    except OSError:
        return None
    return now.stamps[0] if digest == stamp.sha256 and now.holds() else None
