"""The tables of the store, and how the file of an older version becomes one of this version."""

from __future__ import annotations

import sqlite3
import time

from sfm2.server.usage.outage import unavailable
from sfm2.server.usage.sqlite import errors

_BUSY_PAUSE = 0.01  # seconds
_NOT_OURS = "Set storage.data_dir (SFM2_STORAGE_DATA_DIR) to another folder"
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
    # What keys could do before they had scopes is what `sfm2.types.DEFAULT_SCOPES` allows.
    """
    ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'generate stats';
    ALTER TABLE keys ADD COLUMN expires_at REAL;
    ALTER TABLE keys ADD COLUMN last_used_at REAL;
    ALTER TABLE keys ADD COLUMN previous_hash BLOB;
    ALTER TABLE keys ADD COLUMN previous_until REAL;
    CREATE TABLE key_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, action TEXT NOT NULL, key_id TEXT NOT NULL,
        by_key TEXT, by_user TEXT, address TEXT, details TEXT NOT NULL
    );
    """,
    "CREATE TABLE recent (at INTEGER, name TEXT, value REAL NOT NULL, PRIMARY KEY (at, name)) WITHOUT ROWID",
)
VERSION = len(_MIGRATIONS)
"""Of this program's tables"""


def prepare(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """Bring a file that was just opened to the present version. `busy_timeout`: seconds to wait for other processes.

    Raises `StorageUnavailableError` for a file that is not ours or is a newer version's, and SQLite's errors.
    """
    _write_ahead(connection, busy_timeout)
    connection.execute("PRAGMA synchronous = NORMAL")
    if _version(connection) == len(_MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")  # Two processes may open a new file at once.
    version = _version(connection)
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise unavailable("the file is another program's database", _NOT_OURS)
    for number, migration in enumerate(_MIGRATIONS[version:], version + 1):
        for statement in migration.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _write_ahead(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """Let readers and a writer work at once. SQLite does not wait for others when it enters this mode, so we do."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not errors.is_contention(error) or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_PAUSE)
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(_MIGRATIONS):
        raise unavailable("the file was written by a newer sfm2", f"Update sfm2. {_NOT_OURS}")
    return version
