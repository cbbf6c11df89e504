"""The hole that a completion fills: the lines around it, its indentation and the block that it is in. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sfm2.languages import BlockWords, block_words
from sfm2.syntax.lines import first_nonblank, indent, split_last
from sfm2.syntax.python_scanner import PythonScanner

_SHAPE = re.compile(r"- |\w[\w.]*[(:! ]|[-+*.@:#&$|]{1,3}\w+")  # what items of one pattern begin with

HoleKind = Literal["new_line", "line_end", "middle"]


@dataclass(frozen=True)
class Hole:
    """The empty place at the cursor, between `prefix` and `suffix`."""

    prefix: str
    suffix: str = ""
    language: str | None = None
    language_is_guess: bool = False
    """Nobody named the language: it was guessed from the code."""

    @cached_property
    def head(self) -> str:
        """The cursor's line, before the cursor."""
        return split_last(self.prefix)[1]

    @cached_property
    def tail(self) -> str:
        """The cursor's line, after the cursor, without its line break."""
        return self.suffix.partition("\n")[0].removesuffix("\r")

    @property
    def kind(self) -> HoleKind:
        """Where on its line the cursor is.

        `new_line`: after nothing but white space. `line_end`: after code and before none. `middle`: between code.
        """
        if not self.head.strip():
            return "new_line"
        return "middle" if self.tail.strip() else "line_end"

    @cached_property
    def is_between_items(self) -> bool:
        """Whether the cursor's line is blank and those around it are items of one list, or statements of one pattern."""
        above, below = self.line_above, self.next_line
        columns = {indent(above), indent(below), indent(self.head + "x")}
        if self.kind != "new_line" or self.tail.strip() or len(columns) > 1 or self.opens_block:
            return False
        first, second = (_SHAPE.match(line.strip()) for line in (above, below))
        alike = first is not None and second is not None and first[0] == second[0]
        return alike or (above.rstrip().endswith(",") and below.rstrip().endswith(","))

    @cached_property
    def newline(self) -> str:
        """The line break that most lines around the hole end with: "\\n" or "\\r\\n"."""
        around = self.prefix[-20_000:] + self.suffix[:20_000]
        breaks = around.count("\n")
        return "\r\n" if breaks and 2 * around.count("\r\n") > breaks else "\n"

    @cached_property
    def next_line(self) -> str:
        """The first line of the suffix that is not blank, be it the rest of the cursor's line; empty if there is none."""
        return first_nonblank(self.suffix).rstrip()

    @cached_property
    def quotes(self) -> str | None:
        """The quotes of the triple-quoted string that the cursor is in; always None for languages other than Python."""
        if self.language != "python":
            return None
        scanner = self.scanner.copy()
        scanner.feed(self.head)
        return scanner.quotes

    @cached_property
    def scanner(self) -> PythonScanner:
        """Python only: the state at the beginning of the cursor's line."""
        return PythonScanner.after(self.prefix)

    @cached_property
    def words(self) -> BlockWords | None:
        """How blocks are recognised in this language; None in prose."""
        return block_words(self.language)

    @cached_property
    def level(self) -> int | None:
        """The indentation in columns of the line that opened the cursor's block; None at the top level or if not known."""
        words = self.words
        if words is None:
            return None
        last = self._last_line
        if last is None:
            return None
        if self.head and not self.head.strip():
            return self.opener_below(indent(self.head + "x"))
        return indent(last) if self.opens_block else self.opener_below(indent(last))

    @property
    def line_above(self) -> str:
        """The last line of the prefix that is not blank, be it the cursor's own; empty if there is none."""
        return self._last_line or ""

    @cached_property
    def opens_block(self) -> bool:
        """Whether that line begins a block."""
        return self.words is not None and bool(self.words.opens.search(self.line_above.rstrip()))

    def opener_below(self, columns: int) -> int | None:
        """The indentation of the nearest line above that is indented by less than `columns`; None when there is none."""
        found = (indent(line) for line in self._lines_upwards if line.strip())
        return next((level for level in found if level < columns), None)

    @cached_property
    def _last_line(self) -> str | None:
        return next((line for line in self._lines_upwards if line.strip()), None)

    @cached_property
    def _lines_upwards(self) -> list[str]:
        return self.prefix.split("\n")[::-1]
