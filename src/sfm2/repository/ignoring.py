"""What the `.gitignore` files of a folder exclude, where there is no git to ask."""

from __future__ import annotations

from pathlib import Path

from pathspec import GitIgnoreSpec

_LARGEST = 1_000_000  # bytes of a .gitignore that are read


class IgnoreFiles:
    """The `.gitignore` files below `root`, each read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._specs: dict[str, GitIgnoreSpec | None] = {}

    def ignores(self, path: str) -> bool:
        """Whether a path is excluded: itself, or a folder that it is in. Folders end in a slash."""
        at = path.find("/")
        while 0 <= at < len(path) - 1:
            if self._excludes(path[: at + 1]):
                return True
            at = path.find("/", at + 1)
        return self._excludes(path)

    def excludes(self, path: str) -> bool:
        """The same for a path whose folders are known not to be excluded."""
        return self._excludes(path)

    def _excludes(self, path: str) -> bool:
        """By the file nearest to it that says anything of it."""
        folder = path.rstrip("/")
        while folder:
            folder = folder.rpartition("/")[0]
            spec = self._spec(folder)
            if spec is not None:
                said = spec.check_file(path[len(folder) + 1 :] if folder else path).include
                if said is not None:
                    return said
        return False

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            self._specs[folder] = self._read(self._root / folder / ".gitignore")
        return self._specs[folder]

    def _read(self, file: Path) -> GitIgnoreSpec | None:
        try:
            if file.is_symlink() or not file.is_file():
                return None
            with file.open("rb") as opened:
                text = opened.read(_LARGEST).decode(errors="replace")
            return GitIgnoreSpec.from_lines(text.splitlines())
        except (OSError, ValueError):
            return None
