"""What a service remembers of the repositories it knows: which one a hole is in, and what of it was shown at that place.

What is shown stays the same while the cursor stays in its region, so that the engine's cache holds it and a keystroke costs
no more than without.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sfm2.errors import MissingExtraError, RepositoryError
from sfm2.repository.collection import IndexCollection
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.packing import pack
from sfm2.repository.query import Query
from sfm2.repository.retrieval import Found, retrieve
from sfm2.repository.unknown.files import IndexedFiles
from sfm2.repository.unknown.judging import unknown_names
from sfm2.repository.watching import IndexWatcher

FRESH = 120.0
"""Seconds after which what is shown at a place is looked for anew."""
_LOOKED_FOR = 2.0  # seconds between looks at which repositories there are
_PLACES = 512  # that are remembered
_KNOWN_LINES = 3  # of a file that must be in a repository for the file to be its own
_IN_COMMON = 0.3  # of the file's lines that one of the repository's has: it is that file

_log = logging.getLogger(__name__)


class RepositoryMemory:
    """`cache_dir`: where indexes are (`IndexCollection`). They are kept up to date until it is closed.

    For several threads: one at a time asks.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._collection = IndexCollection(cache_dir)
        self._lock = threading.Lock()
        self._watched: dict[Path, _Watched] = {}
        self._looked = -_LOOKED_FOR
        self._shown: OrderedDict[_Region, _Shown] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """Whether there is something to close."""
        return bool(self._watched)

    def close(self) -> None:
        """Close all indexes, after the updates that are under way."""
        with self._lock:
            for root in list(self._watched):
                self._watched.pop(root).close()

    def shown(self, query: Query, characters: int) -> list[Found]:
        """What of its repository to show for a hole, within `characters`, the most useful last; nothing where none is known.

        `query.path` may be absolute, relative, a mere name, or None: then the text tells where it belongs. Raises
        `RepositoryIndexError`.
        """
        with self._lock:
            found = self._belongs(query)
            if found is None:
                return []
            index, query = found
            place = _Region(index.root, query.path or "", _region(query.prefix), characters)
            kept = self._shown.get(place)
            if kept is None or time.monotonic() - kept.since >= FRESH:
                kept = _Shown(time.monotonic(), pack(retrieve(index, query), characters))
            self._shown[place] = kept
            self._shown.move_to_end(place)
            while len(self._shown) > _PLACES:
                self._shown.popitem(last=False)
            return kept.found

    def unknown(self, query: Query, completion: str, mentioned: Collection[str] = ()) -> list[str]:
        """The names in a completion that its repository surely does not have; none where no repository is known.

        `mentioned`: texts of files that may not be saved yet. Raises `RepositoryIndexError`.
        """
        with self._lock:
            found = self._belongs(query)
        if found is None:
            return []
        index, placed = found
        own = next(iter(placed.hidden - query.hidden), None)
        return unknown_names(
            IndexedFiles(index, placed.hidden),
            *(query.prefix, completion, query.suffix),
            language=query.language,
            own=own if own and _is_sure(own, query.path, index.root) else None,
            mentioned=mentioned,
            time=query.time,
        )

    def _belongs(self, query: Query) -> tuple[RepositoryIndex, Query] | None:
        """The index of a hole's repository, and the query with the file's path in it, which is hidden."""
        for index in self._indexes():
            path = _own_path(index, query)
            if path is not None:
                hidden = query.hidden | ({path} if path else set())
                return index, replace(query, path=path or query.path, hidden=hidden)
        return None

    def _indexes(self) -> Sequence[RepositoryIndex]:
        """Those of inner folders before those of folders around them."""
        now = time.monotonic()
        if now - self._looked >= _LOOKED_FOR:
            self._looked = now
            wanted = {place.root for place in self._collection.list()}
            for root in self._watched.keys() - wanted:
                self._watched.pop(root).close()
            for root in wanted - self._watched.keys():
                self._open(root)
        return sorted((one.index for one in self._watched.values()), key=lambda index: -len(index.root.parts))

    def _open(self, root: Path) -> None:
        try:
            self._watched[root] = _Watched(self._collection.open(root))
        except RepositoryError as error:
            _log.info("%s is left out: %s", root, error.message)


class _Region(NamedTuple):
    """Where a hole is, and how much room there is."""

    root: Path
    path: str
    region: str
    characters: int


class _Shown(NamedTuple):
    since: float
    found: list[Found]


class _Watched:
    """An index that is kept up to date."""

    def __init__(self, index: RepositoryIndex) -> None:
        self.index = index
        self._watcher = IndexWatcher(index)
        try:
            self._watcher.start()
        except MissingExtraError as error:
            _log.info("%s is as it was when it was indexed: %s", index.root, error.message)

    def close(self) -> None:
        self._watcher.stop()
        self.index.close()


def _own_path(index: RepositoryIndex, query: Query) -> str | None:
    """The path of the query's file in the repository; empty if it belongs there and is new; None if it does not."""
    if query.path is not None and Path(query.path).is_absolute():
        try:
            return Path(os.path.normpath(query.path)).relative_to(index.root).as_posix()
        except ValueError:
            return None
    lines = {line.strip() for line in query.lines if line.strip()}
    alike = index.with_lines(lines, limit=8)
    known = max((count for _, count in alike), default=0)
    if known < min(_KNOWN_LINES, max(1, len(lines) // 2)):
        return None
    return next(_same_file(alike, query, lines), "")


def _is_sure(own: str, path: str | None, root: Path) -> bool:
    """Whether a file is the one at `own`, and no copy of it in another folder."""
    if path is None:
        return False
    named = path.replace("\\", "/")
    return PurePosixPath(named) == PurePosixPath((root / own).as_posix()) or (
        "/" in named and f"/{own}".endswith(f"/{named}")
    )


def _same_file(alike: Sequence[tuple[str, int]], query: Query, lines: set[str]) -> Iterator[str]:
    """Of files with lines in common those that have the query's name, and so many of its lines that it must be it."""
    for path, count in alike:
        named = query.path is None or PurePosixPath(path).name == PurePosixPath(query.path.replace("\\", "/")).name
        if named and count >= _IN_COMMON * len(lines):
            yield path


def _region(prefix: str) -> str:
    """The last line before the cursor that is not indented: what is shown stays the same below it."""
    lines = prefix.split("\n")[:-1]
    return next((line for line in reversed(lines) if line[:1].strip() and line[0] not in "})]"), "")
