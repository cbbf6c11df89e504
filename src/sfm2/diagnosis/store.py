"""The store of keys, counters and feedback: whether it can be read and written now."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sfm2.config import StorageSettings
from sfm2.diagnosis.finding import Finding, ok, problem
from sfm2.errors import MissingExtraError, StorageUnavailableError

NAME = "store"
_WAIT = 1.0  # seconds for other processes that have locked it


def check_store(storage: StorageSettings) -> Finding:
    """Read and write it, without a change. `storage.url` names a server, else it is a file."""
    return _of_file(storage.data_dir) if storage.url is None else _of_server(storage)


def _of_file(data_dir: Path) -> Finding:
    """Not through `Store`, which brings the tables of an older version up to date."""
    from sfm2.server.usage.sqlite import errors, schema
    from sfm2.server.usage.sqlite.file import FILE_NAME

    path = data_dir / FILE_NAME
    if not path.exists():
        return ok(NAME, f"none yet at {path}; the first server makes it")
    try:
        version = _version_of(path)
    except sqlite3.Error as error:
        known = errors.as_ours(error)
        if known is None:
            raise
        return problem(NAME, f"{path}: {known.message}", known.suggestion)
    if version > schema.VERSION:
        return problem(NAME, f"{path} was written by a newer sfm2", "Update sfm2, or set storage.data_dir elsewhere")
    return ok(NAME, str(path))


def _version_of(path: Path) -> int:
    """Of the tables; found as a writer, who needs a file that nobody has locked."""
    place = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(place, uri=True, timeout=_WAIT, isolation_level=None)) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    return int(version)


def _of_server(storage: StorageSettings) -> Finding:
    from sfm2.server.usage.opening import store_of

    try:
        store = store_of(storage, _WAIT)
        try:
            store.ping()
        finally:
            store.close()
    except MissingExtraError as error:
        return problem(NAME, error.message, error.suggestion)
    except StorageUnavailableError as error:
        return problem(NAME, f"{store.place}: {error.message}", error.suggestion)
    return ok(NAME, store.place)
