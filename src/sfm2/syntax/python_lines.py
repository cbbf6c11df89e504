"""Whether a line of Python goes on in the next one: within brackets, within a long string, or after a backslash.

A light scan, a line at a time; broken code is scanned as far as it makes sense.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Self

_TOKEN = re.compile(r"""'''|\"\"\"|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\#.*|[()\[\]{}]""")
# Not at a border: white space, comments, closing brackets, the later clauses of a statement, and what must come first.
_NO_BORDER = re.compile(r"[\s#)\]}]|(elif|else|except|finally|from\s+__future__)\b|$")
_DEFINITION = re.compile(r"(async\s+def|def|class|import)\s|@\w")
_LONG_QUOTES = ("'''", '"""')


class OpenLines:
    """Feed it whole lines; `goes_on` says whether the last one is continued. `border` is where the last line began that
    may begin a statement at the margin, in characters."""

    def __init__(self) -> None:
        self.border = 0
        self._at = 0
        self._depth = 0
        self._quotes: str | None = None
        self._backslash = False
        self._decorated = False

    @classmethod
    def after(cls, prefix: str) -> Self:
        """What is open at the beginning of the prefix's last line."""
        lines = cls()
        head = prefix.rfind("\n") + 1
        for line in prefix[: head - 1].split("\n") if head else []:
            lines.feed(line)
        lines.note_border(prefix[head:])
        return lines

    def copy(self) -> Self:
        return copy(self)

    def is_border(self, line: str) -> bool:
        """Whether a statement at the margin begins with this line, the next to be fed."""
        return not self.unfinished and not _NO_BORDER.match(line)

    def note_border(self, line: str) -> None:
        if self.is_border(line):
            self.border = self._at

    @property
    def goes_on(self) -> bool:
        return self._depth > 0 or self._quotes is not None or self._backslash

    @property
    def unfinished(self) -> bool:
        """Whether the last statement at the margin goes on in the next line; a decorated definition begins with its
        decorators."""
        return self.goes_on or self._decorated

    @property
    def quotes(self) -> str | None:
        """Those of the long string that is open."""
        return self._quotes

    @property
    def in_string(self) -> bool:
        return self._quotes is not None

    def feed(self, line: str) -> None:
        self.note_border(line)
        self._at += len(line) + 1
        if self._depth and _DEFINITION.match(line):
            self._depth = 0  # a bracket that was never closed
        if line.strip() and not self.goes_on and not line.lstrip().startswith("#"):
            self._decorated = line.startswith("@")
        at = 0
        commented = False
        if self._quotes is not None:
            at = self._close(line, 0)
        while self._quotes is None and (match := _TOKEN.search(line, at)):
            at = match.end()
            commented = match[0].startswith("#")
            if match[0] in _LONG_QUOTES:
                self._quotes = match[0]
                at = self._close(line, at)
            elif match[0] in "([{":
                self._depth += 1
            elif match[0] in ")]}":
                self._depth = max(0, self._depth - 1)
        self._backslash = self._quotes is None and line.rstrip("\r").endswith("\\") and not commented

    def _close(self, line: str, at: int) -> int:
        """After the end of the long string, or the end of the line."""
        assert self._quotes is not None
        while (at := line.find(self._quotes, at)) >= 0:
            escapes = len(line[:at]) - len(line[:at].rstrip("\\"))
            if escapes % 2 == 0:
                at += len(self._quotes)
                self._quotes = None
                return at
            at += 1
        return len(line)
