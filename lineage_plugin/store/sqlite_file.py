"""The SQLite file of a record: connections, transactions, migrations, and what its errors mean.

The one place where :mod:`sqlite3` is opened and where its errors become ours.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from lineage_plugin.errors import StoreCorrupt, StoreError, StoreTooNew, StoreUnavailable

#: Schema that this release writes: the number of the last file in ``migrations/``.
VERSION = 4

#: Marks a SQLite file as a record (the bytes "lprc"), so that another program's is never touched.
APPLICATION_ID = 1819308643

#: The first SQLite with several recursive terms in one query (2020-12).
OLDEST_SQLITE = (3, 34, 0)

#: Between tries for a lock for which SQLite does not wait by itself, in seconds.
_RETRY_S = 0.005

#: Pages are kept up to this (KiB, taken only as needed): SQLite's 2 MiB make a long walk read every
#: page again and again, and take half as long once more.
_CACHE_KIB = 64 * 1024

_MIGRATIONS = Path(__file__).with_name("migrations")

#: Connections that were open when a process forked.  SQLite forbids even closing them in the child.
_INHERITED: list[sqlite3.Connection] = []


class _Connection(sqlite3.Connection):
    """A connection that closes itself without complaint when its thread ends."""

    owner = 0

    def __del__(self) -> None:
        if self.owner == os.getpid():
            self.close()


class SqliteFile:
    """One record file, opened on first use, once per process and thread."""

    def __init__(
        self, path: Path, *, busy_timeout_ms: int, read_only: bool = False, create: bool = True
    ) -> None:
        self.path = path
        self._timeout_s = busy_timeout_ms / 1000
        self._read_only = read_only
        self._create = create and not read_only
        self._mine = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one unchanging state of the record."""
        with self._translated():
            connection = self._connection()
            # Outside the transaction, whose end would take the table along.
            connection.execute(_ASKED)
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                self._roll_back(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that alone may write; all that is written is kept, or nothing."""
        with self._translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    @contextlib.contextmanager
    def replica(self) -> Iterator[sqlite3.Connection]:
        """Give an empty record beside this one, which is attached read-only as ``record``."""
        with self._translated():
            self._connection()  # the file is there and of a schema that we know
            connection = sqlite3.connect(
                "", uri=True, timeout=self._timeout_s, isolation_level=None
            )
            with contextlib.closing(connection):
                for script in _migrations():
                    for statement in _statements(script):
                        connection.execute(statement)
                connection.execute("ATTACH ? AS record", (_uri(self.path, "ro"),))
                connection.execute("BEGIN")
                yield connection

    def erase_traces(self) -> None:
        """Write what was changed into the file and empty the log beside it, if nobody reads."""
        with self._translated():
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connections that this process opened; the next use opens a new one."""
        for connection in list(self._open):
            if connection.owner == os.getpid():
                connection.close()
        self._mine = threading.local()
        self._open = weakref.WeakSet()

    def _connection(self) -> sqlite3.Connection:
        connection: _Connection | None = getattr(self._mine, "connection", None)
        if connection is not None:
            if connection.owner != os.getpid():
                _INHERITED.append(connection)
            elif self._mine.file == _identity(self.path):
                return connection
            else:
                # Somebody moved or replaced the file: what we would write now, nobody would see.
                connection.close()
        self._mine.connection = None
        self._mine.connection = self._opened()
        self._mine.file = _identity(self.path)
        return self._mine.connection  # type: ignore[no-any-return]

    def _opened(self) -> _Connection:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreUnavailable(
                f"SQLite {sqlite3.sqlite_version} cannot keep a record",
                f"install SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer",
            )
        self._make_file()
        connection = sqlite3.connect(
            _uri(self.path, "ro" if self._read_only else "rw"),
            uri=True,
            timeout=self._timeout_s,
            isolation_level=None,
            check_same_thread=False,  # so that close() reaches the connections of other threads
            factory=_Connection,
            cached_statements=256,
        )
        connection.owner = os.getpid()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._open.add(connection)
        return connection

    def _make_file(self) -> None:
        """Create folder and file for the owner alone: raw events hold SQL and names."""
        try:
            if self.path.exists():
                return
            if self._create:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
                return
        except OSError as error:
            raise StoreUnavailable(
                f"the record {self.path} cannot be made: {error.strerror or error}",
                f"make {self.path.parent} a folder that the user running Airflow may write to",
            ) from error
        raise StoreUnavailable(
            f"there is no record at {self.path}",
            "check [lineage_plugin] store_url; the first task that runs creates the record",
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        # A gate lets a run proceed on what was recorded: a commit must survive a power cut, or the
        # record could forget what was decided on it.  NORMAL would lose the last commits.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        version = self._version(connection)
        if version == VERSION:
            return
        if version > VERSION:
            raise StoreTooNew(
                f"the record {self.path} has schema {version}, this release knows {VERSION}",
                "upgrade lineage-plugin here, as was done where the record was written",
            )
        if self._read_only:
            raise StoreUnavailable(
                f"the record {self.path} has no schema yet or an old one",
                "let something write to it once: any task that runs, or any gate that is asked",
            )
        self._migrate(connection)

    def _version(self, connection: sqlite3.Connection) -> int:
        """Return the schema's version, 0 for an empty file."""
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        if application != APPLICATION_ID and (
            version or application or connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        ):
            raise StoreCorrupt(
                f"{self.path} is the SQLite database of another program",
                "give the record a file of its own: [lineage_plugin] store_url",
            )
        return version

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Bring the schema up to date; of many processes that try at once, one does each step."""
        # Readers and a writer do not wait for each other.  The file remembers it.
        self._set_journal(connection)
        for version, script in enumerate(_migrations(), start=1):
            connection.execute("BEGIN IMMEDIATE")
            try:
                if self._version(connection) < version:
                    for statement in _statements(script):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version}")
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    def _set_journal(self, connection: sqlite3.Connection) -> None:
        """Switch to a write-ahead log; SQLite does not wait for the lock that this takes."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)
            else:
                return

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        # SQLite has rolled back itself after some errors, and a dead connection cannot.
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._meaning(error) from error

    def _meaning(self, error: sqlite3.Error) -> StoreError:
        """Say what a SQLite error means for whoever is on call."""
        code = getattr(error, "sqlite_errorcode", None)
        primary = sqlite3.SQLITE_ERROR if code is None else code & 0xFF
        kind, what, remedy = _MEANINGS.get(primary, _UNFORESEEN)
        return kind(
            what.format(path=self.path, error=error, waited=self._timeout_s),
            remedy.format(path=self.path, folder=self.path.parent),
        )


_RESTORE = (
    "stop what writes to it, keep a copy, then restore a backup or try:"
    " sqlite3 {path} .recover | sqlite3 repaired.db; check with: lineage-plugin verify"
)

_PERMIT = "let the user that runs Airflow write to {path} and to its folder {folder}"

_UNFORESEEN = (StoreUnavailable, "the record {path} failed: {error}", "run: lineage-plugin verify")

#: Primary result code of SQLite -> class, what is wrong, what to do.
#: Source: https://www.sqlite.org/rescode.html
_MEANINGS: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_BUSY: (
        StoreUnavailable,
        "the record {path} is locked by another process (waited {waited:g} s)",
        "see who holds it: fuser {path}; or wait longer: [lineage_plugin] append_budget_ms",
    ),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, "the record {path} is read-only", _PERMIT),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "access to the record {path} is denied", _PERMIT),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailable,
        "the record {path} cannot be opened",
        "check [lineage_plugin] store_url, and " + _PERMIT,
    ),
    sqlite3.SQLITE_FULL: (
        StoreUnavailable,
        "the disk of the record {path} is full",
        "free space in {folder}",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreUnavailable,
        "the disk of the record {path} failed: {error}",
        "check free space, quota and health of the disk of {folder}",
    ),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "{path} is not a record: {error}", _RESTORE),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "the record {path} is damaged: {error}", _RESTORE),
    sqlite3.SQLITE_CONSTRAINT: (
        StoreCorrupt,
        "the record {path} contradicts itself: {error}",
        _RESTORE,
    ),
    sqlite3.SQLITE_ERROR: (StoreCorrupt, "the record {path} cannot be read: {error}", _RESTORE),
}

#: Which activities a question is about (:mod:`lineage_plugin.store.sqlite_runs`).
_ASKED = "CREATE TEMP TABLE IF NOT EXISTS asked (id INTEGER PRIMARY KEY)"


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path))}?mode={mode}"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _migrations() -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted(_MIGRATIONS.glob("*.sql"))]


def _statements(script: str) -> Iterator[str]:
    """Split a script, because :meth:`sqlite3.Connection.executescript` commits on its own."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
