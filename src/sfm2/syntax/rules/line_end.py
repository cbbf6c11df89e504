"""One line is completed and no more: in mode `line`, before a comment that follows the cursor on its line, and where the
cursor is at the end of a line of code, or between the items of a list: there one statement is completed, or one item, with
the block that it opens.

In Python the line includes those that its brackets, strings and backslashes continue it on.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.languages import comment_marks
from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.python_scanner import PythonScanner
from sfm2.syntax.rules.base import Draft, Rule
from sfm2.types import GuardReason, Mode

LINES_BEYOND = 3  # lines that are waited for
_GOES_ON = re.compile(
    r"[\\+\-*/%&|^=<>?.]$|\b(and|or|not|in|is)$"
)  # what a line ends with that is not its statement's end


class LineEnd:
    """Cuts after the first line that is not blank.

    A statement that would leave the file with problems there may go on: the rule waits for up to `LINES_BEYOND` lines for
    one that solves them.
    """

    reason: ClassVar = GuardReason.LINE_END

    def __init__(self, hole: Hole, mode: Mode) -> None:
        before_comment = hole.kind == "middle" and hole.tail.lstrip().startswith(comment_marks(hole.language))
        self._one_line = mode is Mode.LINE or before_comment
        in_string = hole.language == "python" and hole.scanner.in_string
        one = hole.kind == "line_end" or hole.is_between_items
        self._one_statement = mode is Mode.BLOCK and one and hole.words is not None and not in_string
        self._hole = hole
        self._tentative: int | None = None  # where the statement ends if no further line solves its problems
        self._lines_to_wait = LINES_BEYOND
        self._scanner = PythonScanner() if hole.language == "python" else None

    def cut(self, draft: Draft) -> int | None:
        if self._tentative is not None:
            return self._wait(draft, self._tentative)
        if not (self._one_line or self._one_statement) or not draft.has_newline:
            return None
        line = (self._hole.head if draft.number == 0 else "") + draft.line
        if self._scanner is not None:
            self._scanner.feed(line)
            if self._scanner.is_continued:
                return None
        if not draft.line.strip():
            self._one_statement = False  # the model began a new line: the cursor's was complete
            return None
        ends = self._ends_statement(line, draft)
        if self._one_line or (ends and draft.is_sound(draft.end)):
            return draft.end + 1
        self._one_statement = False
        self._tentative = draft.end + 1 if ends else None
        return None

    def tentative_cut(self) -> int | None:
        return self._tentative

    def may_cut_at(self, line: str) -> bool:
        return self._tentative is not None

    def finish(self, model_stopped: bool) -> int | None:
        return self._tentative

    def _wait(self, draft: Draft, tentative: int) -> int | None:
        if draft.line.strip() and draft.is_sound(draft.end):
            self._tentative = None
            return draft.end + 1
        self._lines_to_wait -= 1
        return tentative if self._lines_to_wait <= 0 else None

    def _ends_statement(self, line: str, draft: Draft) -> bool:
        """Whether the statement ends with its first line, or the block that it opens is there already."""
        words = self._hole.words
        if not self._one_statement or words is None or _GOES_ON.search(line.rstrip()):
            return False
        if words.opens.search(line.rstrip()) or _leaves_open(line):
            return _columns(self._hole.next_line) > _columns(self._hole.head) and draft.fits(draft.end)
        return draft.fits(draft.end)


def _leaves_open(line: str) -> bool:
    return sum(map(line.count, "([{")) > sum(map(line.count, ")]}"))


def _columns(line: str) -> int:
    return indent(line) if line.strip() else 0


RULE: type[Rule] = LineEnd
