"""A copy of the store, and the way back: keys, counters, feedback and rate limits.

A backup is one SQLite file. It is made while servers write, as of one moment. It is put back only while nobody has the store
open, because SQLite's changes of the old file must never meet the new one.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sfm2.errors import ConfigError
from sfm2.server.usage.sqlite import errors, schema

_TABLES = {"keys", "counters", "rate_hits"}  # of every version
# By these bytes SQLite's connections lock a file (os_unix.c): one that has it open in our mode holds some of them.
_SHARED_BYTES, _SHARED_LENGTH = 0x40000000 + 2, 510
_SIDE_FILES = ("-wal", "-shm")
_PATIENCE = 1.0  # seconds to wait for a lock
_STOP = "Stop the server, and try again"


@dataclass(frozen=True)
class Copied:
    """What a backup holds."""

    keys: int
    requests: int
    bytes: int
    in_use: bool = False
    """Whether a server or a command had the store open"""
    kept: Path | None = None
    """Where the store is that was replaced"""
    revived: tuple[str, ...] = ()
    """Ids of keys that were revoked or rotated since: what was refused is valid again"""


def back_up(path: Path, target: Path, *, overwrite: bool = False) -> Copied:
    """Copy the store at `path` to `target`. Raises `ConfigError`; then `target` is as it was."""
    if not path.is_file():
        raise ConfigError(f"there is no store at {path}", suggestion="storage.data_dir names its folder")
    if not overwrite and target.exists():
        raise ConfigError(f"{target} exists", suggestion="Choose another name, or replace it with --force")
    with _alone_with(path) as alone:
        pass
    with _partial(target) as partial:
        _copy(path, partial, mode="rw")  # which removes at its end what SQLite keeps beside the file
        found = examine(partial)
        partial.replace(target)
    return replace(found, in_use=not alone)


def restore(backup: Path, path: Path) -> Copied:
    """Put `backup` in the place of the store at `path`, which is kept beside it.

    Raises `ConfigError`: it is no backup, is damaged or of a newer version, or the store is open; then nothing is changed.
    """
    found = examine(backup)
    _make_folder(path.parent)
    with _partial(path) as partial:
        _copy(backup, partial, mode="ro")
        if not path.exists():
            _remove_side_files(path)
            partial.replace(path)
            return found
        _fold_changes_in(path)
        with _alone_with(path) as alone:
            if not alone:
                raise _open_elsewhere(path)
            revived = _revived(path, partial)
            kept = _kept(path)
            _remove_side_files(path)
            partial.replace(path)
    return replace(found, kept=kept, revived=revived)


def examine(path: Path) -> Copied:
    """What the backup at `path` holds. Raises `ConfigError` if it is none that can be put back."""
    if not path.is_file():
        raise ConfigError(f"there is no file {path}", suggestion="`sfm2 store backup FILE` makes a backup")
    try:
        with closing(_opened(path, "ro")) as connection:
            problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if problem != "ok":
                raise _damaged(path, str(problem))
            _check_version(path, connection)
            [keys] = connection.execute("SELECT count(*) FROM keys").fetchone()
            [requests] = connection.execute("SELECT sum(value) FROM counters WHERE name = 'requests'").fetchone()
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error
    return Copied(keys, int(requests or 0), path.stat().st_size)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} can't be made: {error.strerror}", suggestion="storage.data_dir names it"
        ) from error


def _check_version(path: Path, connection: sqlite3.Connection) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version == 0 or not tables >= _TABLES:
        raise ConfigError(f"{path} is no store of sfm2", suggestion="Give a file that `sfm2 store backup` made")
    if version > schema.VERSION:
        raise ConfigError(
            f"{path} is of a newer sfm2: its tables are of version {version}, and this one knows {schema.VERSION}",
            suggestion="Update sfm2",
        )


def _opened(path: Path, mode: Literal["ro", "rw"]) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE)


def _copy(source: Path, target: Path, mode: Literal["ro", "rw"]) -> None:
    """As of one moment; what another process writes meanwhile is not in it."""
    with closing(_opened(source, mode)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = DELETE")  # one file
    with target.open("rb+") as copied:
        os.fsync(copied.fileno())


def _fold_changes_in(path: Path) -> None:
    """Write the changes that SQLite keeps beside its file into it, so that it is whole by itself."""
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if errors.is_contention(error):
            raise _open_elsewhere(path) from error
        # Else it is damaged, which may be why a backup is put back.


def _kept(path: Path) -> Path:
    """Another name for the store that is about to be replaced, and for what SQLite keeps beside it."""
    kept = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
    for suffix in ("", "-wal"):
        beside = Path(f"{path}{suffix}")
        if beside.exists():
            os.link(beside, f"{kept}{suffix}")
    return kept


def _revived(replaced: Path, backup: Path) -> tuple[str, ...]:
    try:
        now, then = _secrets(replaced), _secrets(backup)
    except sqlite3.DatabaseError:  # It is damaged: nobody knows.
        return ()
    return tuple(key for key, (_, revoked) in then.items() if key in now and not revoked and now[key] != then[key])


def _secrets(path: Path) -> dict[str, tuple[bytes, bool]]:
    """Of each key the hash of its secret, and whether it was revoked."""
    with closing(_opened(path, "ro")) as connection:
        rows = connection.execute("SELECT id, hash, revoked_at IS NOT NULL FROM keys ORDER BY created_at").fetchall()
    return {key: (digest, bool(revoked)) for key, digest, revoked in rows}


def _remove_side_files(path: Path) -> None:
    for suffix in _SIDE_FILES:
        Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextmanager
def _alone_with(path: Path) -> Iterator[bool]:
    """Whether no other process has the store open; if so, none can open it within this context.

    Not for a process that has it open itself: to close the file would release the locks of its connections.
    """
    import fcntl  # not on Windows, where no server runs

    try:
        opened = path.open("rb+")
    except OSError as error:
        raise ConfigError(
            f"{path} can't be opened: {error.strerror}", suggestion="Run this as the user that runs the server"
        ) from error
    with opened as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_LENGTH, _SHARED_BYTES)
        except OSError:
            yield False
        else:
            yield True


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A new file beside `target` that only its owner may read; what is left of it at the end is removed."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield partial
    except OSError as error:
        raise ConfigError(f"{target} can't be written: {error.strerror}", suggestion="Choose another place") from error
    except sqlite3.Error as error:
        raise ConfigError(
            f"{target} can't be written: {error}", suggestion="Choose a place with room for it"
        ) from error
    finally:
        for suffix in ("", "-journal"):
            Path(f"{partial}{suffix}").unlink(missing_ok=True)


def _damaged(path: Path, problem: str) -> ConfigError:
    return ConfigError(f"{path} is damaged: {problem}", suggestion="Give another backup")


def _open_elsewhere(path: Path) -> ConfigError:
    return ConfigError(f"a server, or another command, has {path} open", suggestion=_STOP)
