"""Prefix and suffix around a hole, and the judge of what is put there.

Python is judged by CPython's compiler (of the version that runs), other languages by tree-sitter. Where the code around the
hole is broken already, what counts is that nothing gets worse. Not covered: tree-sitter accepts more than a compiler does.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sfm2.syntax.hole import Hole
from sfm2.syntax.place import closers, names
from sfm2.syntax.place.compiling import error_line
from sfm2.syntax.place.extent import extent
from sfm2.syntax.place.yaml_depth import levels

if TYPE_CHECKING:
    from sfm2.syntax.place.tree import GrowingTree

DEEPEST = 100  # levels of a YAML text
_AT_A_LOSS = 1_000_000_000
_NO_CODE = re.compile(r"(?:[ \t\r\f]*(?:#[^\n]*)?\n)*[ \t]*")
_BYTE_ORDER_MARK = "\ufeff"  # no part of the code, for the compiler


class Place:
    """Made for one completion that grows. `cost` counts the characters that were parsed so far."""

    def __init__(self, hole: Hole) -> None:
        self._hole = hole
        self._is_python = hole.language == "python"
        start, end = extent(hole) if self._is_python else (0, len(hole.suffix))
        self._before, self._after = hole.prefix[start:].removeprefix(_BYTE_ORDER_MARK), hole.suffix[:end]
        self._beyond = hole.suffix[end:]
        self.cost = 0

    @cached_property
    def judged(self) -> bool:
        """Whether there is a judge for the language."""
        return self._is_python or self._tree is not None

    @cached_property
    def elsewhere(self) -> int:
        """Problems that are there already and that no completion can solve: they are not at the hole."""
        first, last = self._rows("")
        self.cost += self._size("")
        found = self._counted("", outside=(first, last))
        return max(found, int(self._is_python and not self._complaint_is_ours("")))

    def problems(self, completion: str) -> int:
        """Syntax problems with the completion in place; 0: it parses."""
        self.cost += self._size(completion)
        if not self._is_python:
            return self._counted(completion)
        if error_line(self._before + completion + self._after) is None or self._is_closed_beyond(completion):
            return 0
        return self._problems_of_broken(completion)

    def no_worse(self, completion: str, problems: int) -> bool:
        """Whether so many problems were there before, and the completion is whole in itself. For languages whose blocks are
        closed by brackets, which somebody who writes from top to bottom has not closed yet."""
        if self._is_python or problems > self._before_all:
            return False
        return not closers.leaves_open(completion, self._hole.language or "")

    @cached_property
    def _before_all(self) -> int:
        self.cost += self._size("")
        return self._counted("")

    def undefined(self, completion: str) -> list[str]:
        """Names that the completion uses and nobody defines. Python only."""
        if not self._is_python:
            return []
        return names.undefined(self._before, completion, self._after, self._hole.prefix + "\n" + self._hole.suffix)

    def closers(self, completion: str) -> list[str]:
        """Texts that may close what the completion left open, likeliest first."""
        return closers.closers(self._hole.prefix, completion, self._hole.language or "")

    def _is_closed_beyond(self, completion: str) -> bool:
        """Whether it begins what the suffix ends further down than the part that is compiled."""
        if not self._beyond.strip():
            return False
        lines = self._hole.open_lines.copy()
        for line in (self._hole.head + completion).split("\n"):
            lines.feed(line)
        if not lines.unfinished:
            return False
        self.cost += self._size(completion) + len(self._beyond)
        return error_line(self._before + completion + self._after + self._beyond) is None

    def _problems_of_broken(self, completion: str) -> int:
        """Python that does not compile: no more than before, if the compiler complains about other lines than ours."""
        if self.elsewhere == 0:
            return 1
        if self._complaint_is_ours(completion):
            return self.elsewhere + 1
        return max(1, self._counted(completion))

    def _counted(self, completion: str, outside: tuple[int, int] | None = None) -> int:
        """What tree-sitter finds, but for the rows of the hole if `outside` gives them. Text that it is at a loss with costs
        more than anybody would spend."""
        if self._tree is None or self._too_deep(completion):
            return 0 if self._is_python else _AT_A_LOSS
        try:
            return self._tree.problems_outside(*outside) if outside else self._tree.problems(completion)
        except TimeoutError:
            self.cost += _AT_A_LOSS
            return _AT_A_LOSS

    def _too_deep(self, completion: str) -> bool:
        """YAML's grammar crashes on some hundred levels."""
        return self._hole.language == "yaml" and self._depth + levels(completion) > DEEPEST

    @cached_property
    def _depth(self) -> int:
        return levels(self._hole.prefix) + levels(self._hole.suffix)

    def _complaint_is_ours(self, completion: str) -> bool:
        """Whether the compiler's first complaint is about the lines of the hole, or there is none."""
        line = error_line(self._before + completion + self._after)
        if line is None:
            return True
        first, last = self._rows(completion)
        return first <= line - 1 <= last

    def _rows(self, completion: str) -> tuple[int, int]:
        """From the last line before the hole with something on it to the first one with code after; from 0."""
        solid = len(self._before.rstrip())
        first = self._before.count("\n", 0, solid)
        blank = len(self._after) - len(self._after.lstrip())
        if self._is_python and (skipped := _NO_CODE.match(self._after)):  # the compiler complains behind comments
            blank = skipped.end()
        return first, (self._before + completion).count("\n") + max(1, self._after.count("\n", 0, blank))

    def _size(self, completion: str) -> int:
        return len(self._before) + len(completion) + len(self._after)

    @cached_property
    def _tree(self) -> GrowingTree | None:
        """Also for Python, to count problems that CPython names only the first of."""
        if find_spec("tree_sitter") is None or self._hole.language is None:
            return None
        from sfm2.syntax.place.grammars import grammar_for
        from sfm2.syntax.place.tree import GrowingTree

        grammar = grammar_for(self._hole.language, self._hole.prefix + self._hole.suffix)
        return GrowingTree(grammar, self._before, self._after) if grammar is not None else None
