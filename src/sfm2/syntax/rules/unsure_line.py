"""The model goes on with a line that it is unsure of, behind code that is whole: small models do where a person would not.

Among lines that are there already, the next one is nearly always somebody else's. A body that has yet to be written is not
ended so. Applies in mode `block`.
"""

from __future__ import annotations

from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.rules.base import Draft, Rule
from sfm2.types import GuardReason, Mode


class UnsureLine:
    """Cuts before it."""

    reason: ClassVar = GuardReason.UNSURE_LINE

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._hole = hole
        self._applies = mode is Mode.BLOCK and bool(hole.suffix.strip())
        self._begun = False

    def cut(self, draft: Draft) -> int | None:
        if not self._applies or not draft.line.strip():
            return None
        if not self._begun:
            self._begun = True
            self._applies = self._is_among_others((self._hole.head if draft.number == 0 else "") + draft.line)
            return None
        return draft.start if draft.is_unsure and _is_whole(draft) else None

    def tentative_cut(self) -> int | None:
        return None

    def may_cut_at(self, line: str) -> bool:
        return self._applies and self._begun

    def finish(self, model_stopped: bool) -> int | None:
        return None

    def _is_among_others(self, first: str) -> bool:
        """Whether the line above is as deep as the completion's first one, or the block goes on below it."""
        columns, below = indent(first), self._hole.next_line
        above = self._hole.prefix.rpartition("\n")[0].rstrip().rpartition("\n")[2]
        return (bool(above) and indent(above) == columns) or (bool(below.strip()) and indent(below) >= columns)


def _is_whole(draft: Draft) -> bool:
    return draft.is_sound(draft.start) and not draft.open_unseen(draft.start)


RULE: type[Rule] = UnsureLine
