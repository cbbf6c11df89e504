"""The search for the part of a draft that parses in place, and for the shape that it needs there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum

from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext
from sfm2.syntax.parsing.parsing_time import ParsingTime

BUDGET = 4_000_000  # characters that may be parsed for one completion: about a second of CPython's compiler
_MOST_TOKENS = 48  # token ends that are tried within a line
_FEW_LINES = 3
_SHORT = 240  # characters of a draft that may be kept unjudged
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


class Soundness(IntEnum):
    """How well a candidate fits into its place."""

    NO_WORSE = 1
    """It leaves as many problems as an empty completion does, and closes what it opens."""
    SOUND = 2
    """The only problems are away from the hole, and were there before."""
    CLEAN = 3
    """The whole file parses."""


class CandidateSearch:
    """Proposes parts of a draft and tries them in place.

    A draft has more than one shape: with or without a line break at its end, its first line's indentation, and the like.
    In a language without a parser every candidate is accepted.
    """

    def __init__(self, hole: Hole, time: ParsingTime | None = None) -> None:
        self._hole = hole
        self._context = ParseContext(hole, time)
        self._distrusted = False
        self.exhausted = False
        """Whether `BUDGET` is used up; from then on no candidate is accepted."""

    @property
    def has_parser(self) -> bool:
        """Whether the language can be parsed, and there is time for it."""
        return self._context.has_parser and not self._distrusted and not self.is_too_large

    @property
    def is_too_large(self) -> bool:
        """Whether there is no time left for parsing; from then on nothing is judged, as in a language without a parser."""
        return self._context.is_too_large

    def distrust(self) -> None:
        """Judge nothing from now on, as in a language without a parser."""
        self._distrusted = True

    @property
    def cost(self) -> int:
        """Characters parsed so far."""
        return self._context.cost

    def candidate(self, draft: str, end: int, whole: bool = False, least: Soundness = Soundness.NO_WORSE) -> str | None:
        """The draft up to `end` in the first shape that parses in place; None when none does or nothing is left.

        `whole`: the model ended there itself, so line breaks at the end are meant.
        """
        shapes = (text for text in self._shapes(draft[:end], whole) if text.strip())
        return next((text for text in shapes if self._accepts(text, least)), None)

    def ends(self, draft: str, unfinished: bool) -> Iterator[int]:
        """Positions where the draft could end, best first: its end, its line ends backwards, token ends in its first line.

        `unfinished`: the model was stopped within the last line; that line is left out first, unless it is the only one.
        """
        last = last_line(draft)
        if unfinished and draft[:last].strip():
            yield last
        yield len(draft)
        at = last
        while at > 0:
            if draft[:at].strip():
                yield at
            at = draft.rfind("\n", 0, at - 1) + 1
        if self._hole.quotes and (closing := draft.find(self._hole.quotes)) > 0:
            yield closing
        if self._hole.kind == "middle":
            yield from _token_ends(draft.partition("\n")[0])

    def closed(self, draft: str) -> str | None:
        """The draft with closers for what it left open; None when no closer makes it parse."""
        for closer in self._context.closers(draft.rstrip()) if self.has_parser else []:
            for text in self._shapes(draft.rstrip() + closer, whole=False):
                if self._accepts(text, Soundness.SOUND) and self.has_parser:
                    return text
        return None

    def unjudged(self, draft: str) -> str | None:
        """What may be kept of a draft that a doubtful parser refuses: few lines, or else the first, if they are balanced."""
        if self.exhausted or not self._context.is_doubtful:
            return None
        lines = draft.rstrip().split("\n")
        short = [lines[:count] for count in (len(lines), 1) if count <= _FEW_LINES]
        texts = [text for some in short if len(text := "\n".join(some)) <= _SHORT and self._context.is_balanced(text)]
        return next(self._shapes(texts[0], whole=False)) if texts else None

    def open_unseen(self, text: str) -> int:
        """How many brackets and quotes `text` leaves open, where no parser would see it."""
        return 0 if self.has_parser and self._context.sees_brackets else self._context.left_open(text)

    def parses(self, text: str) -> bool | None:
        """Whether the file parses with `text` in its hole; None where the language has no parser."""
        if not self.has_parser:
            return None
        problems = self._context.problems(text)
        return problems == 0 if self.has_parser else None  # it may have been the last that there was time for

    def undefined(self, text: str) -> list[str]:
        """Names that `text` uses and that are defined nowhere."""
        return self._context.undefined(text) if text and self.has_parser else []

    def _shapes(self, text: str, whole: bool) -> Iterator[str]:
        """If code follows on the cursor's line, joined to it or on lines of its own; else without blank lines at its end."""
        if self._hole.kind == "middle":
            yield text if whole else text.rstrip("\n")
        elif self._hole.tail.strip():
            if not text.endswith("\n"):
                yield text
            yield text.rstrip() + "\n" + ("" if self._hole.tail[:1].isspace() else self._hole.head)
        else:
            yield text.rstrip()
            yield from self._unindented(text.rstrip())

    def _unindented(self, text: str) -> Iterator[str]:
        """Without the indentation before the cursor, which some models repeat."""
        head = self._hole.head
        if head and not head.strip() and text.startswith(head):
            yield text.removeprefix(head)

    def _accepts(self, text: str, least: Soundness) -> bool:
        if not self.has_parser:
            return True
        self.exhausted = self.exhausted or self._context.cost > BUDGET
        if self.exhausted:
            return False
        found = self._soundness(text)
        return (found is not None and found >= least) or not self.has_parser

    def _soundness(self, text: str) -> Soundness | None:
        """None for what does not parse in place."""
        problems = self._context.problems(text)
        if problems == 0:
            return Soundness.CLEAN
        if problems <= self._context.problems_elsewhere:
            return Soundness.SOUND
        return Soundness.NO_WORSE if self._context.is_no_worse(text, problems) else None


def last_line(draft: str) -> int:
    """Where the last line that is not empty begins."""
    return draft.rstrip("\n").rfind("\n") + 1


def _token_ends(line: str) -> Iterator[int]:
    """The ends of a line's tokens, backwards, without the end of the line."""
    ends = [match.end() for match in _TOKEN.finditer(line)]
    yield from ends[::-1][1 : _MOST_TOKENS + 1]
