"""Names that a completion in Python takes out of the repository's own modules, and that those do not have."""

from __future__ import annotations

from collections.abc import Iterator

from sfm2.repository.unknown.files import Files
from sfm2.repository.unknown.python_modules import PythonModule, PythonModules
from sfm2.repository.unknown.python_uses import ImportedName, ModuleName, PythonUses, UsedAttribute


def unknown_in_python(uses: PythonUses, files: Files, modules: PythonModules) -> Iterator[str]:
    """As they are written."""
    judge = _OwnModules(files, modules)
    yield from (str(module) for module in uses.modules if judge.lacks_module(module))
    yield from (one.name for one in uses.names if judge.lacks_name(one))
    yield from filter(None, map(judge.lacking, uses.attributes))


class _OwnModules:
    def __init__(self, files: Files, modules: PythonModules) -> None:
        self._files = files
        self._modules = modules

    def lacks_module(self, module: ModuleName) -> bool:
        found = self._modules.find(module.level, module.name)
        return found == [] and not self._is_imported(module.name)

    def lacks_name(self, one: ImportedName) -> bool:
        modules = self._modules.find(one.module.level, one.module.name)
        if not modules or not self._lacks(modules, one.name):
            return False
        return not self._is_taken(one.name, one.module.name.rpartition(".")[2])

    def lacking(self, one: UsedAttribute) -> str | None:
        """The attribute up to the part that a module does not have, if the completion wrote that part."""
        modules = self._root(one)
        for number, part in enumerate(one.parts):
            if not modules:
                return None
            if self._lacks(modules, part):
                is_sure = number >= one.new and not self._is_imported(part)
                return ".".join((one.name, *one.parts[: number + 1])) if is_sure else None
            modules = self._inner(modules, part)
        return None

    def _root(self, one: UsedAttribute) -> list[PythonModule] | None:
        modules = self._modules.find(one.root.level, one.root.name)
        return self._inner(modules, one.taken) if modules and one.taken else modules

    def _inner(self, modules: list[PythonModule], name: str) -> list[PythonModule] | None:
        """The modules that `name` surely is in these; nothing if it may be something else in one of them."""
        found: list[PythonModule] = []
        for module in modules:
            inner = self._modules.submodule(module, name)
            if inner is None or self._modules.binds(module, name):
                return None
            found += inner
        return found

    def _lacks(self, modules: list[PythonModule], name: str) -> bool:
        """Whether none of these has a name."""
        return not any(self._modules.has(module, name) for module in modules)

    def _is_imported(self, name: str) -> bool:
        """Whether another file imports what may be the same: what ends in the same two parts, or in one that is all."""
        *_, last = parts = name.split(".")
        for one in self._files.imports_with(last):
            for other in (one.module, *(f"{one.module}.{taken}" for taken in one.names)):
                *before, end = [part for part in other.split(".") if part] or [""]
                if end == last and (not before or len(parts) == 1 or before[-1] == parts[-2]):
                    return True
        return False

    def _is_taken(self, name: str, module: str) -> bool:
        """Whether another file takes a name out of a module that is called so."""
        return any(
            name in one.names and one.module.rpartition(".")[2] == module for one in self._files.imports_with(name)
        )
