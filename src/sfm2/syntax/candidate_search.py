"""The search for the part of a draft that parses in place, and for the shape that it needs there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext

BUDGET = 4_000_000  # characters that may be parsed for one completion: about a second of CPython's compiler
_MOST_TOKENS = 48  # token ends that are tried within a line
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


class CandidateSearch:
    """Proposes parts of a draft and tries them in place.

    A draft has more than one shape: with or without a line break at its end, its first line's indentation, and the like.
    In a language without a parser every candidate is accepted.
    """

    def __init__(self, hole: Hole) -> None:
        self._hole = hole
        self._context = ParseContext(hole)
        self.exhausted = False
        """Whether `BUDGET` is used up; from then on no candidate is accepted."""

    @property
    def has_parser(self) -> bool:
        """Whether the language can be parsed."""
        return self._context.has_parser

    @property
    def cost(self) -> int:
        """Characters parsed so far."""
        return self._context.cost

    def candidate(self, draft: str, end: int, whole: bool = False, strict: bool = False) -> str | None:
        """The draft up to `end` in the first shape that parses in place; None when none does or nothing is left.

        `whole`: the model ended there itself, so line breaks at the end are meant. `strict`: the file must parse then;
        else problems that an empty completion leaves as well are accepted.
        """
        shapes = (text for text in self._shapes(draft[:end], whole) if text.strip())
        return next((text for text in shapes if self._accepts(text, strict)), None)

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
                if self._accepts(text, strict=True):
                    return text
        return None

    def parses(self, text: str) -> bool | None:
        """Whether the file parses with `text` in its hole; None where the language has no parser."""
        return self._context.problems(text) == 0 if self.has_parser else None

    def undefined(self, text: str) -> list[str]:
        """Names that `text` uses and that are defined nowhere; empty for languages other than Python."""
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

    def _accepts(self, text: str, strict: bool) -> bool:
        """Whether the only problems with `text` in place are away from the hole or, unless `strict`, were there before."""
        if not self.has_parser:
            return True
        self.exhausted = self.exhausted or self._context.cost > BUDGET
        if self.exhausted:
            return False
        problems = self._context.problems(text)
        if problems == 0 or problems <= self._context.problems_elsewhere:
            return True
        return not strict and self._context.is_no_worse(text, problems)


def last_line(draft: str) -> int:
    """Where the last line that is not empty begins."""
    return draft.rstrip("\n").rfind("\n") + 1


def _token_ends(line: str) -> Iterator[int]:
    """The ends of a line's tokens, backwards, without the end of the line."""
    ends = [match.end() for match in _TOKEN.finditer(line)]
    yield from ends[::-1][1 : _MOST_TOKENS + 1]
