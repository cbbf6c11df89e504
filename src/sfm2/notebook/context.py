"""Code of the cells that ran earlier, as context for the cell to complete. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_DEFINES = re.compile(r"^(?:async def|def|class)\s+(\w+)", re.MULTILINE)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell, with the comments above it."""

    cell: int
    """The cell's execution count"""
    source: str
    names: frozenset[str] = frozenset()
    """What it defines or assigns"""
    is_import: bool = False
    is_definition: bool = False


def statements(cells: Mapping[int, str]) -> list[Statement]:
    """The statements of cells (by execution count, as IPython transformed them). Magics and cells that do not parse are
    left out."""
    return [statement for count, source in sorted(cells.items()) for statement in _of_cell(count, source)]


def context(found: Sequence[Statement], limit: int, cell: str = "") -> str:
    """Code of earlier cells, at most `limit` characters: imports first, then what ran last.

    Only the last definition of a name is taken, and none of a name that `cell` defines: the model would copy it.
    """
    redefined = set(_DEFINES.findall(cell))
    current = [s for s in _without_superseded(found) if not (s.is_definition and s.names & redefined)]
    by_use = sorted(enumerate(current), key=lambda pair: (pair[1].is_import, pair[0]), reverse=True)
    return _joined(current[index] for index in sorted(_fitting(by_use, limit)))


def binding(found: Sequence[Statement], name: str) -> str | None:
    """The source of the last statement that defined or assigned `name`."""
    return next((statement.source.strip("\n") for statement in reversed(found) if name in statement.names), None)


def cell_of(found: Sequence[Statement], count: int) -> str:
    """The code of one cell, without its magics."""
    return "\n".join(statement.source for statement in found if statement.cell == count).strip("\n")


def _of_cell(count: int, source: str) -> list[Statement]:
    try:
        nodes = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return []
    lines, done, found = source.splitlines(), 0, []
    for node in nodes:
        end = node.end_lineno or node.lineno
        if end > done and not _is_magic(node):
            text = "\n".join(lines[done:end])
            found.append(
                Statement(
                    count,
                    text,
                    _names(node),
                    isinstance(node, ast.Import | ast.ImportFrom),
                    isinstance(node, _DEFINITIONS),
                )
            )
        done = end
    return found


def _is_magic(node: ast.stmt) -> bool:
    """`%magic`, `!command` and `name?` are calls of `get_ipython()` once IPython has transformed them."""
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    return value is not None and any(
        isinstance(part, ast.Name) and part.id == "get_ipython" for part in ast.walk(value)
    )


def _names(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, _DEFINITIONS):
        return frozenset({node.name})
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset(alias.asname or alias.name.split(".")[0] for alias in node.names)
    return frozenset(
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    )


def _without_superseded(found: Sequence[Statement]) -> list[Statement]:
    """The last version of cells that were run again and functions that were defined again."""
    kept: list[Statement] = []
    later: set[frozenset[str] | str] = set()
    for statement in reversed(found):
        key = statement.names if statement.is_definition else statement.source.strip()
        if key not in later:
            later.add(key)
            kept.append(statement)
    return kept[::-1]


def _fitting(candidates: Iterable[tuple[int, Statement]], limit: int) -> Iterable[int]:
    """The indices of the candidates that fit into `limit` characters, in this order; one that does not fit is skipped."""
    left = limit
    for index, statement in candidates:
        needed = len(statement.source) + 2
        if needed <= left:
            left -= needed
            yield index


def _joined(chosen: Iterable[Statement]) -> str:
    """The statements as one text, with an empty line between cells."""
    text, cell = "", None
    for statement in chosen:
        gap = "\n" if text and statement.cell != cell else ""
        text += f"{gap}{statement.source.strip(chr(10)) if not text or gap else statement.source}\n"
        cell = statement.cell
    return text
