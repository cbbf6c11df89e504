"""The names that a Python module has: those that its top level binds, or none that can be told for sure."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sfm2.syntax.parsing.undefined_names import bound_by

MOST_PARSED = 50_000
"""Characters of a module that is parsed: about 20 ms, in which no other thread runs."""
_DYNAMIC = frozenset({"globals", "locals", "exec", "eval", "vars"})  # calls that may bind anything
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class StarImport(NamedTuple):
    """`from module import *`"""

    level: int
    """The number of dots."""
    module: str


class Bindings(NamedTuple):
    """What the top level of a module binds."""

    names: frozenset[str]
    stars: tuple[StarImport, ...]
    """Modules whose names it has, too."""


def bindings(text: str) -> Bindings | None:
    """None for a module that may have any name: it makes them while it runs, or it does not parse."""
    tree = parsed(text)
    if tree is None or any(_is_dynamic(node) for node in ast.walk(tree)):
        return None
    names: set[str] = set()
    stars: list[StarImport] = []
    for node in _of_the_scope(tree.body):
        names.update(bound_by(node))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            stars.append(StarImport(node.level, node.module or ""))
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            names.update(node.names)
    return None if "__getattr__" in names else Bindings(frozenset(names), tuple(stars))


def parsed(text: str) -> ast.Module | None:
    """The tree of a text; None if it does not parse, or is too long."""
    if len(text) > MOST_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _of_the_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes but those inside functions and classes."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _SCOPES):
            pending.extend(ast.iter_child_nodes(node))


def _is_dynamic(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _DYNAMIC
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return True
    return False
