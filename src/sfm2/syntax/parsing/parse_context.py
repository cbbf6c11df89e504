"""A hole with the code around it, and the parser that judges what fills it.

Python is parsed by CPython's compiler (of the version that runs), other languages by tree-sitter, and so is a Python
statement of over `MOST_COMPILED` characters. Where the code around the hole has syntax errors already, a completion must not
add any. Not covered: tree-sitter accepts more than a compiler does.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sfm2.languages import facts_of
from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.parsing import closers, undefined_names
from sfm2.syntax.parsing.compiler import CompileError, first_error
from sfm2.syntax.parsing.extent import extent
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.syntax.parsing.yaml_depth import DEEPEST, levels
from sfm2.syntax.python_scanner import PythonScanner

if TYPE_CHECKING:
    from sfm2.syntax.parsing.incremental_tree import IncrementalTree

JAVASCRIPT = frozenset({"javascript", "typescript"})
MOST_COMPILED = 50_000
"""Characters that CPython's compiler gets. They take it 0.05 to 0.15 s, and no other thread runs meanwhile."""

_UNPARSABLE = 1_000_000_000  # problems of a text that the parser gives up on
_NO_CODE = re.compile(r"(?:[ \t\r\f]*(?:#[^\n]*)?\n)*[ \t]*")
_FILLERS = ("", "x", "0", "pass", "x=0", "x:x")  # one of them is right in nearly every place of a line
_NOT_COMPILED = CompileError(0, 0, "out of time")
_BYTE_ORDER_MARK = "\ufeff"  # not part of the code for the compiler


class ParseContext:
    """Judges the versions of one completion, each in place: prefix + completion + suffix. A problem is a syntax error."""

    def __init__(self, hole: Hole, time: ParsingTime | None = None) -> None:
        """`time`: what parsing may take; once it is spent, the answers mean nothing (`is_too_large`)."""
        self._hole = hole
        self._time = time or ParsingTime()
        is_python = hole.language == "python"
        start, end = extent(hole) if is_python else (0, len(hole.suffix))
        self._before, self._after = hole.prefix[start:].removeprefix(_BYTE_ORDER_MARK), hole.suffix[:end]
        self._beyond = hole.suffix[end:]
        self._is_python = is_python and self._size("") <= MOST_COMPILED
        self._is_long_python = is_python and not self._is_python
        self._known: dict[str, int] = {}  # completion -> its problems
        self._beyond_help: dict[CompileError, bool] = {}
        self.cost = 0
        """Characters parsed so far, over all versions."""

    @cached_property
    def has_parser(self) -> bool:
        """Whether the language can be parsed: it is Python, or it has a grammar and its package is installed."""
        return self._is_python or self._tree is not None

    @property
    def is_too_large(self) -> bool:
        """Whether there is too much text to judge: the time for parsing is spent, or no grammar is there for long Python."""
        return self._time.is_spent or (self._is_long_python and self._tree is None)

    @cached_property
    def problems_elsewhere(self) -> int:
        """The number of problems away from the hole, which no completion can solve."""
        first, last = self._rows("")
        self.cost += self._size("")
        found = self._tree_problems("", outside=(first, last))
        return max(found, int(self._is_python and not self._error_is_at_hole("")))

    def problems(self, completion: str) -> int:
        """The number of problems with the completion in place; 0 means that it parses."""
        if completion not in self._known:
            self._known[completion] = self._count_problems(completion)
        return self._known[completion]

    def _count_problems(self, completion: str) -> int:
        self.cost += self._size(completion)
        if not self._is_python:
            return self._tree_problems(completion)
        error = self._first_error(self._before + completion + self._after)
        if error is None or self._is_closed_beyond(completion):
            return 0
        return self._problems_of_broken(completion, error)

    @cached_property
    def is_doubtful(self) -> bool:
        """Whether the parser may refuse what is right: the language has other dialects, or the file has problems away from
        the hole, which a dialect that the grammar does not know may cause. Python's compiler knows Python.
        """
        facts = facts_of(self._hole.language)
        one_dialect = facts is not None and facts.grammar is not None and facts.grammar.one_dialect
        return not self._is_python and (one_dialect or self.problems_elsewhere > 0)

    def is_balanced(self, completion: str) -> bool:
        """Whether the completion closes the quotes and brackets that it opens, and no others."""
        return closers.is_balanced(completion, self._hole.language or "")

    def left_open(self, completion: str) -> int:
        """How many quotes and brackets the completion opens and does not close."""
        return closers.left_open(completion, self._hole.language or "")

    @cached_property
    def sees_brackets(self) -> bool:
        """Whether brackets that do not fit would be a problem in this place. In a script within HTML they are none."""
        return self.problems("([{") > self.problems_elsewhere

    def is_no_worse(self, completion: str, problems: int) -> bool:
        """Whether an empty completion leaves at least as many `problems`, and this one closes what it opens.

        Always false for Python. In languages whose blocks end with brackets, code that is written from top to bottom has
        problems because the blocks around the cursor are not closed yet.
        """
        if self._is_python or problems > self._problems_when_empty:
            return False
        return not self.left_open(completion)

    @cached_property
    def _problems_when_empty(self) -> int:
        return self.problems("")

    def undefined(self, completion: str) -> list[str]:
        """Names that the completion uses and that are defined nowhere.

        Empty for languages other than Python, JavaScript and TypeScript.
        """
        if self._hole.language in JAVASCRIPT:
            return self._undefined_in_javascript(completion)
        if not self._is_python or self._time.is_spent:
            return []
        file = self._hole.prefix + "\n" + self._hole.suffix
        with self._time.spending():
            return undefined_names.undefined(self._before, completion, self._after, file)

    def _undefined_in_javascript(self, completion: str) -> list[str]:
        if self._tree is None or self.problems(completion):
            return []
        from sfm2.syntax.parsing import undefined_in_javascript

        try:
            return undefined_in_javascript.undefined(self._tree.place(completion))
        except TimeoutError:
            return []

    def closers(self, completion: str) -> list[str]:
        """Texts that may close what the completion left open, likeliest first."""
        return closers.closers(self._hole.prefix, completion, self._hole.language or "")

    def _is_closed_beyond(self, completion: str) -> bool:
        """Whether the completion opens what is closed in the suffix after the part that is compiled, and all compiles."""
        if not self._beyond.strip() or self._size(completion) + len(self._beyond) > MOST_COMPILED:
            return False
        lines = self._hole.scanner.copy()
        for line in (self._hole.head + completion).split("\n"):
            lines.feed(line)
        if not lines.unfinished:
            return False
        self.cost += self._size(completion) + len(self._beyond)
        return self._first_error(self._before + completion + self._after + self._beyond) is None

    def _problems_of_broken(self, completion: str, error: CompileError) -> int:
        """The problems of Python that does not compile: more than `problems_elsewhere` if the first one is at the hole."""
        if self._tree is not None and self._is_beyond_help(error):
            return self._tree_problems(completion)
        if self.problems_elsewhere == 0:
            return 1
        if self._error_is_at_hole(completion):
            return self.problems_elsewhere + 1
        return max(1, self._tree_problems(completion))

    def _tree_problems(self, completion: str, outside: tuple[int, int] | None = None) -> int:
        """The number of tree-sitter's errors; with `outside`, only those that don't touch the rows from first to last.

        Those of a text that takes too long to parse can't be counted.
        """
        if self._tree is None or self._is_too_deep(completion):
            return 0 if self._is_python else _UNPARSABLE
        try:
            return self._tree.problems_outside(*outside) if outside else self._tree.problems(completion)
        except TimeoutError:
            return _UNPARSABLE

    def _first_error(self, text: str) -> CompileError | None:
        try:
            with self._time.spending():
                return first_error(text)
        except TimeoutError:
            return _NOT_COMPILED

    def _is_too_deep(self, completion: str) -> bool:
        """YAML's grammar crashes on some hundred levels."""
        return self._hole.language == "yaml" and self._depth_around + levels(completion) > DEEPEST

    @cached_property
    def _depth_around(self) -> int:
        return levels(self._hole.prefix) + levels(self._hole.suffix)

    def _is_beyond_help(self, error: CompileError) -> bool:
        """Whether an error is there whatever fills the hole: the code before it is of a newer Python than the one that runs,
        or broken. Then the compiler can't judge the completion, and tree-sitter does.
        """
        row, column = self._before.count("\n"), len(self._before) - (self._before.rfind("\n") + 1)
        if error.of_indentation or not (0, 0) < (error.line, error.column) <= (row + 1, column):
            return False
        if error not in self._beyond_help:
            if error.line == row + 1:
                others = [self._before + filler + self._after for filler in _FILLERS]
            else:
                others = _endings(self._before.split("\n")[: error.line])
            self.cost += sum(map(len, others))
            self._beyond_help[error] = bool(others) and all(self._first_error(other) == error for other in others)
        return self._beyond_help[error]

    def _error_is_at_hole(self, completion: str) -> bool:
        """Whether the compiler's first error is in the rows of the hole, or there is none."""
        error = self._first_error(self._before + completion + self._after)
        if error is None:
            return True
        first, last = self._rows(completion)
        return first <= error.line - 1 <= last

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

        grammar = grammar_for(self._hole.language, self._hole.prefix + self._hole.suffix, self._time)
        return IncrementalTree(grammar, self._before, self._after, self._time) if grammar is not None else None


def _endings(lines: list[str]) -> list[str]:
    """The lines as a text by themselves, and with a body for a header at their end; none if they end within a statement."""
    scanner = PythonScanner()
    for line in lines:
        scanner.feed(line)
    text = "\n".join(lines) + "\n"
    return [] if scanner.is_continued else [text, text + " " * (indent(lines[-1]) + 1) + "pass\n"]
