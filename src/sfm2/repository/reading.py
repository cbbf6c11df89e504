"""Reads one file of a repository: no link, no pipe, nothing huge, nothing outside of it."""

from __future__ import annotations

import os
import stat
import time
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from sfm2.repository.choosing import chosen_text, largest

_SETTLED = 100_000_000  # nanoseconds after which a file system gives a change another time than the one before
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)  # fmt: skip


class Stamp(NamedTuple):
    """What changes when a file does."""

    mtime_ns: int
    ctime_ns: int
    size: int


class Content(NamedTuple):
    """A file as it was read."""

    stamp: Stamp
    text: str | None
    """None: it is not one for the index."""
    digest: bytes


class Tree:
    """The files below `root`, which is not followed out of by links. For one update: what it learns of folders is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._within: dict[str, bool] = {"": True}

    def stamp(self, path: str) -> Stamp | None:
        """None where there is no file that may be read: a link, a folder, nothing."""
        if not self._is_within(path.rpartition("/")[0]):
            return None
        try:
            found = os.lstat(self.root / path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _stamp(found) if stat.S_ISREG(found.st_mode) else None

    def read(self, path: str) -> Content | None:
        """None where there is no file any more. Raises `OSError` for one that can't be read."""
        try:
            opened = os.open(self.root / path, _FLAGS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return None
            most = largest(path)
            content = file.read(most + 1) if found.st_size <= most else b""
        stamp, digest = _settled(_stamp(found)), blake2b(content, digest_size=16).digest()
        return Content(stamp, chosen_text(content) if 0 < len(content) <= most else None, digest)

    def _is_within(self, folder: str) -> bool:
        if folder not in self._within:
            self._within[folder] = os.path.realpath(self.root / folder) == os.path.join(self._real, *folder.split("/"))  # noqa: PTH118
        return self._within[folder]


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _settled(stamp: Stamp) -> Stamp:
    """A file that has just changed may change again at the same time, as its file system counts: it is read once more."""
    young = time.time_ns() - max(stamp.mtime_ns, stamp.ctime_ns) < _SETTLED
    return stamp._replace(mtime_ns=0) if young else stamp
