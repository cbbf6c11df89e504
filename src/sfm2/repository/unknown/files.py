"""What is asked of a repository to tell whether a name exists in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from sfm2.repository.contents import Import
from sfm2.repository.index import RepositoryIndex

_MOST_IMPORTS = 500  # that are looked at
_LARGEST = 5_000_000  # bytes of a file that is read


class Files(Protocol):
    """The files of a repository. Paths are relative to its root, with `/`; the root itself is empty."""

    def names_in(self, folder: str) -> frozenset[str] | None:
        """The names of the files and folders in a folder; empty where there is none, None where it can't be told."""
        ...

    def text(self, path: str) -> str | None:
        """The text of a file; None where it can't be read."""
        ...

    def folders_with(self, name: str) -> list[str]:
        """The folders that have a folder with this name, or a file with this name and any suffix."""
        ...

    def imports_with(self, part: str) -> list[Import]:
        """Imports of other files that have this in their module or names."""
        ...

    def is_ignored(self, path: str) -> bool:
        """Whether git is told to ignore what is at a path: it may be made later."""
        ...


class IndexedFiles:
    """The files as they are on the disk by now, which an index may not be told of yet; what else is asked, from the index.

    For one completion, in the file at `own`: what is read of the disk is kept. `is_closed` names files that are not for who
    asks: nothing is told of them. All methods raise `RepositoryIndexError`.
    """

    def __init__(
        self, index: RepositoryIndex, own: Iterable[str], is_closed: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._index = index
        self._own = frozenset(own)
        self._is_closed = is_closed
        self._real = os.path.realpath(index.root)
        self._names: dict[str, frozenset[str] | None] = {}
        self._texts: dict[str, str | None] = {}

    def names_in(self, folder: str) -> frozenset[str] | None:
        """None outside of the repository, too: what is there is nobody's business."""
        if folder not in self._names:
            self._names[folder] = self._listed(folder)
        return self._names[folder]

    def text(self, path: str) -> str | None:
        """None for a file over 5 MB, too."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def folders_with(self, name: str) -> list[str]:
        """As the index has them."""
        return [one for one in self._index.folders_with(name) if not self._is_closed(f"{one}/{name}".lstrip("/"))]

    def imports_with(self, part: str) -> list[Import]:
        """As the index has them."""
        found = self._index.imports_with(part, _MOST_IMPORTS)
        return [one for path, one in found if path not in self._own and not self._is_closed(path)]

    def is_ignored(self, path: str) -> bool:
        """True where nothing can tell."""
        try:
            from sfm2.repository.ignoring import IgnoreFiles
        except ModuleNotFoundError:
            return True
        return IgnoreFiles(self._index.root).ignores(path)

    def _listed(self, folder: str) -> frozenset[str] | None:
        inside = self._inside(folder)
        if inside is None or self._is_closed(f"{folder}/any".lstrip("/")):
            return None
        try:
            return frozenset(os.listdir(inside))  # noqa: PTH208 (Path.iterdir makes a Path of each)
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except OSError:
            return None

    def _read(self, path: str) -> str | None:
        inside = self._inside(path)
        try:
            if inside is None or self._is_closed(path) or not inside.is_file() or inside.stat().st_size > _LARGEST:
                return None
            return inside.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            return None

    def _inside(self, path: str) -> Path | None:
        """None for a path that leads out of the repository, itself or by a link."""
        if "\0" in path:
            return None
        real = os.path.realpath(os.path.join(self._real, *path.split("/")))  # noqa: PTH118
        return Path(real) if Path(real).is_relative_to(self._real) else None
