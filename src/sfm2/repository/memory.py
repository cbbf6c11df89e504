"""What a service remembers of the repositories it knows: which one a hole is in, and what of it was shown at that place.

What is shown stays the same while the cursor stays in its region, so that the engine's cache holds it and a keystroke costs
no more than without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sfm2.errors import SFM2Error
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.packing import pack
from sfm2.repository.query import Query
from sfm2.repository.registry import Registered, Registry
from sfm2.repository.retrieval import Found, retrieve

FRESH = 120.0
"""Seconds after which what is shown at a place is looked for anew."""
_LOOKED_FOR = 2.0  # seconds between looks at which repositories there are
_PLACES = 512  # that are remembered
_KNOWN_LINES = 3  # of a file that must be in a repository for the file to be its own
_IN_COMMON = 0.3  # of the file's lines that one of the repository's has: it is that file

_log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where a hole is: the region of a file of a repository."""

    repository: str
    file: str
    region: str


class RepositoryMemory:
    """`folder`: where indexes are kept (see `Registry`). May be used from several threads, one at a time by a lock."""

    def __init__(self, folder: Path) -> None:
        self._registry = Registry(folder)
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Registered, RepositoryIndex]] = {}
        self._looked = -_LOOKED_FOR
        self._shown: OrderedDict[Place, tuple[float, int, list[Found]]] = OrderedDict()

    def close(self) -> None:
        """Close all indexes."""
        with self._lock:
            for _, index in self._open.values():
                index.close()
            self._open.clear()

    def has_any(self) -> bool:
        """Whether a repository is known."""
        return bool(self._registry.state())

    def shown(self, query: Query, characters: int) -> list[Found]:
        """What of its repository to show for a hole, within `characters`, the most useful last; nothing where none is known.

        `query.path` may be absolute, relative, a mere name, or None: then the text tells where it belongs.
        """
        with self._lock:
            found = self._belongs(query)
            if found is None:
                return []
            registered, index, query = found
            place = Place(registered.name, query.path or "", _region(query.prefix))
            now = time.monotonic()
            kept = self._shown.get(place)
            if kept is not None and now - kept[0] < FRESH and kept[1] == characters:
                self._shown.move_to_end(place)
                return kept[2]
            packed = pack(retrieve(index, query), characters)
            self._shown[place] = (now, characters, packed)
            while len(self._shown) > _PLACES:
                self._shown.popitem(last=False)
            return packed

    def _belongs(self, query: Query) -> tuple[Registered, RepositoryIndex, Query] | None:
        """The repository of a hole, and the query with the file's path in it, which is hidden."""
        for registered, index in self._indexes():
            path = _own_path(registered.root, index, query)
            if path is not None:
                hidden = query.hidden | ({path} if path else set())
                return registered, index, replace(query, path=path or query.path, hidden=hidden)
        return None

    def _indexes(self) -> Sequence[tuple[Registered, RepositoryIndex]]:
        now = time.monotonic()
        if now - self._looked >= _LOOKED_FOR:
            self._looked = now
            wanted = {one.name: one for one in self._registry.all()}
            for name in self._open.keys() - wanted.keys():
                self._open.pop(name)[1].close()
            for name in wanted.keys() - self._open.keys():
                self._try_open(wanted[name])
        return list(self._open.values())

    def _try_open(self, registered: Registered) -> None:
        try:
            self._open[registered.name] = (registered, RepositoryIndex.open(registered.root, registered.index))
        except SFM2Error as error:
            _log.warning("repository %s is left out: %s", registered.name, error.message)


def _own_path(root: Path, index: RepositoryIndex, query: Query) -> str | None:
    """The path of the query's file in the repository; empty if it belongs there and is new; None if it does not."""
    if query.path is not None and Path(query.path).is_absolute():
        try:
            return Path(query.path).resolve().relative_to(root).as_posix()
        except ValueError:
            return None
    lines = {line.strip() for line in query.lines if line.strip()}
    alike = index.with_lines(lines, limit=8)
    known = max((count for _, count in alike), default=0)
    if known < min(_KNOWN_LINES, max(1, len(lines) // 2)):
        return None
    return next(_same_file(alike, query, lines), "")


def _same_file(alike: Sequence[tuple[str, int]], query: Query, lines: set[str]) -> Iterator[str]:
    """Of files with lines in common the one that has the query's name, or so many of its lines that it must be it."""
    for path, count in alike:
        named = query.path is None or PurePosixPath(path).name == PurePosixPath(query.path.replace("\\", "/")).name
        if named and count >= _IN_COMMON * len(lines):
            yield path


def _region(prefix: str) -> str:
    """The last line before the cursor that is not indented: what is shown stays the same below it."""
    lines = prefix.split("\n")[:-1]
    return next((line for line in reversed(lines) if line[:1].strip() and line[0] not in "})]"), "")
