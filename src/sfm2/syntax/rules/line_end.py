"""Mode `line`: one line was asked for; in Python, with the lines that its brackets go on in. A comment behind the cursor
asks for no more either."""

from __future__ import annotations

from typing import ClassVar

from sfm2.languages import comment_marks
from sfm2.syntax.hole import Hole
from sfm2.syntax.python_lines import OpenLines
from sfm2.syntax.rules.base import Draft, Settled
from sfm2.types import GuardReason, Mode


class LineEnd(Settled):
    reason: ClassVar = GuardReason.LINE_END

    def __init__(self, hole: Hole, mode: Mode) -> None:
        before_comment = hole.kind == "middle" and hole.tail.lstrip().startswith(comment_marks(hole.language))
        self._one_line = mode is Mode.LINE or before_comment
        self._head = hole.head
        self._open_lines = OpenLines() if hole.language == "python" else None

    def cut(self, draft: Draft) -> int | None:
        if not self._one_line or not draft.broken:
            return None
        if self._open_lines is not None:
            self._open_lines.feed((self._head if draft.number == 0 else "") + draft.line)
            if self._open_lines.goes_on:
                return None
        if not draft.line.strip():
            return None
        return draft.end + 1
