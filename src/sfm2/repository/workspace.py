"""Which folder somebody works in: the repository around a path, and whether it is indexed."""

from __future__ import annotations

import os
from pathlib import Path

from sfm2.repository.collection import IndexCollection


def workspace_of(path: Path, home: Path | None = None) -> Path | None:
    """The top of the git repository that a path is in, whether or not there is a file; None without one.

    A submodule and a linked work tree are repositories of their own. `home` (default: the user's folder) and the folders
    around it are none, though people keep their settings with git: all that they have is below.
    """
    try:
        home = (home or Path.home()).resolve()
        path = path.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, nobody's home, a NUL
        return None
    top = next((folder for folder in (path, *path.parents) if _is_top(folder)), None)
    return None if top is None or home.is_relative_to(top) else top


def unindexed(path: Path, collection: IndexCollection) -> Path | None:
    """The repository that a path is in, if no index has its files; None if one has, or if it is in no repository."""
    top = workspace_of(path)
    if top is None:
        return None
    place = collection.find(path)
    covered = place is not None and _covers(place.root, top) and not collection.is_abandoned(place)
    return None if covered else top


def _covers(root: Path, top: Path) -> bool:
    """Whether an index of `root` has the files of a repository, or of the part of it that a path is in.

    One of a folder around it has, unless that is a repository itself: git lists no files of those within.
    """
    return root.is_relative_to(top) or not _is_top(root)


def _is_top(folder: Path) -> bool:
    git = folder / ".git"  # a file in submodules and linked work trees
    return os.path.isfile(git) or os.path.exists(git / "HEAD")  # noqa: PTH110, PTH113 - pathlib's raise in closed folders
