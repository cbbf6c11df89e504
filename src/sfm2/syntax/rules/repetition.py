"""Loops: a model that writes the same lines again and again. The first round is kept."""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Draft, Rule
from sfm2.types import GuardReason, Mode

LONGEST_PERIOD = 8  # lines
ROUNDS = 3  # how often the same lines must follow each other to be a loop
LONGEST_LINE = 400  # characters; a longer line is searched for loops within it
_WORD = re.compile(r"\w")


class Repetition:
    """Counts, for each period of 1 to `LONGEST_PERIOD` lines, how many lines in a row equal the one a period before."""

    reason: ClassVar = GuardReason.REPETITION

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._lines: list[tuple[str, int]] = []  # the last ones: text, start
        self._streaks: dict[
            int, tuple[int, int, bool]
        ] = {}  # period -> lines in a row, their start, whether any has words

    def cut(self, draft: Draft) -> int | None:
        if (looped := loop_in_line(draft.line)) is not None:
            return draft.start + looped
        line = draft.line.strip()
        for period in range(1, min(LONGEST_PERIOD, len(self._lines)) + 1):
            self._follow(period, line, draft.start)
        self._lines.append((line, draft.start))
        del self._lines[:-LONGEST_PERIOD]
        loops = (began for period, (n, began, words) in self._streaks.items() if words and n >= period * (ROUNDS - 1))
        return min(loops, default=None)

    def tentative_cut(self) -> int | None:
        return min((began for _, began, _ in self._streaks.values()), default=None)

    def finish(self, model_stopped: bool) -> int | None:
        return None

    def _follow(self, period: int, line: str, start: int) -> None:
        if self._lines[-period][0] != line:
            self._streaks.pop(period, None)
            return
        count, began, words = self._streaks.get(period, (0, start, False))
        self._streaks[period] = (count + 1, began, words or bool(_WORD.search(line)))


def loop_in_line(line: str) -> int | None:
    """Where the second round of a loop begins in a long line, in characters; None when there is no loop.

    In a loop, the last `LONGEST_LINE` / 2 characters repeat with a period of at most a quarter of that.
    """
    if len(line) < LONGEST_LINE:
        return None
    window = line[-LONGEST_LINE // 2 :]
    period = (window + window).find(window[: len(window) // 2], 1)
    if not 0 < period <= len(window) // 4 or window[period:] != window[:-period]:
        return None
    start = len(line) - len(window)
    while start > 0 and line[start - 1] == line[start - 1 + period]:
        start -= 1
    return start + period


RULE: type[Rule] = Repetition
