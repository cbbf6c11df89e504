"""Where a completion goes in a file's text: line and column -> before and after. Pure.

Lines end with LF, CRLF or CR, as they do in editors. Columns count code points, a tab is one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from sfm2.errors import InvalidRequestError

# Characters that are sent of a long file; more than any model here reads.
_PREFIX, _SUFFIX = 60_000, 20_000
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Hole:
    """`before + after` is the text; `opening` is the line end that a completion on a new line needs first."""

    before: str
    after: str
    opening: str
    newline: str

    @property
    def prefix(self) -> str:
        """What a model sees before the cursor, with LF."""
        return _LINE_END.sub("\n", self.before + self.opening)[-_PREFIX:]

    @property
    def suffix(self) -> str:
        return _LINE_END.sub("\n", self.after)[:_SUFFIX]

    def filled(self, completion: str) -> str:
        """The text with the completion in it, its line ends those of the text."""
        if not completion:
            return self.before + self.after
        return self.before + self.opening + _LINE_END.sub(self.newline, completion) + self.after


def hole_at(text: str, line: int, column: int | None = None) -> Hole:
    """The hole before the character at `line` and `column`, both from 1; without a column at the line's end.

    The line after the last may be named: it is empty. Raises `InvalidRequestError` for a place past the end.
    """
    starts = _line_starts(text)
    newline = _newline_of(text)
    if line == len(starts) + 1 and starts[-1] < len(text):
        _check_column(column, line, 0)
        return Hole(text, "", opening=newline, newline=newline)
    if not 1 <= line <= len(starts):
        raise _no_such_line(line, len(starts) - (starts[-1] == len(text)))
    start = starts[line - 1]
    end = _line_end(text, start)
    _check_column(column, line, end - start)
    cursor = end if column is None else start + column - 1
    return Hole(text[:cursor], text[cursor:], opening="", newline=newline)


def _line_starts(text: str) -> list[int]:
    """After a final line end stands one more, empty line; an empty text has one, too."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def _no_such_line(line: int, lines: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"line {line} is past the end: the file has {_count(lines, 'line')}",
        suggestion=f"Name a line from 1 to {lines + 1}; {lines + 1} is a new one at the end",
    )


def _line_end(text: str, start: int) -> int:
    match = _LINE_END.search(text, start)
    return match.start() if match else len(text)


def _newline_of(text: str) -> str:
    """The line end that the text uses most."""
    found = Counter(_LINE_END.findall(text)).most_common(1)
    return found[0][0] if found else "\n"


def _check_column(column: int | None, line: int, length: int) -> None:
    if column is not None and not 1 <= column <= length + 1:
        raise InvalidRequestError(
            f"column {column} is past the end of line {line}, which has {_count(length, 'character')}",
            suggestion=f"Name a column from 1 to {length + 1}; {length + 1} is the line's end",
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
