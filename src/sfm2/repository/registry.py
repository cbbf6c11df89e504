"""The repositories that this machine's SFM-2 knows: a small file for each, beside its index."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from sfm2.atomic import write_json
from sfm2.errors import InvalidRequestError, NotFoundError

_SUFFIX = ".json"
_DIGITS = 8  # of the root's digest: two repositories with the same name have different indexes


@dataclass(frozen=True)
class Registered:
    """A repository that is indexed."""

    name: str
    root: Path
    index: Path
    """The index's file."""


class Registry:
    """`folder` holds all of them; it is made when the first is added. What is there is read anew each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Registered]:
        """By name."""
        files = self._folder.glob(f"*{_SUFFIX}") if self._folder.is_dir() else ()
        return sorted((self._read(file) for file in files), key=lambda one: one.name)

    def state(self) -> int:
        """Another number when something was added or removed."""
        try:
            return self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def add(self, root: Path, name: str | None = None) -> Registered:
        """Register a folder, by its own name unless another is given; adding it again changes nothing.

        Raises `InvalidRequestError` for what is no folder, and for a name that another folder has.
        """
        root = root.resolve()
        if not root.is_dir():
            raise InvalidRequestError(
                f"{root}: not a folder", suggestion="Name a git work tree, or a folder of source files"
            )
        known = next((one for one in self.all() if one.root == root), None)
        if known is not None and name in (None, known.name):
            return known
        name = (root.name or "root") if name is None else name
        if not re.fullmatch(r"\w[\w.-]{0,99}", name):
            raise InvalidRequestError(
                f"name {name!r}: expected letters, digits, dots and hyphens", suggestion="Give another with --name"
            )
        if any(one.name == name for one in self.all()):
            raise InvalidRequestError(
                f"name {name!r}: another repository has it", suggestion="Give another with --name"
            )
        digest = hashlib.sha256(str(root).encode(errors="surrogateescape")).hexdigest()[:_DIGITS]
        self._folder.mkdir(parents=True, exist_ok=True)
        if known is not None:
            self._file(known.name).unlink()
        write_json(self._file(name), {"root": str(root), "index": f"{digest}.sqlite"})
        return self._read(self._file(name))

    def remove(self, name: str) -> Registered:
        """Forget a repository, and delete its index. Raises `NotFoundError`."""
        found = self.find(name)
        self._file(name).unlink()
        for beside in ("", "-wal", "-shm"):
            found.index.with_name(found.index.name + beside).unlink(missing_ok=True)
        return found

    def find(self, name: str) -> Registered:
        """Raises `NotFoundError`, with the names that there are."""
        every = self.all()
        found = next((one for one in every if one.name == name), None)
        if found is None:
            names = ", ".join(one.name for one in every) or "none"
            raise NotFoundError(f"there is no repository {name!r}", suggestion=f"Known are: {names}")
        return found

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"

    def _read(self, file: Path) -> Registered:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Registered(file.name.removesuffix(_SUFFIX), Path(content["root"]), self._folder / content["index"])
