"""Loops: a model that writes the same lines, or the same few characters, again and again. The first round is kept."""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Draft, Rule
from sfm2.types import GuardReason, Mode

LONGEST_PERIOD = 8  # lines
ROUNDS = 3  # how often the same lines must follow each other to be a loop
LONGEST_LINE = 400  # characters; a longer line is searched for loops within it
WORDLESS_ROUNDS = 12  # the same for lines without words: code ends with some brackets
BLANK_LINES = 4  # that many in a row are a loop of nothing
LONGEST_UNIT = 24  # characters that a line which was cut off by its length may repeat
UNIT_ROUNDS = 4  # how often at least
LOOP_LENGTH = 24  # characters that they must be together
_WORD = re.compile(r"\w")


class Repetition:
    """Counts, for each period of 1 to `LONGEST_PERIOD` lines, how many lines in a row equal the one a period before."""

    reason: ClassVar = GuardReason.REPETITION

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._lines: list[tuple[str, int]] = []  # the last ones: text, start
        self._streaks: dict[
            int, tuple[int, int, bool]
        ] = {}  # period -> lines in a row, their start, whether any has words
        self._blank: list[int] = []  # where the blank lines before this one begin
        self._unfinished: int | None = None  # where the second round begins in a line without a line break

    def cut(self, draft: Draft) -> int | None:
        if (looped := loop_in_line(draft.line)) is not None:
            return draft.start + looped
        if not draft.has_newline and (looped := loop_at_end(draft.line)) is not None:
            self._unfinished = draft.start + looped
        line = draft.line.strip()
        self._blank = [] if line else [*self._blank, draft.start]
        if len(self._blank) >= BLANK_LINES:
            return self._blank[0]
        for period in range(1, min(LONGEST_PERIOD, len(self._lines)) + 1):
            self._follow(period, line, draft.start)
        self._lines.append((line, draft.start))
        del self._lines[:-LONGEST_PERIOD]
        loops = (began for period, (n, began, words) in self._streaks.items() if n >= _enough(period, words))
        return min(loops, default=None)

    def tentative_cut(self) -> int | None:
        return min((began for _, began, _ in self._streaks.values()), default=None)

    def may_cut_at(self, line: str) -> bool:
        return loop_at_end(line) is not None or any(text.startswith(line.strip()) for text, _ in self._lines)

    def finish(self, model_stopped: bool) -> int | None:
        return None if model_stopped else self._unfinished

    def _follow(self, period: int, line: str, start: int) -> None:
        if self._lines[-period][0] != line:
            self._streaks.pop(period, None)
            return
        count, began, words = self._streaks.get(period, (0, start, False))
        self._streaks[period] = (count + 1, began, words or bool(_WORD.search(line)))


def _enough(period: int, words: bool) -> int:
    """How many lines in a row must equal the one a period before."""
    return period * ((ROUNDS if words else WORDLESS_ROUNDS) - 1)


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


def loop_at_end(line: str) -> int | None:
    """Where the second round of a loop begins that a line ends with; None when there is no loop of words or digits.

    In a line that the model did not end itself, for example one of zeros. A row of dashes is no loop.
    """
    for period in range(1, LONGEST_UNIT + 1):
        same = next((i for i in range(len(line) - period) if line[-1 - i] != line[-1 - i - period]), len(line) - period)
        looped = same + period
        if looped >= max(LOOP_LENGTH, period * UNIT_ROUNDS) and _WORD.search(line[-period:]):
            return len(line) - same
    return None


RULE: type[Rule] = Repetition
