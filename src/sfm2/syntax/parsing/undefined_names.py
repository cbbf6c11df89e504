"""Names that a completion uses and that are defined nowhere. Python only.

It misses names rather than reports wrong ones: a name that occurs anywhere else in the file counts as defined, unless it
occurs only as an attribute.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings

_KNOWN = frozenset(dir(builtins)) | {
    "__file__",
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__module__",
    "__qualname__",
    "__name__",
    "__doc__",
    "__path__",
    "__class__",
    "__spec__",
    "self",
    "cls",
}
_STAR = re.compile(r"^\s*from\s+\S+\s+import\s+\*", re.MULTILINE)


def undefined(before: str, completion: str, after: str, file: str) -> list[str]:
    """The undefined names in their order in the completion, each once.

    `before` + `completion` + `after` is the part of the file that is parsed; the list is empty if it does not parse, or if a
    star import may define anything. `file` is everything around the completion.
    """
    if _STAR.search(file) or _STAR.search(completion):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(before + completion + after)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    used = _loaded_within(tree, before, completion)
    unknown = [name for name in used if name not in _KNOWN and name not in _bound(tree)]
    return [name for name in unknown if not re.search(rf"(?<![\w.]){re.escape(name)}\b", file)]


def _loaded_within(tree: ast.Module, before: str, completion: str) -> list[str]:
    """Names that the completion reads, in their order in the text, each once."""
    first, last = _position(before), _position(before + completion)
    found = [
        (node.lineno, node.col_offset, node.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and first <= (node.lineno, node.col_offset) < last
    ]
    return list(dict.fromkeys(name for _, _, name in sorted(found)))


def _position(text: str) -> tuple[int, int]:
    """The position of the text's end as `ast` counts: the line from 1, the column in bytes from 0."""
    return text.count("\n") + 1, len(text[text.rfind("\n") + 1 :].encode(errors="replace"))


def _bound(tree: ast.Module) -> set[str]:
    """Every name that is bound in any scope."""
    names: set[str] = set()
    for node in ast.walk(tree):
        names.update(bound_by(node))
    return names


def bound_by(node: ast.AST) -> list[str]:
    """The names that a node binds by itself."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.arg(arg=name):
            return [name]
        case ast.alias(name=name, asname=asname):
            return [asname or name.split(".")[0]]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return names
    return []
