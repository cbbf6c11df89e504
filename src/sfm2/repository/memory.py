"""What a service remembers of the repositories it knows: which one a hole is in, and what of it was shown at that place.

What is shown stays the same while the cursor stays in its region and the best of what would be found anew is in it, so that
the engine's cache holds it and a keystroke costs no more than without.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sfm2.errors import MissingExtraError, RepositoryError
from sfm2.repository.clones import RepositoryClones
from sfm2.repository.collection import IndexCollection
from sfm2.repository.contents import Passage
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.packing import pack
from sfm2.repository.query import Query
from sfm2.repository.readers import ClosedFolders, IndexReaders
from sfm2.repository.retrieval import Found, retrieve
from sfm2.repository.sent import Sent, is_sent
from sfm2.repository.unknown.files import IndexedFiles
from sfm2.repository.unknown.judging import unknown_names
from sfm2.repository.watching import IndexWatcher

FRESH = 120.0
"""Seconds after which what is shown at a place is shown as it is by then."""
_BEST = 2  # of what is found that must be in what is shown already
_LOOKED_FOR = 2.0  # seconds between looks at which repositories there are
_PLACES = 512  # that are remembered
_KNOWN_LINES = 3  # of a file that must be in a repository for the file to be its own
_IN_COMMON = 0.3  # of the file's lines that one of the repository's has: it is that file

_log = logging.getLogger(__name__)


class RepositoryMemory:
    """`cache_dir`: where indexes are (`IndexCollection`). Those that holes are in are kept up to date until it is closed.

    `data_dir`: where it is written who may read which of them (`IndexReaders`). Without `watches` they are as they are: to
    begin to watch takes a tenth of a second. For several threads: one at a time asks.
    """

    def __init__(self, cache_dir: Path, data_dir: Path | None = None, *, watches: bool = True) -> None:
        self._watches = watches
        self._collection = IndexCollection(cache_dir)
        self._clones = RepositoryClones(cache_dir)
        self._readers = IndexReaders(cache_dir, data_dir)
        self._lock = threading.Lock()
        self._opened: dict[Path, _OpenIndex] = {}
        self._looked = -_LOOKED_FOR
        self._known: dict[Path, int] = {}
        self._shown: OrderedDict[_Region, _Shown] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """Whether there is something to close."""
        return bool(self._opened)

    def close(self) -> None:
        """Close all indexes. Updates that are under way end early."""
        with self._lock:
            for root in list(self._opened):
                self._opened.pop(root).close()

    def shown(
        self, query: Query, characters: int, sent: frozenset[Sent] = frozenset(), key: str | None = None
    ) -> list[Found]:
        """What of its repository to show for a hole, within `characters`, the most useful last; nothing where none is known.

        `query.path` may be absolute, relative, a mere name, or None: then the text tells where it belongs. What was
        `sent` with the hole is not shown once more. Repositories that the holder of `key`, the id of an API key, may not
        read are as if they were not there; None: nobody's key. Raises `RepositoryIndexError`.
        """
        with self._lock:
            closed = self._readers.closed_to(key)
            found = self._belongs(query, closed)
            if found is None:
                return []
            index, query = found
            place = _Region(index.root, query.path or "", _region(query.prefix), characters, sent, key, closed)
            kept = self._shown.get(place)
            best = pack((one for one in retrieve(index, query) if _may_be_shown(one, index, sent, closed)), characters)
            if kept is None or time.monotonic() - kept.since >= FRESH or not _has(kept.found, best[-_BEST:]):
                kept = _Shown(time.monotonic(), best)
            self._shown[place] = kept
            self._shown.move_to_end(place)
            while len(self._shown) > _PLACES:
                self._shown.popitem(last=False)
            return kept.found

    def root_of(self, path: Path) -> Path | None:
        """The folder of the index that a file is in, as far as it was asked for: `path` is absolute, without links."""
        with self._lock:
            return max((root for root in self._opened if path.is_relative_to(root)), key=_depth, default=None)

    def unknown(
        self, query: Query, completion: str, mentioned: Collection[str] = (), key: str | None = None
    ) -> list[str]:
        """The names in a completion that its repository surely does not have; none where no repository is known.

        `mentioned`: texts of files that may not be saved yet. `key`: as for `shown`. Raises `RepositoryIndexError`.
        """
        with self._lock:
            closed = self._readers.closed_to(key)
            found = self._belongs(query, closed)
        if found is None:
            return []
        index, placed = found
        own = next(iter(placed.hidden - query.hidden), None)
        return unknown_names(
            IndexedFiles(index, placed.hidden, lambda path: closed.has_within(index.root, path)),
            *(query.prefix, completion, query.suffix),
            language=query.language,
            own=own if own and _is_sure(own, query.path, index.root) else None,
            mentioned=mentioned,
            time=query.time,
        )

    def _belongs(self, query: Query, closed: ClosedFolders) -> tuple[RepositoryIndex, Query] | None:
        """The index of a hole's repository, and the query with the file's path in it, which is hidden."""
        for index in self._indexes(query, closed):
            path = _own_path(index, query, elsewhere=self._clones.holds(index.root))
            if path is not None:
                self._watch(self._opened[index.root])
                hidden = query.hidden | ({path} if path else set())
                return index, replace(query, path=path or query.path, hidden=hidden)
        return None

    def _indexes(self, query: Query, closed: ClosedFolders) -> Sequence[RepositoryIndex]:
        """Those that may be meant and read: of inner folders before those of folders around them, and clones last."""
        self._look()
        may_hold = _may_hold(query)
        meant = [root for root in self._known if may_hold(root) or self._clones.holds(root)]
        roots = sorted((root for root in meant if not closed.has(root)), key=self._rank, reverse=True)
        for root in roots:
            if root not in self._opened:
                self._open(root)
        return [self._opened[root].index for root in roots if root in self._opened]

    def _watch(self, opened: _OpenIndex) -> None:
        if self._watches:
            opened.watch()

    def _rank(self, root: Path) -> tuple[bool, int]:
        return not self._clones.holds(root), _depth(root)

    def _look(self) -> None:
        """Which indexes there are by now."""
        now = time.monotonic()
        if now - self._looked >= _LOOKED_FOR:
            self._looked = now
            self._known = {place.root: _number(place.file) for place in self._collection.list()}
            for root in [root for root, one in self._opened.items() if self._known.get(root) != one.file]:
                # Not here: it waits for the update that is under way.
                threading.Thread(target=self._opened.pop(root).close, name="index-closing", daemon=True).start()

    def _open(self, root: Path) -> None:
        try:
            opened = self._opened[root] = _OpenIndex(self._collection.open(root), self._known[root])
            if opened.index.size().files == 0:  # its first update was broken off, or it was made anew
                self._watch(opened)
        except RepositoryError as error:
            self._known.pop(root)  # until it is looked for anew
            _log.info("%s is left out: %s", root, error.message)


class _Region(NamedTuple):
    """Where a hole is, how much room there is, what else is shown, and to whom: it is kept for nobody else."""

    root: Path
    path: str
    region: str
    characters: int
    sent: frozenset[Sent]
    key: str | None
    closed: ClosedFolders


class _Shown(NamedTuple):
    since: float
    found: list[Found]


class _OpenIndex:
    """An index that is asked. `file`: which one it is; removed and made again, it is another."""

    def __init__(self, index: RepositoryIndex, file: int) -> None:
        self.index = index
        self.file = file
        self._watcher: IndexWatcher | None = None

    def watch(self) -> None:
        """Keep it up to date from now on: somebody works there. To watch all that there are would take too much."""
        if self._watcher is not None:
            return
        self._watcher = IndexWatcher(self.index)
        try:
            self._watcher.start()
        except MissingExtraError as error:
            _log.info("%s is as it was when it was indexed: %s", self.index.root, error.message)

    def close(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
        self.index.close()


def _may_be_shown(one: Found, index: RepositoryIndex, sent: frozenset[Sent], closed: ClosedFolders) -> bool:
    return not is_sent(one.passage, sent) and not closed.has_within(index.root, one.passage.path)


def _number(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def _may_hold(query: Query) -> Callable[[Path], bool]:
    """Which folders a hole may be in: of a whole path those around it; else any, and the text decides."""
    if query.path is None or not Path(query.path).is_absolute():
        return lambda _: True
    return Path(os.path.normpath(query.path)).is_relative_to


def _depth(root: Path) -> int:
    return len(root.parts)


def _own_path(index: RepositoryIndex, query: Query, *, elsewhere: bool) -> str | None:
    """The path of the query's file in the repository; empty if it belongs there and is new; None if it does not.

    `elsewhere`: people work on it in folders of their own, so that the whole path of a file tells nothing.
    """
    if query.path is not None and Path(query.path).is_absolute() and not elsewhere:
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


def _has(shown: Sequence[Found], wanted: Sequence[Found]) -> bool:
    """Whether each of `wanted` is in one of `shown`, or begins in it: what is cut for want of room ends earlier."""
    return all(any(_begins_in(one.passage, other.passage) for other in shown) for one in wanted)


def _begins_in(one: Passage, other: Passage) -> bool:
    return one.path == other.path and other.first <= one.first <= other.last


def _region(prefix: str) -> str:
    """The last line before the cursor that is not indented: what is shown stays the same below it."""
    lines = prefix.split("\n")[:-1]
    return next((line for line in reversed(lines) if line[:1].strip() and line[0] not in "})]"), "")
