"""Where a completion closes what is closed behind the cursor already.

`log(├x); done(┤);`: the first `)` that the completion did not open is the one that stands after the cursor. It holds within
strings and their interpolations, too, and in languages without a grammar. Not covered: tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent

_OPENER = {")": "(", "]": "[", "}": "{", ">": "<"}
_NO_BRACKET = re.compile(r"[-=]>|>=|<[-=]|\s<\s|\s>\s")  # arrows and comparisons
_BRACKET = re.compile(
    rf"""\\.|{_NO_BRACKET.pattern}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`\n]*`|[()\[\]{{}}<>]"""
)
_INTERPOLATION = r"[$#]\{[^{}\n]*\}|\\\([^()\n]*\)|\\."


class OuterCloser:
    """Takes a completion's lines in order and finds the closers that may be the one behind the cursor."""

    def __init__(self, hole: Hole) -> None:
        self._closer = _behind(hole)
        self._quotes = _quotes(hole, self._closer) if self._closer else None
        self._owed = _owed(hole, self._closer) if self._closer in _OPENER else 0
        self._columns = _columns(hole)
        self._open: list[str] = []

    def places(self, line: str) -> Iterator[int]:
        """Where in the completion's next line it stands, in characters; the likeliest first."""
        if self._quotes is not None:
            found = re.finditer(rf"{_INTERPOLATION}|{re.escape(self._quotes)}", line)
            yield from (match.start() for match in found if match[0] == self._quotes)
        elif self._closer in _OPENER:
            yield from self._brackets(line)

    def _brackets(self, line: str) -> Iterator[int]:
        for match in _BRACKET.finditer(line):
            mark = match[0]
            if mark in _OPENER.values():
                self._open.append(mark)
            elif mark in _OPENER:
                if self._open and self._open[-1] == _OPENER[mark]:
                    self._open.pop()
                elif mark == self._closer and not self._open and self._is_aligned(line, match.start()):
                    self._owed -= 1
                    if self._owed < 0:
                        yield match.start()

    def _is_aligned(self, line: str, at: int) -> bool:
        """Two lines that begin with a closer are the same one only at the same indentation."""
        return self._columns is None or bool(line[:at].strip()) or indent(line) == self._columns


def _columns(hole: Hole) -> int | None:
    """The indentation of the line that begins with the closer behind the cursor; None if it is within a line."""
    if not hole.tail.strip():
        return indent(hole.next_line)
    return None if hole.kind == "middle" else indent(hole.head + hole.tail)


def _behind(hole: Hole) -> str:
    """The closer that the code behind the cursor begins with; empty if it begins with something else."""
    text = hole.next_line.strip()
    if text[:1] in _OPENER:
        return text[0]
    quotes = re.match(r"\"\"\"|'''|[\"'`]", text) if hole.tail.strip() else None
    return quotes[0] if quotes else ""


def _quotes(hole: Hole, closer: str) -> str | None:
    """The quotes behind the cursor if the cursor is in their string: an odd number of them precedes it on its line."""
    if not closer or closer in _OPENER:
        return None
    found = re.findall(rf"\\.|{re.escape(closer)}", hole.head)
    return closer if found.count(closer) % 2 else None


def _owed(hole: Hole, closer: str) -> int:
    """How many of these closers the completion has to write itself: those that its line opens and does not close."""
    opener = _OPENER[closer]
    line = hole.head + (hole.tail if hole.tail.strip() else "")
    marks = [match[0] for match in re.finditer(rf"\\.|{_NO_BRACKET.pattern}|[()\[\]{{}}<>]", line)]
    missing = marks.count(opener) - marks.count(closer)
    below = not hole.tail.strip() and indent(hole.next_line) == indent(hole.head)
    return max(0, missing - below)
