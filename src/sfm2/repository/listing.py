"""The names of the files of a repository or folder: those that git tracks or would track, or all that nothing ignores."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sfm2.corpus import git
from sfm2.errors import MissingExtraError, RepositoryError
from sfm2.repository.choosing import is_chosen

if TYPE_CHECKING:
    from sfm2.repository.ignoring import IgnoreFiles

_NAMED = 200  # paths that are asked for by name; for more, all are listed
_log = logging.getLogger(__name__)


def check(root: Path) -> None:
    """Raises `RepositoryError` if there is no folder at `root`, or only a bare repository."""
    try:
        is_folder = root.is_dir()
    except OSError:
        is_folder = False
    if not is_folder:
        what = "it is a file, not a folder" if root.is_file() else "there is no such folder"
        raise RepositoryError(f"{root} can't be indexed: {what}")
    if not (root / ".git").exists() and (root / "HEAD").is_file() and (root / "objects").is_dir():
        raise RepositoryError(f"{root} can't be indexed: it is a bare repository, without files", suggestion=_CLONE)


def names(root: Path, only: Collection[str] | None = None) -> set[str]:
    """The paths of the files that may be in an index; with `only`, those of them that are there or in folders there.

    Files that git tracks are named though they have been deleted. Raises `RepositoryError` when the folder is gone.
    """
    check(root)
    asked = None if only is None or len(only) > _NAMED else [path for path in only if _is_inside(path)]
    if asked == []:
        return set()
    listed = _by_git(root, asked)
    found = _walked(root, asked) if listed is None else listed
    chosen = {name for name in found if is_chosen(name)}
    return chosen if only is None else {name for name in chosen if is_among(name, only)}


def is_among(name: str, paths: Collection[str]) -> bool:
    """Whether a file is one of these paths, or in a folder that is one."""
    return name in paths or any(name[:at] in paths for at, letter in enumerate(name) if letter == "/")


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and ".." not in parts and "\0" not in path


def _by_git(root: Path, asked: list[str] | None) -> list[str] | None:
    """None without git, or in a folder that git ignores."""
    listed = git.output(
        root,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *(f":(literal){path}" for path in asked or ()),
    )
    if listed is None or (not listed and _is_ignored(root)):
        return None
    return list(_decoded(root, listed.split(b"\0")))


def _is_ignored(root: Path) -> bool:
    """Whether the folder is in a repository that has nothing to do with it, such as that of a home folder's settings."""
    return not (root / ".git").exists() and bool(git.output(root, "check-ignore", "."))


def _decoded(root: Path, listed: list[bytes]) -> Iterator[str]:
    """Without folders, which are other repositories."""
    odd = 0
    for name in listed:
        try:
            if name and not name.endswith(b"/"):
                yield name.decode()
        except UnicodeDecodeError:
            odd += 1
    _say_odd(root, odd)


def _say_odd(root: Path, count: int) -> None:
    if count:
        _log.warning("%s: files whose names are not UTF-8 are left out: %d", root, count)


def _walked(root: Path, asked: list[str] | None) -> Iterator[str]:
    try:
        from sfm2.repository.ignoring import IgnoreFiles
    except ModuleNotFoundError as error:
        raise MissingExtraError("a folder without git", "index") from error
    ignored = IgnoreFiles(root)
    if asked is None:
        yield from _below(root, "", ignored)
        return
    for path in asked:
        if ignored.ignores(path):
            continue
        if (root / path).is_dir():
            if not (root / path).is_symlink() and not ignored.ignores(f"{path}/"):
                yield from _below(root, f"{path}/", ignored)
        else:
            yield path


def _below(root: Path, start: str, ignored: IgnoreFiles) -> Iterator[str]:
    """Symbolic links are not followed; folders that can't be read are left out."""
    waiting, odd = [start], 0
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            _log.warning("%s: %s is left out: %s", root, folder or ".", error.strerror)
            continue
        for entry in entries:
            path = f"{folder}{entry.name}"
            if not path.isprintable() and _is_odd(path):
                odd += 1
            elif entry.is_dir(follow_symlinks=False):
                if _is_entered(entry.name) and not ignored.excludes(f"{path}/"):
                    waiting.append(f"{path}/")
            elif entry.is_file(follow_symlinks=False) and not ignored.excludes(path):
                yield path
    _say_odd(root, odd)


def _is_odd(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_entered(folder: str) -> bool:
    """Nothing below a folder with a name like `.git` or `node_modules` is chosen."""
    return is_chosen(f"{folder}/main.py")


_CLONE = "Index a work tree of it: `git clone` or `git worktree add` makes one"
