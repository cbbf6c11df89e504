"""The store of keys, counters and feedback: whether it can be read and written now."""

from __future__ import annotations

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
    from sfm2.server.usage.sqlite.file import FILE_NAME, SqliteFile  # `Store` itself imports all that answers requests

    file = SqliteFile(data_dir / FILE_NAME, _WAIT)
    if file.absent():
        return ok(NAME, f"none yet at {file.path}; the first server makes it")
    try:
        with file.transaction():  # nothing, but as a writer
            pass
    except StorageUnavailableError as error:
        return problem(NAME, f"{file.path}: {error.message}", error.suggestion)
    finally:
        file.close()
    return ok(NAME, str(file.path))


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
