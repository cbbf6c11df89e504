"""What a completion takes out of modules, in Python: what it imports, and attributes of what is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sfm2.repository.unknown.completed import Completed
from sfm2.repository.unknown.python_bindings import parsed
from sfm2.syntax.parsing.undefined_names import bound_by

_FROM = re.compile(r"from\s*(?P<module>[.\w\s\\]*?)\s*\bimport\b")
_IMPORT = re.compile(r"\bimport\b")
_OPEN_IMPORT = re.compile(r"\bimport\s*\([^()]*$")
_LONGEST_IMPORT = 5_000  # characters
_ROOT = re.compile(r"(?<![\w.])([^\W\d]\w*)\s*\.")
_IMPORTED = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>[.\w]+)[ \t]+)?import\b[ \t]*(?P<names>\([^()]*\)|[^\n]*)", re.MULTILINE
)
_WORD = re.compile(r"\w+")
_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})


class ModuleName(NamedTuple):
    """A module as an import names it."""

    level: int
    """The number of dots before the name."""
    name: str

    def __str__(self) -> str:
        return "." * self.level + self.name


class ImportedName(NamedTuple):
    """`from module import name`"""

    module: ModuleName
    name: str


class UsedAttribute(NamedTuple):
    """`name.first.second`, of a name that an import binds and nothing else does."""

    name: str
    root: ModuleName
    """The module that the name means, or that it is taken from."""
    taken: str
    """What is taken out of that module; empty if it is the module itself."""
    parts: tuple[str, ...]
    new: int
    """Those of the parts from this one on are the completion's."""


class PythonUses(NamedTuple):
    """What a completion takes, in its order in the text."""

    modules: list[ModuleName]
    names: list[ImportedName]
    attributes: list[UsedAttribute]


def uses(file: Completed, is_own: Callable[[str], bool]) -> PythonUses | None:
    """None for a text that does not parse. `is_own`: whether a module that is called so may be the repository's own."""
    if not _may_use(file, is_own):
        return PythonUses([], [], [])
    tree = parsed(file.text)
    return None if tree is None else _UseReader(file, tree).read()


def _may_use(file: Completed, is_own: Callable[[str], bool]) -> bool:
    """Whether there can be anything: most completions import nothing, and use nothing that is imported."""
    head = file.before[file.before.rfind("\n") + 1 :]
    written = head + file.completion + file.after.partition("\n")[0]
    if not re.search(r"\w", file.completion):
        return False
    if _IMPORT.search(written) or _OPEN_IMPORT.search(file.before[-_LONGEST_IMPORT:]):
        return True
    roots = set(_ROOT.findall(written))
    modules = (found["module"] or found["names"] for found in _IMPORTED.finditer(file.text) if _brings(found, roots))
    return any(is_own(top) for top in dict.fromkeys(top for module in modules for top in _tops(module)))


def _brings(statement: re.Match[str], roots: set[str]) -> bool:
    return bool(roots) and not roots.isdisjoint(_WORD.findall(statement["names"]))


def _tops(modules: str) -> Iterator[str]:
    """The first parts of modules, with commas between them; empty for what is relative."""
    yield from (one.strip().partition(".")[0].partition(" ")[0] for one in modules.split(","))


class _UseReader:
    def __init__(self, file: Completed, tree: ast.Module) -> None:
        self._file = file
        self._tree = tree
        self._lines = [0]
        for line in file.text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._split = file.text.split("\n")
        self._roots: dict[str, set[tuple[ModuleName, str]]] = {}
        self._bound: set[str] = set()
        self._stored: set[str] = set()

    def read(self) -> PythonUses:
        for node in ast.walk(self._tree):
            self._note(node)
        found = PythonUses([], [], [])
        for node, is_caught in _nodes(self._tree):
            match node:
                case ast.Import() if not is_caught:
                    found.modules.extend(ModuleName(0, one.name) for one in node.names if self._is_new(one))
                case ast.ImportFrom() if not is_caught:
                    module = ModuleName(node.level, node.module or "")
                    if self._names_module(node):
                        found.modules.append(module)
                    taken = (one.name for one in node.names if one.name != "*" and self._is_new(one))
                    found.names.extend(ImportedName(module, name) for name in taken)
                case ast.Attribute(ctx=ast.Load()) if not is_caught:
                    found.attributes.extend(self._attribute(node))
        return found

    def _note(self, node: ast.AST) -> None:
        """What is bound by imports, and by anything else."""
        match node:
            case ast.Import(names=names):
                for one in names:
                    name = one.asname or one.name.split(".")[0]
                    self._roots.setdefault(name, set()).add((ModuleName(0, one.name if one.asname else name), ""))
            case ast.ImportFrom(names=names):
                module = ModuleName(node.level, node.module or "")
                for one in names:
                    self._roots.setdefault(one.asname or one.name, set()).add((module, one.name))
            case ast.alias():
                pass
            case ast.Attribute(attr=attr, ctx=ast.Store() | ast.Del()):
                self._stored.add(attr)
            case ast.Constant(value=str(text)):
                self._stored.add(text)  # setattr(module, "name", ...), hasattr, getattr
            case _:
                self._bound.update(bound_by(node))

    def _attribute(self, node: ast.Attribute) -> Iterator[UsedAttribute]:
        parts: list[ast.Attribute] = []
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            parts.insert(0, root)
            root = root.value
        if not isinstance(root, ast.Name) or root.id in self._bound or len(self._roots.get(root.id, ())) != 1:
            return
        new = next((number for number, part in enumerate(parts) if self._is_new_attribute(part)), None)
        names = tuple(part.attr for part in parts)
        if new is None or any(name in self._stored or name.startswith("__") for name in names):
            return
        ((module, taken),) = self._roots[root.id]
        if taken != "*":
            yield UsedAttribute(root.id, module, taken, names, new)

    def _names_module(self, node: ast.ImportFrom) -> bool:
        """Whether the completion writes the module of `from module import`, or a part of it."""
        start = self._offset(node.lineno, node.col_offset)
        found = _FROM.match(self._file.text, start)
        return found is not None and self._file.touches(*found.span("module"))

    def _is_new(self, node: ast.alias) -> bool:
        return self._file.touches(
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
        )

    def _is_new_attribute(self, node: ast.Attribute) -> bool:
        if node.end_lineno is None or node.end_col_offset is None:
            return False
        end = self._offset(node.end_lineno, node.end_col_offset)
        return self._file.touches(end - len(node.attr), end)

    def _offset(self, line: int, column: int) -> int:
        """In characters, from `ast`'s line from 1 and column in bytes."""
        if line > len(self._split):
            return len(self._file.text)
        return self._lines[line - 1] + len(
            self._split[line - 1].encode(errors="replace")[:column].decode(errors="replace")
        )


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes in the order of the text, and whether each is tried only: an error there is caught."""
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, is_caught = pending.pop()
        yield node, is_caught
        inside = is_caught or (isinstance(node, ast.Try) and any(map(_catches, node.handlers))) or _suppresses(node)
        pending.extend((child, inside) for child in reversed(list(ast.iter_child_nodes(node))))


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_CAUGHT & _last_names(handler.type))


def _suppresses(node: ast.AST) -> bool:
    """`with suppress(ImportError):`, `with pytest.raises(AttributeError):` and the like."""
    return isinstance(node, ast.With | ast.AsyncWith) and any(
        _CAUGHT & _last_names(item.context_expr) for item in node.items
    )


def _last_names(node: ast.AST) -> set[str]:
    return {
        one.id if isinstance(one, ast.Name) else one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Name | ast.Attribute)
    }
