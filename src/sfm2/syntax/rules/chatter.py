"""Markdown fences are not code. What follows one is talk; so is what precedes one, unless some of it is code."""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.languages import facts_of
from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Draft, Restart, Rule, StatelessRule
from sfm2.types import GuardReason, Mode

FENCE = re.compile(r"\s*(```+|~~~+)[\w+-]*\s*$")


class Chatter(StatelessRule):
    """Cuts at a fence, or restarts after one that opens the code. Prose and unknown languages may hold fences."""

    reason: ClassVar = GuardReason.CHATTER

    def __init__(self, hole: Hole, mode: Mode) -> None:
        facts = facts_of(hole.language)
        self._applies = facts is not None and facts.kind != "prose"
        self._head = hole.head
        self._scanner = hole.scanner.copy() if hole.language == "python" else None

    def cut(self, draft: Draft) -> int | Restart | None:
        in_string = self._scanner is not None and self._scanner.in_string
        line = (self._head if draft.number == 0 else "") + draft.line
        if self._scanner is not None:
            self._scanner.feed(line)
        if not self._applies or in_string or not FENCE.match(line):
            return None
        return Restart() if self._opens_code(draft) else draft.start

    def _opens_code(self, draft: Draft) -> bool:
        """Whether code has yet to come: before the cursor its line is blank, and no line before the fence is code."""
        return draft.can_restart and not self._head.strip() and not draft.holds_code(draft.start)


RULE: type[Rule] = Chatter
