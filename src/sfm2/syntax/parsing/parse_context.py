"""A hole with the code around it, and the parser that judges what fills it.

Python is parsed by CPython's compiler (of the version that runs), other languages by tree-sitter. Where the code around the
hole has syntax errors already, a completion must not add any. Not covered: tree-sitter accepts more than a compiler does.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import closers, undefined_names
from sfm2.syntax.parsing.compiler import error_line
from sfm2.syntax.parsing.extent import extent
from sfm2.syntax.parsing.yaml_depth import levels

if TYPE_CHECKING:
    from sfm2.syntax.parsing.incremental_tree import IncrementalTree

DEEPEST = 100  # levels of a YAML text
_UNPARSABLE = 1_000_000_000  # problems of a text that the parser gives up on, and its cost
_NO_CODE = re.compile(r"(?:[ \t\r\f]*(?:#[^\n]*)?\n)*[ \t]*")
_BYTE_ORDER_MARK = "\ufeff"  # not part of the code for the compiler


class ParseContext:
    """Judges the versions of one completion, each in place: prefix + completion + suffix. A problem is a syntax error."""

    def __init__(self, hole: Hole) -> None:
        self._hole = hole
        self._is_python = hole.language == "python"
        start, end = extent(hole) if self._is_python else (0, len(hole.suffix))
        self._before, self._after = hole.prefix[start:].removeprefix(_BYTE_ORDER_MARK), hole.suffix[:end]
        self._beyond = hole.suffix[end:]
        self.cost = 0
        """Characters parsed so far, over all versions."""

    @cached_property
    def has_parser(self) -> bool:
        """Whether the language can be parsed: it is Python, or it has a grammar and its package is installed."""
        return self._is_python or self._tree is not None

    @cached_property
    def problems_elsewhere(self) -> int:
        """The number of problems away from the hole, which no completion can solve."""
        first, last = self._rows("")
        self.cost += self._size("")
        found = self._tree_problems("", outside=(first, last))
        return max(found, int(self._is_python and not self._error_is_at_hole("")))

    def problems(self, completion: str) -> int:
        """The number of problems with the completion in place; 0 means that it parses."""
        self.cost += self._size(completion)
        if not self._is_python:
            return self._tree_problems(completion)
        if error_line(self._before + completion + self._after) is None or self._is_closed_beyond(completion):
            return 0
        return self._problems_of_broken(completion)

    def is_no_worse(self, completion: str, problems: int) -> bool:
        """Whether an empty completion leaves at least as many `problems`, and this one closes what it opens.

        Always false for Python. In languages whose blocks end with brackets, code that is written from top to bottom has
        problems because the blocks around the cursor are not closed yet.
        """
        if self._is_python or problems > self._problems_when_empty:
            return False
        return not closers.leaves_open(completion, self._hole.language or "")

    @cached_property
    def _problems_when_empty(self) -> int:
        self.cost += self._size("")
        return self._tree_problems("")

    def undefined(self, completion: str) -> list[str]:
        """Names that the completion uses and that are defined nowhere. Empty for languages other than Python."""
        if not self._is_python:
            return []
        file = self._hole.prefix + "\n" + self._hole.suffix
        return undefined_names.undefined(self._before, completion, self._after, file)

    def closers(self, completion: str) -> list[str]:
        """Texts that may close what the completion left open, likeliest first."""
        return closers.closers(self._hole.prefix, completion, self._hole.language or "")

    def _is_closed_beyond(self, completion: str) -> bool:
        """Whether the completion opens what is closed in the suffix after the part that is compiled, and all compiles."""
        if not self._beyond.strip():
            return False
        lines = self._hole.scanner.copy()
        for line in (self._hole.head + completion).split("\n"):
            lines.feed(line)
        if not lines.unfinished:
            return False
        self.cost += self._size(completion) + len(self._beyond)
        return error_line(self._before + completion + self._after + self._beyond) is None

    def _problems_of_broken(self, completion: str) -> int:
        """The problems of Python that does not compile: more than `problems_elsewhere` if the first one is at the hole."""
        if self.problems_elsewhere == 0:
            return 1
        if self._error_is_at_hole(completion):
            return self.problems_elsewhere + 1
        return max(1, self._tree_problems(completion))

    def _tree_problems(self, completion: str, outside: tuple[int, int] | None = None) -> int:
        """The number of tree-sitter's errors; with `outside`, only those that don't touch the rows from first to last.

        A text that takes too long to parse uses up every budget.
        """
        if self._tree is None or self._is_too_deep(completion):
            return 0 if self._is_python else _UNPARSABLE
        try:
            return self._tree.problems_outside(*outside) if outside else self._tree.problems(completion)
        except TimeoutError:
            self.cost += _UNPARSABLE
            return _UNPARSABLE

    def _is_too_deep(self, completion: str) -> bool:
        """YAML's grammar crashes on some hundred levels."""
        return self._hole.language == "yaml" and self._depth_around + levels(completion) > DEEPEST

    @cached_property
    def _depth_around(self) -> int:
        return levels(self._hole.prefix) + levels(self._hole.suffix)

    def _error_is_at_hole(self, completion: str) -> bool:
        """Whether the compiler's first error is in the rows of the hole, or there is none."""
        line = error_line(self._before + completion + self._after)
        if line is None:
            return True
        first, last = self._rows(completion)
        return first <= line - 1 <= last

    def _rows(self, completion: str) -> tuple[int, int]:
        """The rows of the hole, from 0: from the last one with code before it to the first one with code after it."""
        code_end = len(self._before.rstrip())
        first = self._before.count("\n", 0, code_end)
        blank = len(self._after) - len(self._after.lstrip())
        if self._is_python and (skipped := _NO_CODE.match(self._after)):  # the compiler reports errors after comments
            blank = skipped.end()
        return first, (self._before + completion).count("\n") + max(1, self._after.count("\n", 0, blank))

    def _size(self, completion: str) -> int:
        return len(self._before) + len(completion) + len(self._after)

    @cached_property
    def _tree(self) -> IncrementalTree | None:
        """Also for Python, to count the problems: CPython reports only the first one."""
        if find_spec("tree_sitter") is None or self._hole.language is None:
            return None
        from sfm2.syntax.parsing.grammars import grammar_for
        from sfm2.syntax.parsing.incremental_tree import IncrementalTree

        grammar = grammar_for(self._hole.language, self._hole.prefix + self._hole.suffix)
        return IncrementalTree(grammar, self._before, self._after) if grammar is not None else None
