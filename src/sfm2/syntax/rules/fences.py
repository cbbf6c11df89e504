"""Markdown fences end code: what follows one is talk."""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.languages import facts_of
from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Draft, Settled
from sfm2.types import GuardReason, Mode

FENCE = re.compile(r"\s*(```+|~~~+)[\w+-]*\s*$")


class Fences(Settled):
    reason: ClassVar = GuardReason.CHATTER

    def __init__(self, hole: Hole, mode: Mode) -> None:
        facts = facts_of(hole.language)
        self._judges = facts is not None and facts.kind != "prose"
        self._head = hole.head
        self._open_lines = hole.open_lines.copy() if hole.language == "python" else None

    def cut(self, draft: Draft) -> int | None:
        in_string = self._open_lines is not None and self._open_lines.in_string
        line = (self._head if draft.number == 0 else "") + draft.line
        if self._open_lines is not None:
            self._open_lines.feed(line)
        return draft.start if self._judges and not in_string and FENCE.match(line) else None
