"""Markdown fences and sentences to a person are not code. What follows them is talk; so is what precedes them, unless some
of it is code.

In any language, unless its files or this file hold such lines themselves. Text in strings and comments is the code's own.
"""

from __future__ import annotations

from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import split_last
from sfm2.syntax.prose import FENCE, is_sentence, may_become_talk, may_hold_fences, may_hold_sentences
from sfm2.syntax.rules.base import Draft, Restart, Rule, StatelessRule
from sfm2.syntax.text_regions import ends_in_text
from sfm2.types import GuardReason, Mode


class Chatter(StatelessRule):
    """Cuts at a fence or a sentence, or restarts after one that precedes the code."""

    reason: ClassVar = GuardReason.CHATTER

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._hole = hole
        self._fences = not may_hold_fences(hole.language, hole.prefix, hole.suffix)
        self._sentences = not may_hold_sentences(hole.language, hole.prefix, hole.suffix)
        self._written = ""  # the completion's lines so far

    def cut(self, draft: Draft) -> int | Restart | None:
        line = (self._hole.head if draft.number == 0 else "") + draft.line
        is_talk = (self._fences and FENCE.match(line)) or (self._sentences and is_sentence(line))
        found = is_talk and not self._in_text()
        self._written += f"{draft.line}\n"
        if not found:
            return None
        return Restart() if self._precedes_code(draft) else draft.start

    def may_cut_at(self, line: str) -> bool:
        return (self._fences or self._sentences) and may_become_talk(line)

    def _in_text(self) -> bool:
        """Whether the line is within a string or a comment."""
        before = self._hole.prefix + self._written if self._written else split_last(self._hole.prefix)[0]
        return ends_in_text(before, self._hole.language)

    def _precedes_code(self, draft: Draft) -> bool:
        """Whether code has yet to come: the cursor's line is blank, and no line before this one is code."""
        return draft.can_restart and not self._hole.head.strip() and not draft.holds_code(draft.start)


RULE: type[Rule] = Chatter
