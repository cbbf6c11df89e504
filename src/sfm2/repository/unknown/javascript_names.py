"""Files, and names out of them, that a completion in JavaScript or TypeScript imports and that do not exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import normpath

from sfm2 import languages
from sfm2.repository.unknown.files import Files
from sfm2.repository.unknown.javascript_exports import exports
from sfm2.repository.unknown.javascript_uses import ImportedFrom
from sfm2.syntax.parsing.parsing_time import ParsingTime

LANGUAGES = ("javascript", "typescript", "tsx")
_SUFFIXES = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".d.ts", ".d.mts", ".d.cts")
_MADE = frozenset({"build", "dist", "out", "lib", "gen", "generated", "__generated__", ".next", ".nuxt", ".svelte-kit"})
_DEEPEST = 6  # files that export what others do


def unknown_in_javascript(imported: Iterable[ImportedFrom], files: Files, own: str, time: ParsingTime) -> Iterator[str]:
    """As they are written. `own`: the path of the completion's file."""
    judge = _OwnFiles(files, time)
    for one in imported:
        if not one.module.startswith(("./", "../")) or any(mark in one.module for mark in "?#!*"):
            continue
        found = judge.find(own, one.module)
        if found == [] and one.is_new:
            yield one.module
        for name, written in one.names if found else ():
            if judge.lacks(found or [], name):
                yield written


class _OwnFiles:
    def __init__(self, files: Files, time: ParsingTime) -> None:
        self._files = files
        self._time = time

    def find(self, own: str, module: str) -> list[str] | None:
        """The files that a relative import may mean; none if there is none; None where that can't be told."""
        path = normpath(f"{own.rpartition('/')[0] or '.'}/{module}")
        if path.startswith("../") or path in ("..", "."):
            return None
        folder, _, last = path.rpartition("/")
        names, inner = self._files.names_in(folder), self._files.names_in(path)
        if names is None or inner is None:
            return None
        stem = next((last.removesuffix(suffix) for suffix in reversed(_SUFFIXES) if last.endswith(suffix)), last)
        alike = {name for name in names if name.lower() == last.lower() or name.lower().startswith(f"{stem.lower()}.")}
        if not alike:
            is_own = own.startswith(f"{_joined(folder, stem)}.")  # which is not saved yet
            return None if is_own or self._may_be_made(path, folder, stem) else []
        found = [_joined(folder, name) for name in sorted(alike & {last, *(f"{stem}{end}" for end in _SUFFIXES)})]
        found = [one for one in found if one != path or not inner]  # without the folder
        found += [_joined(path, name) for name in sorted(inner) if name.startswith("index.")]
        return found or None

    def lacks(self, paths: list[str], name: str) -> bool:
        """Whether none of the files exports a name, which is sure only where all of them are read."""
        known = [self._exported(path, _DEEPEST) for path in paths]
        if any(names is None or name in names for names in known):
            return False
        return not any(name in one.names for one in self._files.imports_with(name) if name != "default")

    def _may_be_made(self, path: str, folder: str, stem: str) -> bool:
        """Whether a build may make it, or another file counts on it."""
        if _MADE & set(path.split("/")) or not self._files.names_in(folder):
            return True
        if "generated" in stem or stem.startswith(("$", "+")):
            return True
        if any(self._files.is_ignored(f"{path}{suffix}") for suffix in ("", "/", ".js", ".ts")):
            return True
        others = (one.module.rpartition("/")[2] for one in self._files.imports_with(stem))
        return any(other == stem or other.startswith(f"{stem}.") for other in others)

    def _exported(self, path: str, depth: int) -> frozenset[str] | None:
        language = languages.of_path(path)
        text = self._files.text(path) if language in LANGUAGES and depth else None
        read = exports(text, str(language), self._time) if text is not None else None
        if read is None:
            return None
        names = set(read.names)
        for star in read.stars:
            further = self._of_star(path, star, depth)
            if further is None:
                return None
            names |= further - {"default"}
        return frozenset(names)

    def _of_star(self, path: str, module: str, depth: int) -> set[str] | None:
        found = self.find(path, module) if module.startswith(("./", "../")) else None
        if not found:
            return None
        names: set[str] = set()
        for other in found:
            further = self._exported(other, depth - 1)
            if further is None:
                return None
            names |= further
        return names


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
