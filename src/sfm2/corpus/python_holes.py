"""The holes of a Python file: logical lines, bodies of blocks, and random spans within a function.

Docstrings are left out.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from sfm2.corpus.holes import BLOCK_LINES, MOST_LINES, HoleSpan, fits
from sfm2.corpus.python_tree import parsed

_SPANS = 12  # tried per function
_LAYOUT = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}
)


class PythonFile:
    """A Python file that parses, with its tokens and its syntax tree."""

    def __init__(self, text: str, tree: ast.Module, tokens: list[tokenize.TokenInfo]) -> None:
        self.text = text
        self._tree = tree
        self._tokens = tokens
        self._rows = text.split("\n")
        self._starts = [0, *accumulate(len(row) + 1 for row in self._rows)]
        self._docstrings = frozenset(_docstring_rows(tree))

    @classmethod
    def read(cls, text: str) -> PythonFile | None:
        """The file with the content `text`, or None if that does not parse."""
        tree = parsed(text)
        if tree is None:
            return None
        try:
            return cls(text, tree, list(tokenize.generate_tokens(io.StringIO(text, newline="").readline)))
        except (tokenize.TokenError, SyntaxError):  # stricter than the parser on a few odd texts
            return None

    def holes(self, kind: str, random: Random) -> list[HoleSpan]:
        """The holes of a kind in the order of the file. `kind`: "line" and "block" give all, "span" a random sample."""
        cut = {"line": self._lines(), "block": self._blocks(), "span": self._spans(random)}[kind]
        return sorted({hole for hole in cut if fits(self.text, hole)})

    def _lines(self) -> Iterator[HoleSpan]:
        first: tokenize.TokenInfo | None = None
        for token in self._tokens:
            if token.type == tokenize.NEWLINE and first is not None:
                if token.start[0] - first.start[0] < MOST_LINES and first.start[0] not in self._docstrings:
                    yield HoleSpan(self._offset(first.start), self._offset(token.start))
                first = None
            elif first is None and token.type not in _LAYOUT:
                first = token

    def _blocks(self) -> Iterator[HoleSpan]:
        for node in ast.walk(self._tree):
            for body in _bodies(node):
                start, end = _first_row(body[0]), body[-1].end_lineno or 0
                row = self._rows[start - 1]
                own_lines = start > getattr(node, "lineno", start) and not row.lstrip().startswith("elif")
                begins = self._starts[start - 1] + len(row) - len(row.lstrip())
                if own_lines and end - start + 1 in BLOCK_LINES and self._begins_its_line(body[0]):
                    yield HoleSpan(begins, self._starts[end - 1] + len(self._rows[end - 1].rstrip("\r")))

    def _begins_its_line(self, statement: ast.stmt) -> bool:
        row = self._rows[statement.lineno - 1]
        return statement.col_offset == len(row.encode()) - len(row.lstrip().encode())

    def _spans(self, random: Random) -> Iterator[HoleSpan]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from self._spans_between(_first_row(node.body[0]), node.end_lineno or 0, random)

    def _spans_between(self, first_row: int, last_row: int, random: Random) -> Iterator[HoleSpan]:
        inside = [token for token in self._tokens if first_row <= token.start[0] <= last_row and self._is_code(token)]
        for _ in range(min(_SPANS, len(inside) // 2)):
            start = random.randrange(len(inside) - 1)
            lines = random.randint(1, MOST_LINES)
            near = [token for token in inside[start + 1 :] if token.end[0] - inside[start].start[0] < lines]
            if near:
                yield HoleSpan(self._offset(inside[start].start), self._offset(random.choice(near).end))

    def _is_code(self, token: tokenize.TokenInfo) -> bool:
        return token.type not in _LAYOUT and token.start[0] not in self._docstrings

    def _offset(self, place: tuple[int, int]) -> int:
        return self._starts[place[0] - 1] + place[1]


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The bodies of a compound statement; that of a function without its docstring."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from filter(None, [node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body])
    elif isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try):
        parts = (getattr(node, name, []) for name in ("body", "orelse", "finalbody"))
        yield from filter(None, parts)
    elif isinstance(node, ast.ExceptHandler):
        yield node.body


def _first_row(statement: ast.stmt) -> int:
    """The number of the first line, that of a decorator if there is one."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _docstring_rows(tree: ast.Module) -> Iterator[int]:
    """The line numbers of all strings that are statements."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
