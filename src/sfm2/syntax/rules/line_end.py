"""One line is completed and no more: in mode `line`, and before a comment that follows the cursor on its line.

In Python the line includes those that its brackets, strings and backslashes continue it on.
"""

from __future__ import annotations

from typing import ClassVar

from sfm2.languages import comment_marks
from sfm2.syntax.hole import Hole
from sfm2.syntax.python_scanner import PythonScanner
from sfm2.syntax.rules.base import Draft, Rule, StatelessRule
from sfm2.types import GuardReason, Mode


class LineEnd(StatelessRule):
    """Cuts after the first line that is not blank."""

    reason: ClassVar = GuardReason.LINE_END

    def __init__(self, hole: Hole, mode: Mode) -> None:
        before_comment = hole.kind == "middle" and hole.tail.lstrip().startswith(comment_marks(hole.language))
        self._one_line = mode is Mode.LINE or before_comment
        self._head = hole.head
        self._scanner = PythonScanner() if hole.language == "python" else None

    def cut(self, draft: Draft) -> int | None:
        if not self._one_line or not draft.has_newline:
            return None
        if self._scanner is not None:
            self._scanner.feed((self._head if draft.number == 0 else "") + draft.line)
            if self._scanner.is_continued:
                return None
        if not draft.line.strip():
            return None
        return draft.end + 1


RULE: type[Rule] = LineEnd
