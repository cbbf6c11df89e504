"""The store: what outlives a request (keys, counters, rate limits, outcomes), in one SQLite file that all workers share."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sfm2.errors import ConfigError

T = TypeVar("T")

BUSY_TIMEOUT = 5.0
"""Seconds that a writer waits for another process"""
_BUSY_PAUSE = 0.01  # seconds
# One entry per version of the schema; the file's `user_version` is how many of them it has.
_MIGRATIONS = (
    """
    CREATE TABLE keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, rate TEXT,
        created_at REAL NOT NULL, revoked_at REAL
    );
    CREATE TABLE counters (name TEXT PRIMARY KEY, value REAL NOT NULL);
    CREATE TABLE rate_hits (name TEXT NOT NULL, at REAL NOT NULL, expires_at REAL NOT NULL);
    CREATE INDEX rate_hits_by_name ON rate_hits (name, at);
    CREATE INDEX rate_hits_by_expiry ON rate_hits (expires_at);
    """,
    """
    CREATE TABLE completions (
        id TEXT PRIMARY KEY, at REAL NOT NULL, key_id TEXT, backend TEXT NOT NULL, weights TEXT,
        confidence REAL NOT NULL, calibrated INTEGER NOT NULL, features TEXT, outcome TEXT
    );
    CREATE INDEX completions_by_time ON completions (at);
    """,
    "ALTER TABLE keys ADD COLUMN adapter TEXT",
)


class Store:
    """The file, opened at first use; for one thread at a time.

    All methods raise `ConfigError` if it can't be opened, and `sqlite3.Error` if it can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def in_folder(cls, data_dir: Path) -> Store:
        """The store of a data folder (`storage.data_dir`)."""
        return cls(data_dir / "sfm2.db")

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. A reader never waits for a writer."""
        return self._open().execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes within this context happen together or not at all; one process writes at a time."""
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:  # A full disk has rolled back already.
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; using the store again reopens it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        try:
            _create_private(self.path)
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(self.path, error) from error
        try:
            _prepare(connection, self.path)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise _unusable(self.path, error) from error
            raise
        return connection


def add_to_counters(connection: sqlite3.Connection, changes: Mapping[str, float]) -> None:
    """Add to the counters with these names, within a transaction."""
    connection.executemany(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        list(changes.items()),
    )


class AsyncStore:
    """A store on its own thread, so that a slow disk never blocks the event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sfm2-store")

    async def run(self, work: Callable[[Store], T]) -> T:
        """The result of `work`, which runs on the store's thread. Raises what `work` raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._store)

    async def aclose(self) -> None:
        """Close the store, and end its thread."""
        await self.run(Store.close)
        self._thread.shutdown()


def _create_private(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    if _version(connection, path) == len(_MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")  # Two processes may open a new file at once.
    for number, migration in enumerate(_MIGRATIONS[_version(connection, path) :], _version(connection, path) + 1):
        for statement in migration.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work at once. SQLite does not wait for others when it enters this mode, so we do."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_PAUSE)
        else:
            return


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(_MIGRATIONS):
        raise ConfigError(f"{path} was written by a newer sfm2", suggestion="Update sfm2, or set storage.data_dir")
    return version


def _unusable(path: Path, error: Exception) -> ConfigError:
    return ConfigError(
        f"cannot use {path}: {error}",
        suggestion="Set storage.data_dir (SFM2_STORAGE_DATA_DIR) to a folder that can be written to",
    )
