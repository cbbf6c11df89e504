"""The SQLite file of an index: opened, made anew when it can't be used, its errors named."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sfm2.errors import MissingExtraError, RepositoryIndexError
from sfm2.repository import schema

BUSY_TIMEOUT = 10.0
"""Seconds that a write waits for another process's"""
LOCK_TIMEOUT = 3600.0
"""Seconds that an update of everything waits for another one, in whatever process"""
_PATIENCE = 2.0  # seconds that a damaged index waits for who updates it
_LOOKS = 0.2  # seconds of that between looks at whether it is still wanted
SIDE_FILES = ("", "-wal", "-shm")
"""Endings of the names of the file, and of those that SQLite keeps beside it"""
REMOVED = ".removed"
"""Ending of the name of a file that says: it was removed on purpose, so that who has it open must not make it again"""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# By primary result code: what is wrong, and what to do.
_CAUSES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space on the disk of the index"),
    sqlite3.SQLITE_IOERR: ("the disk reports an error, or is full", "Look at the disk of the index"),
    sqlite3.SQLITE_BUSY: ("another process is writing it", "Ask again when that has ended"),
    sqlite3.SQLITE_LOCKED: ("another process is writing it", "Ask again when that has ended"),
    sqlite3.SQLITE_CANTOPEN: ("it can't be opened", "Keep indexes in a folder that can be written to"),
    sqlite3.SQLITE_PERM: ("it can't be opened", "Keep indexes in a folder that can be written to"),
    sqlite3.SQLITE_READONLY: ("it can't be written", "Keep indexes in a folder that can be written to"),
}
_log = logging.getLogger(__name__)


class DamagedIndexError(Exception):
    """The file is no index any more; `IndexStorage.renew` helps."""


class UpdateStoppedError(Exception):
    """Whoever asked for an update does not want it any more."""


class _Opened:
    """A connection to the file that is at the path: another one once it has been replaced."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def connection(self, storage: IndexStorage) -> sqlite3.Connection:
        if self._connection is None or self._file != _identity(storage.path):
            self.close()
            self._connection = storage.connect()
            self._file = _identity(storage.path)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


class IndexStorage:
    """The file, with a connection to read and one to write: a reader never waits for a writer. For any number of threads.

    All methods raise `RepositoryIndexError` when the file can't be used, and `DamagedIndexError`.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self._root = root
        self._reader, self._writer = _Opened(), _Opened()
        self._reading, self._writing = threading.RLock(), threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All that is read within this context is of one version of the index."""
        with self._reading, self._errors_named():
            connection = self._reader.connection(self)
            with _transaction(connection, "BEGIN"):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """What is written within this context is there at once or not at all."""
        with self._writing, self._errors_named():
            connection = self._writer.connection(self)
            with _transaction(connection, "BEGIN IMMEDIATE"):
                yield connection

    @contextmanager
    def updating(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Only one update of everything at a time, among all processes. Raises `UpdateStoppedError` if stopped meanwhile."""
        try:
            from filelock import FileLock, Timeout
        except ModuleNotFoundError as error:
            raise MissingExtraError("a repository's index", "index") from error
        lock, until = FileLock(f"{self.path}.lock"), time.monotonic() + LOCK_TIMEOUT
        try:
            while not lock.is_locked:
                if stopped():
                    raise UpdateStoppedError
                with suppress(Timeout):
                    lock.acquire(timeout=min(_LOOKS, LOCK_TIMEOUT))
                if not lock.is_locked and time.monotonic() >= until:
                    raise self._error("another process is updating it", "Ask again when that has ended")
        except OSError as error:
            raise self._error(f"it can't be opened: {error.strerror}", _CAUSES[sqlite3.SQLITE_CANTOPEN][1]) from error
        try:
            yield
        finally:
            lock.release()

    def open(self) -> None:
        """Open the file, or make it; one that is damaged or of another version is made anew."""
        with suppress(OSError):
            Path(f"{self.path}{REMOVED}").unlink(missing_ok=True)
        try:
            with self.reading():
                pass
        except DamagedIndexError as error:
            self.renew(str(error))

    def renew(self, reason: str) -> None:
        """Begin with an empty index, unless another process has done so. Waits for others a moment only: people wait too."""
        until = time.monotonic() + _PATIENCE
        try:
            with self.updating(lambda: time.monotonic() > until):
                self._renew(reason)
        except UpdateStoppedError as error:
            raise self._error("another process is updating it", "Ask again when that has ended") from error

    def _renew(self, reason: str) -> None:
        self.close()
        with suppress(DamagedIndexError), self.reading() as connection:
            if connection.execute("SELECT 1 FROM files").fetchone() is None:
                return
        self.close()
        _log.warning("%s is built anew: %s", self.path, reason)
        try:
            for suffix in SIDE_FILES:
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise self._error(f"it can't be replaced: {error.strerror}", _CAUSES[sqlite3.SQLITE_PERM][1]) from error
        try:
            with self.reading():
                pass
        except DamagedIndexError as error:
            raise self._error(str(error), "Keep indexes on another disk") from error

    def bytes(self) -> int:
        """Of the file and what SQLite keeps beside it."""
        files = (Path(f"{self.path}{suffix}") for suffix in SIDE_FILES)
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close the file; using it again reopens it."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def connect(self) -> sqlite3.Connection:
        """A new connection."""
        if not self.path.exists() and Path(f"{self.path}{REMOVED}").exists():
            raise self._error("it has been removed", "`sfm2 index add FOLDER` makes it again")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # it has the repository's code
        except OSError as error:
            raise self._error(f"it can't be opened: {error.strerror}", _CAUSES[sqlite3.SQLITE_CANTOPEN][1]) from error
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            if not schema.prepare(connection, self._root):
                raise DamagedIndexError("it is of another version or another folder")
        except schema.ForeignFileError as error:
            connection.close()
            raise self._error("it is another program's database", "Keep indexes in another folder") from error
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
                raise DamagedIndexError(f"it lacks tables ({error})") from error
            raise
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF  # Python's own have none
            if code in _DAMAGED:
                raise DamagedIndexError(f"it is damaged ({error})") from error
            if code not in _CAUSES:
                raise  # a bug of ours
            raise self._error(*_CAUSES[code]) from error

    def _error(self, cause: str, suggestion: str) -> RepositoryIndexError:
        return RepositoryIndexError(f"The index {self.path} can't be used: {cause}", suggestion=suggestion)


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    begun = connection.in_transaction
    if begun:  # by the same thread
        yield
        return
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
