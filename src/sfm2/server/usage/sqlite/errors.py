"""SQLite's errors about a file and its disk, as errors that say what is wrong and what to do."""

from __future__ import annotations

import sqlite3

from sfm2.errors import StorageUnavailableError
from sfm2.server.usage.outage import unavailable

WRITABLE_FOLDER = "Set storage.data_dir (SFM2_STORAGE_DATA_DIR) to a folder that can be written to"
"""What to do if the file can't be opened"""
_FIND_HOLDER = "Find the process that holds it, such as a backup"
_RESTORE = "Stop the server and `sfm2 store restore` a backup, or move sfm2.db away to begin without its keys"
# By primary result code.
_CAUSES = {
    sqlite3.SQLITE_BUSY: ("another process has locked it", _FIND_HOLDER),
    sqlite3.SQLITE_LOCKED: ("another process has locked it", _FIND_HOLDER),
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space on the disk of storage.data_dir"),
    sqlite3.SQLITE_IOERR: ("the disk reports an error, or is full", "Look at the disk of storage.data_dir"),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("the file is damaged: it is not a database", _RESTORE),
    sqlite3.SQLITE_ERROR: ("the file's tables are not those of this version", _RESTORE),
    sqlite3.SQLITE_SCHEMA: ("the file's tables are not those of this version", _RESTORE),
    sqlite3.SQLITE_CANTOPEN: ("the file can't be opened", WRITABLE_FOLDER),
    sqlite3.SQLITE_PERM: ("the file can't be opened", WRITABLE_FOLDER),
    sqlite3.SQLITE_READONLY: ("the file can't be written", WRITABLE_FOLDER),
}


def as_ours(error: sqlite3.Error) -> StorageUnavailableError | None:
    """The error to raise instead; None: it says nothing about the file, and is a bug of ours."""
    known = _CAUSES.get(_code(error))
    return unavailable(*known) if known else None


def is_contention(error: sqlite3.Error) -> bool:
    """Whether another connection had the file locked: it may work in a moment."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: sqlite3.Error) -> int:
    # What Python's module itself refuses has no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
