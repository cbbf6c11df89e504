"""Which modules of Python are a repository's own, and which names they have."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

from sfm2.repository.unknown.files import Files
from sfm2.repository.unknown.python_bindings import bindings

_ROOTS = ("", "src", "lib", "python")  # folders that modules are imported from without a word about it
_PROJECT = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_DEEPEST = 8  # star imports of star imports
# A package that says so may have modules that are no files, or are elsewhere.
_ELSEWHERE = ("__path__", "sys.modules", "extend_path", "import_module", "LazyLoader", "_LazyModule")


class PythonModule(NamedTuple):
    """A module: a file, or a folder."""

    path: str
    is_package: bool


class PythonModules:
    """The modules of a repository, for a completion in the file `own`, where that is known."""

    def __init__(self, files: Files, own: str | None) -> None:
        self._files = files
        self._own = own
        self._found: dict[str, list[str]] = {}
        self._has_names: dict[str, frozenset[str] | None] = {}

    def find(self, level: int, name: str) -> list[PythonModule] | None:
        """The modules that an import may mean, in a repository that has it twice; empty if it is the repository's own and
        does not exist; None if it is not its own, or that can't be told.
        """
        if level:
            home = self._package(level)
            return None if home is None else self._below(home, name.split(".") if name else [])
        parts = name.split(".")
        homes = self._homes(parts[0])
        if not homes:
            return None
        found: list[PythonModule] = []
        for home in homes:
            modules = self._below(home, parts)
            if modules is None:
                return None
            found += modules
        return found

    def is_own(self, top: str) -> bool:
        """Whether modules below this name may be the repository's; so are all that are relative, whose `top` is empty."""
        return not top or bool(self._homes(top))

    def has(self, module: PythonModule, name: str) -> bool:
        """Whether a module has a name, or may have it."""
        names = self.names(module)
        return names is None or name in names

    def names(self, module: PythonModule) -> frozenset[str] | None:
        """All that it has; None if that can't be told."""
        return self._names(module, _DEEPEST)

    def binds(self, module: PythonModule, name: str) -> bool:
        """Whether the code of a module gives a name a meaning of its own, or may do so."""
        if not module.is_package:
            return True
        path = _joined(module.path, "__init__.py")
        if "__init__.py" not in (self._files.names_in(module.path) or ()):
            return False
        names = self._bound(path, module.path, _DEEPEST)
        return names is None or name in names

    def submodule(self, module: PythonModule, name: str) -> list[PythonModule] | None:
        """As `find`, of a package."""
        return self._below(module.path, [name]) if module.is_package else []

    def _package(self, level: int) -> str | None:
        """The folder that so many dots mean."""
        if self._own is None:
            return None
        parts = self._own.split("/")[:-1]
        return "/".join(parts[: len(parts) - level + 1]) if level - 1 <= len(parts) else None

    def _homes(self, top: str) -> list[str]:
        """Where packages and modules with this name are; empty if they may be another distribution's."""
        if top not in self._found:
            homes = [home for home in self._all_homes(top) if self._is_module(home, top)]
            self._found[top] = homes if any(self._is_root(home) for home in homes) else []
        return self._found[top]

    def _all_homes(self, top: str) -> Iterator[str]:
        for home in self._files.folders_with(top) if top and top not in sys.stdlib_module_names else ():
            yield home
            inner = _joined(home, top)
            while top in (self._files.names_in(inner) or ()):
                yield inner
                inner = _joined(inner, top)

    def _is_module(self, home: str, top: str) -> bool:
        """Whether it is surely one: a folder without `__init__.py` may be no package, or a part of one."""
        names = self._files.names_in(home) or frozenset()
        return f"{top}.py" in names or "__init__.py" in (self._files.names_in(_joined(home, top)) or ())

    def _is_root(self, home: str) -> bool:
        """Whether modules are imported from a folder: a project's, or that of the script itself."""
        if home in _ROOTS or home == self._own_root():
            return True
        folder, _, last = home.rpartition("/")
        project = folder if last in _ROOTS else home
        return bool(_PROJECT & (self._files.names_in(project) or frozenset()))

    def _own_root(self) -> str | None:
        """The folder of the outermost package that the file is in; its own folder, if it is in none."""
        if self._own is None:
            return None
        folder = self._own.rpartition("/")[0]
        while folder and "__init__.py" in (self._files.names_in(folder) or ()):
            folder = folder.rpartition("/")[0]
        return folder

    def _below(self, home: str, parts: list[str]) -> list[PythonModule] | None:
        """The modules with these parts below a folder: a file and a folder may have the same name."""
        folder = home
        found: list[PythonModule] = []
        for number, part in enumerate(parts):
            names = self._files.names_in(folder)
            path = _joined(folder, part)
            if names is None or self._files.names_in(path) is None:
                return None
            if number == len(parts) - 1 and f"{part}.py" in names:
                found.append(PythonModule(f"{path}.py", is_package=False))
            if part not in names:
                return found or self._absent(folder, names, part)
            folder = path
        return [*found, PythonModule(folder, is_package=True)]

    def _absent(self, folder: str, names: frozenset[str], part: str) -> list[PythonModule] | None:
        """Nothing, unless something may make it: a compiled module, a package that looks elsewhere, a build."""
        if any(name.startswith(f"{part}.") for name in names):
            return None if f"{part}.py" not in names else []
        package = self._files.text(_joined(folder, "__init__.py")) if "__init__.py" in names else ""
        if package is None or any(word in package for word in _ELSEWHERE):
            return None
        path = _joined(folder, part)
        if self._own in (f"{path}.py", f"{path}/__init__.py"):
            return None  # the file itself, which is not saved yet
        made = part.endswith(("_pb2", "_pb2_grpc")) or part.strip("_") in ("version", "generated", "build_info")
        ignored = made or self._files.is_ignored(f"{path}.py") or self._files.is_ignored(f"{path}/")
        return None if ignored else []

    def _names(self, module: PythonModule, depth: int) -> frozenset[str] | None:
        if module.path not in self._has_names:
            self._has_names[module.path] = None  # of what imports itself
            self._has_names[module.path] = self._read(module, depth)
        return self._has_names[module.path]

    def _read(self, module: PythonModule, depth: int) -> frozenset[str] | None:
        folder, _, file = module.path.rpartition("/")
        if module.is_package:
            folder, file = module.path, "__init__.py"
        siblings = self._files.names_in(folder)
        if siblings is None or depth == 0:
            return None
        found: set[str] = {name.split(".")[0] for name in siblings} if module.is_package else set()
        for name in (file, f"{file}i"):  # and the stub beside it
            if name in siblings:
                names = self._bound(_joined(folder, name), folder, depth)
                if names is None:
                    return None
                found |= names
        return frozenset(found)

    def _bound(self, path: str, folder: str, depth: int) -> frozenset[str] | None:
        text = self._files.text(path) if path != self._own else None  # the file itself: it is as it was saved once
        read = bindings(text) if text is not None else None
        if read is None:
            return None
        names = set(read.names)
        for star in read.stars:
            further = self._of_star(star.level, star.module, folder, depth)
            if further is None:
                return None
            names |= further
        return frozenset(names)

    def _of_star(self, level: int, name: str, folder: str, depth: int) -> frozenset[str] | None:
        inside = PythonModules(self._files, _joined(folder, "__init__.py"))
        modules = inside.find(level, name)
        if not modules:
            return None
        names: set[str] = set()
        for module in modules:
            found = self._names(module, depth - 1)
            if found is None:
                return None
            names |= found
        return frozenset(names)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
