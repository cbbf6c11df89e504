"""The SQLite file: opened at first use, reopened when it was replaced, its errors named."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sfm2.server.usage.outage import unavailable
from sfm2.server.usage.sqlite import errors, schema

FILE_NAME = "sfm2.db"
"""In the data folder"""
BUSY_TIMEOUT = 5.0
"""Seconds that a command waits for another process"""
BUSY_TIMEOUT_IN_SERVER = 0.75
"""The same in a server: less than its requests wait, so that a write that they gave up is known not to have happened"""
FORGET_AFTER = 1.0
"""Seconds after which pages that SQLite keeps are forgotten: their file may have been overwritten in place"""
_SIDE_FILES = ("-wal", "-shm")  # What SQLite keeps beside its file.
_log = logging.getLogger(__name__)


class _Files(NamedTuple):
    """Which files a connection has open, by device and inode; None: there is none."""

    main: tuple[int, int] | None
    wal: tuple[int, int] | None
    shm: tuple[int, int] | None

    @classmethod
    def at(cls, path: Path) -> _Files:
        return cls(*(_identity(Path(f"{path}{suffix}")) for suffix in ("", *_SIDE_FILES)))


class SqliteFile:
    """The file, opened at first use; for one thread at a time.

    If it is deleted or replaced while it is open, the next use opens what is there then. All methods raise
    `StorageUnavailableError` if it can't be opened, read or written.
    """

    def __init__(self, path: Path, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None
        self._files: _Files | None = None
        self._forget_at = 0.0

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. A reader never waits for a writer."""
        with self._errors_named():
            return self._open().execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes within this context happen together or not at all; one process writes at a time."""
        with self._errors_named():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # A full disk has rolled back already.
                    with suppress(sqlite3.Error):  # What failed first is the cause; the connection is closed for it.
                        connection.execute("ROLLBACK")
                raise

    def absent(self) -> bool:
        """Whether there is no file. False if that can't be told."""
        try:
            self.path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close the file; using the store again reopens it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._files != _Files.at(self.path):
            self._leave()
        if self._connection is None:
            self._connection = self._connect()
            self._files = _Files.at(self.path)
        if time.monotonic() > self._forget_at:
            self._connection.execute("PRAGMA shrink_memory")
            self._forget_at = time.monotonic() + FORGET_AFTER
        return self._connection

    def _leave(self) -> None:
        """Close a file that is no longer the one at its path."""
        opened, found = self._files, _Files.at(self.path)
        self.close()
        if opened is None or opened.main == found.main:
            return
        if found.main is None:
            _log.warning("%s was deleted while it was in use", self.path)
            return
        _log.warning("%s was replaced while it was in use; what is there now is used from now on", self.path)
        # SQLite would take the changes that it kept beside the old file for changes of the new one.
        for suffix, before, now in zip(_SIDE_FILES, opened[1:], found[1:], strict=True):
            if now is not None and now == before:
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        try:
            _create_private(self.path)
        except OSError as error:
            raise unavailable(f"the file can't be opened: {error.strerror}", errors.WRITABLE_FOLDER) from error
        connection = sqlite3.connect(
            self.path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            schema.prepare(connection, self._busy_timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        """Turn SQLite's errors about the file and its disk into ours. Any other is a bug, and stays what it is."""
        try:
            yield
        except sqlite3.Error as error:
            if not errors.is_contention(error):
                self.close()  # What is at the path may be another file by the next use.
            known = errors.as_ours(error)
            if known is None:
                raise
            raise known from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _create_private(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its side files the same mode.

    A file that exists is not opened: to close it would release the locks that this process's other connections hold.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
