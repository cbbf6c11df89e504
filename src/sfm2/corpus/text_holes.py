"""The holes of any text file, found by its lines, brackets and quotes alone: for languages with a grammar and without one.

No grammar has a say in where holes are, so that another version of a grammar leaves them where they were. Lines within
comments are left out. The kinds, as places where people complete:
  rest     from within a line to its end
  line     a whole line
  inside   what is between quotes or brackets on a line, with the closing one behind the cursor
  block    the lines below a line that are indented deeper; in files without such lines, lines between blank ones
  item     one of several lines alike, as in a list or a configuration: after its bullet, if it has one
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import NamedTuple

from sfm2.corpus.holes import BLOCK_LINES, HoleSpan, fits
from sfm2.syntax.lines import indent

KINDS = ("rest", "line", "inside", "block", "item")
"""The kinds of holes."""
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD_BEGUN = 2  # letters that are typed already where a hole begins within a word
_LONG_WORD = 5  # the least letters of such a word
_INSIDE = re.compile(r'"([^"\n]+)"|\'([^\'\n]+)\'|`([^`\n]+)`|\(([^()\n]+)\)|\[([^\[\]\n]+)\]|\{([^{}\n]+)\}')
_BULLET = re.compile(r"([-*+|]|\d+[.)])[ \t]+")
_KEY = re.compile(r"[\w.\"'$@/-]+\s*[:=]")


class _Row(NamedTuple):
    """A line of the file; offsets are from the beginning of the text, `end` without trailing white space."""

    start: int
    end: int
    columns: int
    """Its indentation."""
    is_code: bool
    """Whether it is neither blank nor within a comment."""


class UnparsedFile:
    """A text, whose comments match the regular expression `comment`."""

    def __init__(self, text: str, comment: str) -> None:
        self.text = text
        self._rows = list(_rows(text, comment))

    def holes(self, kind: str, random: Random) -> list[HoleSpan]:
        """The holes of one of `KINDS`, in the order of the file; of "rest" and "inside" one a line, drawn at random."""
        cut = {
            "rest": lambda: self._rests(random),
            "line": self._lines,
            "inside": lambda: self._insides(random),
            "block": self._blocks,
            "item": self._items,
        }[kind]()
        return sorted({hole for hole in cut if fits(self.text, hole)})

    def _lines(self) -> Iterator[HoleSpan]:
        yield from (HoleSpan(row.start, row.end) for row in self._rows if row.is_code)

    def _rests(self, random: Random) -> Iterator[HoleSpan]:
        for row in self._rows:
            places = list(self._places(row))
            if places:
                yield HoleSpan(random.choice(places), row.end)

    def _places(self, row: _Row) -> Iterator[int]:
        """Where a hole may begin in a row: at its tokens, and within its longer words."""
        if not row.is_code:
            return
        for number, token in enumerate(_TOKEN.finditer(self.text, row.start, row.end)):
            if number:
                yield token.start()
            if len(token[0]) >= _LONG_WORD:
                yield token.start() + _WORD_BEGUN

    def _insides(self, random: Random) -> Iterator[HoleSpan]:
        for row in self._rows:
            found = list(_INSIDE.finditer(self.text, row.start, row.end)) if row.is_code else []
            spans = [HoleSpan(*match.span(match.lastindex or 0)) for match in found]
            fitting = [span for span in spans if fits(self.text, span)]
            if fitting:
                yield random.choice(fitting)

    def _blocks(self) -> Iterator[HoleSpan]:
        nested = list(self._nested())
        yield from nested or self._paragraphs()

    def _nested(self) -> Iterator[HoleSpan]:
        for number, row in enumerate(self._rows):
            inside = list(self._deeper(number)) if row.is_code else []
            if len(inside) in BLOCK_LINES and inside[0].is_code:
                yield HoleSpan(inside[0].start, inside[-1].end)

    def _deeper(self, number: int) -> Iterator[_Row]:
        """The rows below a row that are indented deeper than it, without blank rows at the end."""
        blank: list[_Row] = []
        for row in self._rows[number + 1 :]:
            if row.start == row.end:
                blank.append(row)
            elif row.columns > self._rows[number].columns:
                yield from blank
                yield row
                blank = []
            else:
                return

    def _paragraphs(self) -> Iterator[HoleSpan]:
        lines: list[_Row] = []
        for row in [*self._rows, _Row(0, 0, 0, is_code=False)]:
            if row.is_code:
                lines.append(row)
                continue
            if len(lines) in BLOCK_LINES:
                yield HoleSpan(lines[0].start, lines[-1].end)
            lines = []

    def _items(self) -> Iterator[HoleSpan]:
        shapes = [(row.columns, self._shape(row)) for row in self._rows]
        for number in range(1, len(self._rows) - 1):
            before, here, after = shapes[number - 1 : number + 2]
            if here[1] and before == here == after:
                row = self._rows[number]
                bullet = _BULLET.match(self.text, row.start, row.end)
                yield HoleSpan(bullet.end() if bullet else row.start, row.end)

    def _shape(self, row: _Row) -> str:
        """What makes a row look like an item of a list: its bullet, its comma, or that it begins with a key; else empty."""
        line = self.text[row.start : row.end]
        if not row.is_code:
            return ""
        if bullet := _BULLET.match(line):
            return bullet[1] if bullet[1] in "-*+|" else "number"
        if line.endswith(","):
            return ","
        return "key" if _KEY.match(line) else ""


def _rows(text: str, comment: str) -> Iterator[_Row]:
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    within = [match.span() for match in re.finditer(comment, text)]
    at = 0  # the first comment that does not end before the row
    for line, begin in zip(lines, starts, strict=False):
        start, end = begin + len(line) - len(line.lstrip()), begin + len(line.rstrip())
        while at < len(within) and within[at][1] <= start:
            at += 1
        is_comment = at < len(within) and within[at][0] <= start
        blank = start >= end
        yield _Row(end if blank else start, end, indent(line), is_code=not blank and not is_comment)
