"""The index of one repository."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sfm2.repository import listing, queries, searching
from sfm2.repository.contents import Definition, Import, IndexSize, Passage, Update
from sfm2.repository.storage import DamagedIndexError, IndexStorage
from sfm2.repository.updating import Updater

T = TypeVar("T")


class RepositoryIndex:
    """What is known of the files below `root`, kept in a SQLite file. For any number of threads and processes.

    What it answers is of one version of each file, the one that was there at the last update: texts are kept in the index,
    and not read from the disk again. All methods raise `RepositoryIndexError` if the file of the index can't be used; one
    that is damaged is replaced by an empty one, which is said in the log, and the next update fills it.
    """

    def __init__(self, root: Path, storage: IndexStorage) -> None:
        self.root = root
        self._storage = storage

    @classmethod
    def open(cls, root: Path, file: Path) -> Self:
        """The index of `root` in `file`, which is made if need be, and made anew if it is damaged, of another version or of
        another folder. Nothing is read of `root` before `update`. Raises `RepositoryError` if there is no such folder.
        """
        root = root.absolute()
        listing.check(root)
        storage = IndexStorage(file.absolute(), root)
        storage.open()
        return cls(root, storage)

    def update(self, paths: Collection[str] | None = None, stopped: Callable[[], bool] = lambda: False) -> Update:
        """Take in what has changed: of everything, or of these files and folders (relative to the root, with `/`).

        Raises `RepositoryError` if the folder can't be read, or is gone before the end; what was known is known still. So
        it is after `UpdateStoppedError`, which is raised once `stopped` says so: it is asked often.
        """
        try:
            return self._update(paths, stopped)
        except DamagedIndexError as error:
            self._renew(error)
            return self._update(None, stopped)

    def paths(self) -> list[str]:
        """The files that it has, sorted."""
        return self._ask(queries.paths)

    def text(self, path: str) -> str | None:
        """The text of a file, without a byte order mark; None for a file that it has not."""
        return self._ask(lambda connection: queries.text(connection, path))

    def passages(self, path: str) -> list[Passage]:
        """The passages of a file in its order: every line that is not blank is in one of them."""
        return self._ask(lambda connection: queries.passages(connection, path))

    def imports(self, path: str) -> list[Import]:
        """What a file imports, in its order."""
        return self._ask(lambda connection: queries.imports(connection, path))

    def folders_with(self, name: str) -> list[str]:
        """The folders that have a folder or file with this name, whatever its suffix, sorted; empty for the root.

        Files count that are not in the index for what they hold. Of folders in each other, the outermost is named.
        """
        return self._ask(lambda connection: queries.folders_with(connection, name))

    def imports_with(self, part: str, limit: int) -> list[tuple[str, Import]]:
        """Imports with this in their module or names, each with its file."""
        return self._ask(lambda connection: queries.imports_with(connection, part, limit))

    def definitions_in(self, path: str) -> list[Definition]:
        """The definitions of a file in its order, each before those in it."""
        return self._ask(lambda connection: queries.definitions_in(connection, path))

    def definitions_of(self, names: Collection[str], limit: int = 50, most: int = 1_000) -> list[Definition]:
        """Where these names are defined: for each in turn, classes and functions before variables, methods and fields.

        A name with more than `most` definitions is left out.
        """
        return self._ask(lambda connection: queries.definitions_of(connection, names, limit, most))

    def search(self, words: Collection[str], limit: int = 20) -> list[tuple[Passage, float]]:
        """Passages with these words, of which identifiers count in their parts, too, with their BM25: the greatest first.

        Words that are nearly everywhere are not looked for.
        """
        return self._ask(lambda connection: searching.search(connection, words, limit))

    def with_lines(self, lines: Collection[str], limit: int = 20) -> list[tuple[str, int]]:
        """Files that have lines in common with these, with how many: the rarer a line is, the more it counts.

        Indentation does not matter. Lines of less than 5 characters, and those of dozens of files, are not counted.
        """
        return self._ask(lambda connection: queries.with_lines(connection, lines, limit))

    def size(self) -> IndexSize:
        """How much it has."""
        return IndexSize(*self._ask(queries.counts), bytes=self._storage.bytes())

    def close(self) -> None:
        """Close the file. Using the index again reopens it."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _update(self, paths: Collection[str] | None, stopped: Callable[[], bool]) -> Update:
        updater = Updater(self._storage, self.root, paths, stopped)
        if paths is not None:
            return updater.run()
        with self._storage.updating(stopped):
            return updater.run()

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._storage.reading() as connection:
                return question(connection)
        except DamagedIndexError as error:
            self._renew(error)
            with self._storage.reading() as connection:
                return question(connection)

    def _renew(self, error: DamagedIndexError) -> None:
        self._storage.renew(str(error))
