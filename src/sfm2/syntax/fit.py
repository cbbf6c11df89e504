"""Which shape of a draft parses in place, between the prefix and the suffix of its hole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.syntax.hole import Hole
from sfm2.syntax.place import Place

BUDGET = 4_000_000  # characters that may be parsed for one completion: about a second of CPython's compiler
_MOST_TOKENS = 48  # token ends that are tried within a line
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


class Fit:
    """A draft is what the model wrote, as far as it belongs. `exhausted` when so much was parsed that nothing more is."""

    def __init__(self, hole: Hole) -> None:
        self._hole = hole
        self._place = Place(hole)
        self.exhausted = False

    @property
    def judged(self) -> bool:
        """Whether there is a judge for the language; without one everything fits."""
        return self._place.judged

    @property
    def cost(self) -> int:
        """Characters that were parsed so far."""
        return self._place.cost

    def best(self, draft: str, end: int, whole: bool = False, strict: bool = False) -> str | None:
        """The draft up to `end`, in the shape that fits; None when none does.

        `whole`: the model ended there itself. `strict`: what was open before must be closed, too.
        """
        shapes = (text for text in self._shapes(draft[:end], whole) if text.strip())
        return next((text for text in shapes if self._accepts(text, strict)), None)

    def ends(self, draft: str, unfinished: bool) -> Iterator[int]:
        """Where the draft could end, best first: as it is, at its line ends from the last one back, within its first line.

        `unfinished`: its last line was still being written; it goes first if others stand before it.
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
        """The draft with what it left open closed; None when that does not help."""
        for closer in self._place.closers(draft.rstrip()) if self.judged else []:
            for text in self._shapes(draft.rstrip() + closer, whole=False):
                if self._accepts(text, strict=True):
                    return text
        return None

    def parses(self, text: str) -> bool | None:
        """None where nobody can tell."""
        return self._place.problems(text) == 0 if self.judged else None

    def undefined(self, text: str) -> list[str]:
        return self._place.undefined(text) if text and self.judged else []

    def _shapes(self, text: str, whole: bool) -> Iterator[str]:
        """Before code on the cursor's line: joined to it, or on lines of its own. Else without blank lines at the end."""
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
        """Without the indentation before the cursor, which some models write again."""
        head = self._hole.head
        if head and not head.strip() and text.startswith(head):
            yield text.removeprefix(head)

    def _accepts(self, text: str, strict: bool) -> bool:
        """Whether it leaves no problem but those that were there before."""
        if not self.judged:
            return True
        self.exhausted = self.exhausted or self._place.cost > BUDGET
        if self.exhausted:
            return False
        problems = self._place.problems(text)
        if problems == 0 or problems <= self._place.elsewhere:
            return True
        return not strict and self._place.no_worse(text, problems)


def last_line(draft: str) -> int:
    """Where the last line with something on it begins."""
    return draft.rstrip("\n").rfind("\n") + 1


def _token_ends(line: str) -> Iterator[int]:
    """The ends of a line's tokens, the last ones first."""
    ends = [match.end() for match in _TOKEN.finditer(line)]
    yield from ends[::-1][1 : _MOST_TOKENS + 1]
