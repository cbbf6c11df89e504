"""Brings an index up to date with its folder. It may be stopped at any time: what is written by then is sound."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from sfm2.repository import listing, writing
from sfm2.repository.contents import Update
from sfm2.repository.reading import Content, Stamp, Tree
from sfm2.repository.storage import IndexStorage, UpdateStoppedError

_BATCH = 5_000  # lines that are written at once: another process's write waits for a fraction of a second
_REMOVED = 200  # files that are removed at once
_KNOWN = "SELECT path, mtime_ns, ctime_ns, size FROM files"
_KNOWN_AT = f"{_KNOWN} WHERE path = ? OR (path > ? AND path < ?)"  # "0" comes right after "/"
_log = logging.getLogger(__name__)


class Updater:
    """One update. `only`: the paths, or folders, that may have changed; None: all that have. `stopped` is asked often."""

    def __init__(
        self, storage: IndexStorage, root: Path, only: Collection[str] | None, stopped: Callable[[], bool]
    ) -> None:
        self._storage = storage
        self._stopped = stopped
        self._root = root
        self._only = None if only is None else {path.rstrip("/") for path in only}
        self._tree = Tree(root)
        self._counts = {"added": 0, "changed": 0, "removed": 0}
        self._lines = 0

    def run(self) -> Update:
        """Raises `RepositoryError` when the folder can't be read, or is gone by now, `UpdateStoppedError`, and what
        `IndexStorage` raises.
        """
        started = time.perf_counter()
        names = listing.names(self._root, self._only)
        known = self._known()
        there: set[str] = set()
        batch: list[writing.ReadFile] = []
        for file in self._changed(sorted(names), known, there):
            if self._stopped():
                raise UpdateStoppedError
            batch.append(file)
            if sum(len(one.lines) for one in batch) > _BATCH:
                self._write(batch)
                batch = []
        self._write(batch)
        self._remove(sorted(known.keys() - there))
        if self._only is None or self._lines > _BATCH:
            with self._storage.writing() as connection:
                writing.note_frequent_words(connection)
        return Update(**self._counts, lines=self._lines, seconds=time.perf_counter() - started)

    def _known(self) -> dict[str, Stamp]:
        """The files that are known, of those that are asked for."""
        with self._storage.reading() as connection:
            if self._only is None:
                rows = connection.execute(_KNOWN).fetchall()
            else:
                rows = [
                    row for path in self._only for row in connection.execute(_KNOWN_AT, (path, f"{path}/", f"{path}0"))
                ]
        return {path: Stamp(*stamp) for path, *stamp in rows}

    def _changed(self, names: Iterable[str], known: dict[str, Stamp], there: set[str]) -> Iterator[writing.ReadFile]:
        """The files that are new or may have changed, parsed. `there` gets the names of all files that exist."""
        for path in names:
            stamp = self._stamp(path)
            if stamp is None:
                continue
            there.add(path)
            if stamp == known.get(path):
                continue
            content = self._read(path)
            if content is None:
                there.discard(path)
            else:
                yield writing.read(path, content)

    def _stamp(self, path: str) -> Stamp | None:
        try:
            return self._tree.stamp(path)
        except OSError as error:
            self._leave_out(path, error)
            return None

    def _read(self, path: str) -> Content | None:
        try:
            content = self._tree.read(path)
        except OSError as error:
            self._leave_out(path, error)
            return None
        if content is None:
            listing.check(self._root)  # it may be the folder that is gone
        return content

    def _leave_out(self, path: str, error: OSError) -> None:
        listing.check(self._root)
        _log.warning("%s: %s is left out: %s", self._root, path, error.strerror)

    def _write(self, batch: list[writing.ReadFile]) -> None:
        if not batch:
            return
        with self._storage.writing() as connection:
            written = [(writing.put(connection, file), len(file.lines)) for file in batch]
        for file, lines in written:
            if file.is_in and file.changed:
                self._counts["changed" if file.was_in else "added"] += 1
                self._lines += lines
            elif file.was_in and not file.is_in:
                self._counts["removed"] += 1

    def _remove(self, gone: list[str]) -> None:
        if gone:
            listing.check(self._root)
        for start in range(0, len(gone), _REMOVED):
            with self._storage.writing() as connection:
                removed = [writing.remove(connection, path) for path in gone[start : start + _REMOVED]]
            self._counts["removed"] += sum(removed)
