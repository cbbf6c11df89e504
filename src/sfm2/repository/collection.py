"""The indexes of this machine: one file for each folder that was given."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from sfm2.errors import RepositoryError, RepositoryIndexError
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.storage import REMOVED, SIDE_FILES

_FOLDER = "indexes"  # in the cache: each can be built anew
_NAME = 12  # bytes of a digest
_FIRST_UPDATE = 600  # seconds in which the first files are in an index


class IndexPlace(NamedTuple):
    """An index: the folder that it is of, and its file."""

    root: Path
    file: Path


def folder_in(cache_dir: Path) -> Path:
    """Where indexes are, and what belongs to them."""
    return cache_dir / _FOLDER


def name_of(root: Path) -> str:
    """What files are called that belong to a folder."""
    return blake2b(str(root).encode(errors="surrogateescape"), digest_size=_NAME).hexdigest()


class IndexCollection:
    """The indexes below `cache_dir`, a folder for what can be made again. Only their owner may read them."""

    def __init__(self, cache_dir: Path) -> None:
        self._folder = folder_in(cache_dir)

    def open(self, root: Path) -> RepositoryIndex:
        """The index of a folder, which is made if need be. Raises `RepositoryError`."""
        root = root.resolve()
        return RepositoryIndex.open(root, self._file(root))

    def has(self, root: Path) -> bool:
        """Whether a folder has one, sound or damaged."""
        return self._file(root.resolve()).exists()

    def list(self) -> list[IndexPlace]:
        """Those that there are, by folder. The folder may be gone."""
        return sorted(self._found())

    def find(self, path: Path) -> IndexPlace | None:
        """The index of the innermost folder that has one and that a path is in."""
        within = [one for one in self.list() if path.resolve().is_relative_to(one.root)]
        return max(within, key=lambda one: len(one.root.parts), default=None)

    def is_abandoned(self, place: IndexPlace) -> bool:
        """Whether it has no file, and no update is under way that would change that: the first one was broken off."""
        try:
            recent = time.time() - place.file.stat().st_mtime < _FIRST_UPDATE
        except OSError:
            return True
        return not recent and _asked(place.file, "SELECT count(*) FROM (SELECT 1 FROM files LIMIT 1)") == 0

    def remove(self, root: Path) -> None:
        """Delete the index of a folder. Raises `RepositoryError` if there is none, and `RepositoryIndexError`."""
        file = self._file(root.resolve())
        if not file.exists():
            raise RepositoryError(f"There is no index of {root}", suggestion="`sfm2 index list` shows those there are")
        try:
            Path(f"{file}{REMOVED}").touch()  # a server that has it open would make it again
            for suffix in (*SIDE_FILES, ".lock"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise RepositoryIndexError(f"The index {file} can't be deleted: {error.strerror}") from error

    def _file(self, root: Path) -> Path:
        return self._folder / f"{name_of(root)}.db"

    def _found(self) -> Iterator[IndexPlace]:
        for file in self._folder.glob("*.db"):
            root = _root_of(file)
            if root is not None and self._file(root) == file:
                yield IndexPlace(root, file)


def _root_of(file: Path) -> Path | None:
    root = _asked(file, "SELECT root FROM about")
    return Path(root) if isinstance(root, str) else None


def _asked(file: Path, question: str) -> object:
    """The first value of an answer; None for a file that is no index, or damaged."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            found: object = connection.execute(question).fetchone()[0]
            return found
    except (sqlite3.Error, TypeError):
        return None
