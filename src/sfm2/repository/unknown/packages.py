"""Packages that a completion imports and that the project does not have, as far as its manifests and lock files tell."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import translate
from functools import cache
from importlib.resources import files as resources
from typing import Any, Literal

from sfm2.repository.unknown.files import Files

Ecosystem = Literal["python", "javascript", "go"]

_SHORTEST = 4  # characters of a word in a manifest that a name may have in it
_LEAST = 3  # characters of a name of which anything can be told
_READ = 200_000  # characters of a manifest whose words are looked at; lock files are longer, and have names in full
_WORD = re.compile(r"[A-Za-z][\w.@/-]*")
_PLAIN = re.compile(r"[^a-z0-9]")


class Packages:
    """The packages of the project that the file at `own` is in."""

    def __init__(self, files: Files, own: str, ecosystem: Ecosystem) -> None:
        self._files = files
        self._ecosystem = ecosystem
        self._folders = list(around(own))
        self._texts = self._read()

    def lacks(self, name: str) -> bool:
        """Whether a package is surely none of the project's, by the name that it is imported by: without a part in it."""
        if not self._texts or len(_plain(name)) < _LEAST or self._is_builtin(name) or self._is_installed(name):
            return False
        if any(_is_like(name, text) for text in self._texts):
            return False
        return not self._files.folders_with(name.split("/")[-1]) and not self._is_imported(name)

    def _read(self) -> list[str]:
        """All that tells of packages; nothing where what is needed is not there."""
        needed, wanted = self._pattern("needed"), self._pattern("manifests")
        names = {folder: self._files.names_in(folder) or frozenset() for folder in self._folders}
        if not any(needed.match(name) for found in names.values() for name in found):
            return []
        paths = [_joined(folder, name) for folder, found in names.items() for name in found if wanted.match(name)]
        requirements = [_joined(folder, "requirements") for folder in self._folders]
        paths += [_joined(folder, name) for folder in requirements for name in self._files.names_in(folder) or ()]
        for name in _table()["needed"][self._ecosystem]:
            stem, _, suffix = name.partition(".")
            paths += [_joined(folder, name) for folder in self._files.folders_with(stem) if suffix and "*" not in name]
        texts = (self._files.text(path) for path in dict.fromkeys(paths))
        return [text for text in texts if text is not None]

    def _is_builtin(self, name: str) -> bool:
        if self._ecosystem == "python":
            return name in sys.stdlib_module_names or name.startswith("_")
        return name in _node_builtins() or ":" in name

    def _is_installed(self, name: str) -> bool:
        for folder in self._folders:
            for place in _table()["installed"][self._ecosystem]:
                installed = _joined(folder, place)
                if self._ecosystem == "javascript":
                    above, _, last = f"{installed}/{name}".rpartition("/")
                    if last in (self._files.names_in(above) or ()):
                        return True
                elif any(name in stems for stems in self._site_packages(installed)):
                    return True
        return False

    def _site_packages(self, environment: str) -> Iterator[set[str]]:
        for version in self._files.names_in(f"{environment}/lib") or ():
            names = self._files.names_in(f"{environment}/lib/{version}/site-packages") or ()
            yield {one.split(".")[0] for one in names}

    def _is_imported(self, name: str) -> bool:
        """Whether another file imports it."""
        separator = "." if self._ecosystem == "python" else "/"
        return any(
            one.module == name or one.module.startswith(f"{name}{separator}") for one in self._files.imports_with(name)
        )

    def _pattern(self, kind: str) -> re.Pattern[str]:
        return _pattern(kind, self._ecosystem)


def package_of(module: str, ecosystem: Ecosystem) -> str | None:
    """The package that a module is in, by the name that it is imported by; None for one that is in none."""
    if ecosystem == "python":
        return module.split(".")[0] or None
    if not re.match(r"(@[a-z0-9][\w.-]*/)?[A-Za-z][\w.-]*(/|$)", module):
        return None  # relative, an address, or what a build tool gives a meaning
    return "/".join(module.split("/")[: 2 if module.startswith("@") else 1])


def _is_like(name: str, manifest: str) -> bool:
    """Whether a manifest may mean this package: one's name is a part of the other's, or it is known by another one."""
    plain, text = _plain(name), manifest.lower()
    spellings = {name.lower(), name.lower().replace("_", "-"), plain, *_table()["distributions"].get(name, ())}
    if any(spelling in text for spelling in spellings):
        return True
    words = {_plain(word) for word in _WORD.findall(manifest[:_READ])}
    return any(len(word) >= _SHORTEST and (word in plain or plain in word) for word in words)


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.lower())


def around(path: str) -> Iterator[str]:
    """The folder of a file, and those around it, up to the root."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


@cache
def _node_builtins() -> frozenset[str]:
    return frozenset((resources("sfm2.repository.unknown") / "node_builtins.txt").read_text(encoding="utf-8").split())


@cache
def _pattern(kind: str, ecosystem: str) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in _table()[kind][ecosystem]))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources("sfm2.repository.unknown") / "packages.toml").read_text(encoding="utf-8"))
