"""The model went on to write what stands after the hole already: the completion ends before it.

A line equal to the suffix's first, at its indentation, is proof. One that is only alike, or stands elsewhere, is a suspicion
(code has parallel lines), held until the model ends: by itself, which clears it, or in any other way.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.rules.base import Draft
from sfm2.types import GuardReason, Mode

TELLING = 10  # characters; a shorter line (`}`, `else:`) raises no suspicion
ALIKE = 0.8  # similarity (difflib's ratio) from which on two telling lines are the same one, rewritten
_LONGEST = 300  # characters that are compared for likeness; keeps it linear


class SuffixBegins:
    reason: ClassVar = GuardReason.SUFFIX_BEGINS

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._hole = hole
        self._first = hole.next_line
        self._joins = bool(hole.head and hole.tail.strip())
        self._suspected: int | None = None

    def cut(self, draft: Draft) -> int | None:
        if not self._first:
            return None
        line = draft.line.strip()
        if not line:
            return None
        if self._hole.kind == "middle":
            return self._join(draft)
        if draft.number == 0 and self._hole.kind == "line_end":
            return None
        if self._is_first(line, draft):
            return self._start(draft) if self._suspected is None else self._suspected
        if self._joins and (joint := self._join(draft)) is not None:
            return joint
        if draft.number and self._suspected is None and self._is_like_first(line, draft):
            self._suspected = self._start(draft)
        return None

    def doubt(self) -> int | None:
        return self._suspected

    def at_end(self, by_itself: bool) -> int | None:
        return None if by_itself else self._suspected

    def _is_first(self, line: str, draft: Draft) -> bool:
        return line == self._first.strip() and self._aligned(draft)

    def _is_like_first(self, line: str, draft: Draft) -> bool:
        first = self._first.strip()
        telling = min(len(line), len(first)) >= TELLING
        return telling and (line == first or (self._aligned(draft) and _alike(line, first)))

    def _aligned(self, draft: Draft) -> bool:
        return self._columns(draft) == self._expected_columns()

    def _columns(self, draft: Draft) -> int:
        return indent((self._hole.head if draft.number == 0 else "") + draft.line)

    def _expected_columns(self) -> int:
        """A suffix that begins in the cursor's own line stands behind the white space before the cursor."""
        on_cursors_line = bool(self._hole.tail.strip())
        return indent((self._hole.head if on_cursors_line else "") + self._first)

    def _start(self, draft: Draft) -> int:
        """Before the indentation if the suffix brings its own."""
        brings = self._first[:1].isspace() or not self._hole.tail.strip()
        return draft.start if brings else draft.start + len(draft.line) - len(draft.line.lstrip())

    def _join(self, draft: Draft) -> int | None:
        """Where the rest of the cursor's line is written again: at a line's end, or anywhere if it is telling."""
        rest = self._hole.tail.rstrip()
        words = rest.lstrip()
        line = draft.line.rstrip()
        if line.endswith(words):
            at = len(line) - len(rest) if line.endswith(rest) else len(line) - len(words)
            if draft.start + at == 0 or draft.fits(draft.start + at):
                return draft.start + at
        if len(words) < TELLING:
            return None
        found = _find(line, rest)
        return draft.start + found if found is not None and draft.fits(draft.start + found) else None


def _find(line: str, rest: str) -> int | None:
    """Where `rest` stands in the line, white space within it not counted."""
    at = line.find(rest)
    if at >= 0:
        return at
    pattern = r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", rest[:_LONGEST])))
    match = re.search(pattern, line)
    return match.start() if match else None


def _alike(line: str, first: str) -> bool:
    matcher = SequenceMatcher(None, line[:_LONGEST], first[:_LONGEST], autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
