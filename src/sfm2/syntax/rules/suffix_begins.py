"""The model began to write the suffix, which is in the file already: the completion ends before it.

A line equal to the suffix's first line, at the same indentation, is proof, and so is a closer that the completion did not
open and that the suffix begins with. A line that is only similar, or has another
indentation, is a suspicion, because code has parallel lines. The suspicion is dropped if the model stops by itself; if it is
stopped, the completion is cut there.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.outer_closer import OuterCloser
from sfm2.syntax.rules.base import Draft, Rule
from sfm2.types import GuardReason, Mode

DISTINCTIVE = 10  # characters; a shorter line (`}`, `else:`) raises no suspicion
SIMILAR = 0.8  # difflib's ratio from which two distinctive lines count as the same line, rewritten
_LONGEST = 300  # characters of a line that are compared; keeps it linear


class SuffixBegins:
    """Cuts before the suffix's first line, or before the rest of the cursor's line within a line."""

    reason: ClassVar = GuardReason.SUFFIX_BEGINS

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._hole = hole
        self._first = hole.next_line
        self._joins = bool(hole.head and hole.tail.strip())
        self._closer = OuterCloser(hole)
        self._begun = False  # whether a line with text was seen
        self._suspected: int | None = None

    def cut(self, draft: Draft) -> int | None:
        if not self._first:
            return None
        line = draft.line.strip()
        if not line:
            return None
        closed = self._closed(draft)
        if self._hole.kind == "middle":
            joint = self._join(draft)
            return min((at for at in (closed, joint) if at is not None), default=None)
        if closed is not None:
            return closed
        if draft.number == 0 and self._hole.kind == "line_end":
            return self._start(draft) if len(line) >= DISTINCTIVE and line == self._first.strip() else None
        if self._is_first(line, draft):
            return self._start(draft) if self._suspected is None else self._suspected
        if self._joins and (joint := self._join(draft)) is not None:
            return joint
        if draft.number and self._suspected is None and self._is_similar_to_first(line, draft):
            self._suspected = self._start(draft)
        return None

    def tentative_cut(self) -> int | None:
        return self._suspected

    def may_cut_at(self, line: str) -> bool:
        return bool(self._first)

    def finish(self, model_stopped: bool) -> int | None:
        return None if model_stopped else self._suspected

    def _closed(self, draft: Draft) -> int | None:
        """Where the completion closes what the suffix closes."""
        begins, self._begun = not self._begun, True
        for at in self._closer.places(draft.line):
            first = not draft.line[:at].strip()
            place = self._start(draft) if first and draft.number else draft.start + at
            if (first and begins) or draft.fits(place):
                return place
        return None

    def _is_first(self, line: str, draft: Draft) -> bool:
        return line == self._first.strip() and self._aligned(draft)

    def _is_similar_to_first(self, line: str, draft: Draft) -> bool:
        first = self._first.strip()
        distinctive = min(len(line), len(first)) >= DISTINCTIVE
        return distinctive and (line == first or (self._aligned(draft) and _similar(line, first)))

    def _aligned(self, draft: Draft) -> bool:
        return self._columns(draft) == self._expected_columns()

    def _columns(self, draft: Draft) -> int:
        return indent((self._hole.head if draft.number == 0 else "") + draft.line)

    def _expected_columns(self) -> int:
        """The suffix's first line may be the rest of the cursor's line, after the white space before the cursor."""
        on_cursors_line = bool(self._hole.tail.strip())
        return indent((self._hole.head if on_cursors_line else "") + self._first)

    def _start(self, draft: Draft) -> int:
        """Where to cut: before the line's indentation if the suffix has its own, else after it."""
        has_its_own = self._first[:1].isspace() or not self._hole.tail.strip()
        return draft.start if has_its_own else draft.start + len(draft.line) - len(draft.line.lstrip())

    def _join(self, draft: Draft) -> int | None:
        """Where the rest of the cursor's line is repeated: at the end of a line, or anywhere if it is distinctive."""
        rest = self._hole.tail.rstrip()
        words = rest.lstrip()
        line = draft.line.rstrip()
        if line.endswith(words):
            at = len(line) - len(rest) if line.endswith(rest) else len(line) - len(words)
            if draft.start + at == 0 or _is_outer(draft, draft.start + at):
                return draft.start + at
        if len(words) < DISTINCTIVE:
            return None
        found = _find(line, rest)
        return draft.start + found if found is not None and _is_outer(draft, draft.start + found) else None


def _is_outer(draft: Draft, at: int) -> bool:
    """Whether what the draft has from there on belongs behind the cursor: it closes nothing that the completion opened."""
    return draft.fits(at) and draft.open_unseen(at) <= draft.open_unseen(draft.end)


def _find(line: str, rest: str) -> int | None:
    """Where `rest` begins in the line, whatever white space is between its tokens; None when it is not there."""
    at = line.find(rest)
    if at >= 0:
        return at
    pattern = r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", rest[:_LONGEST])))
    match = re.search(pattern, line)
    return match.start() if match else None


def _similar(line: str, first: str) -> bool:
    matcher = SequenceMatcher(None, line[:_LONGEST], first[:_LONGEST], autojunk=False)
    return matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR and matcher.ratio() >= SIMILAR


RULE: type[Rule] = SuffixBegins
