"""Scans Python line by line: whether a line is continued on the next one, and where top-level statements begin.

Lines are continued by brackets, triple-quoted strings and backslashes. Code with syntax errors is scanned as far as it makes
sense. Not covered: a short string that a backslash continues.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Self

_TOKEN = re.compile(r"""'''|\"\"\"|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\#.*|[()\[\]{}]""")
# No top-level statement begins with indentation, a comment, a closing bracket or a later clause of a statement; before
# `from __future__` a file can't be divided.
_NO_START = re.compile(r"[\s#)\]}]|(elif|else|except|finally|from\s+__future__)\b|$")
_DEFINITION = re.compile(r"(async\s+def|def|class|import)\s|@\w")
_TRIPLE_QUOTES = ("'''", '"""')


class PythonScanner:
    """Takes whole lines by `feed`, without their line breaks. Positions count characters from the first of them."""

    def __init__(self) -> None:
        self.statement_start = 0
        """Where the last top-level statement begins."""
        self._at = 0  # where the next line begins
        self._depth = 0  # brackets that are open
        self._quotes: str | None = None
        self._backslash = False
        self._decorated = False

    @classmethod
    def after(cls, prefix: str) -> Self:
        """A scanner that was fed all of the prefix's lines but the last, which it has looked at for `statement_start`."""
        scanner = cls()
        head = prefix.rfind("\n") + 1
        for line in prefix[: head - 1].split("\n") if head else []:
            scanner.feed(line)
        scanner._note_start(prefix[head:])
        return scanner

    def copy(self) -> Self:
        """A scanner in the same state, to look ahead with."""
        return copy(self)

    def starts_statement(self, line: str) -> bool:
        """Whether a top-level statement begins with this line, if it is fed next."""
        return not self.unfinished and not _NO_START.match(line)

    @property
    def is_continued(self) -> bool:
        """Whether the next line continues the last one."""
        return self._depth > 0 or self._quotes is not None or self._backslash

    @property
    def unfinished(self) -> bool:
        """Whether the next line belongs to the last top-level statement: it is continued, or has only its decorators."""
        return self.is_continued or self._decorated

    @property
    def quotes(self) -> str | None:
        """The quotes of the triple-quoted string that is open."""
        return self._quotes

    @property
    def in_string(self) -> bool:
        """Whether a triple-quoted string is open."""
        return self._quotes is not None

    def feed(self, line: str) -> None:
        """Scan the next line."""
        self._note_start(line)
        self._at += len(line) + 1
        if self._depth and _DEFINITION.match(line):
            self._depth = 0  # a bracket that was never closed
        if line.strip() and not self.is_continued and not line.lstrip().startswith("#"):
            self._decorated = line.startswith("@")
        at = 0
        commented = False
        if self._quotes is not None:
            at = self._close(line, 0)
        while self._quotes is None and (match := _TOKEN.search(line, at)):
            at = match.end()
            commented = match[0].startswith("#")
            if match[0] in _TRIPLE_QUOTES:
                self._quotes = match[0]
                at = self._close(line, at)
            elif match[0] in "([{":
                self._depth += 1
            elif match[0] in ")]}":
                self._depth = max(0, self._depth - 1)
        self._backslash = self._quotes is None and line.rstrip("\r").endswith("\\") and not commented

    def _note_start(self, line: str) -> None:
        if self.starts_statement(line):
            self.statement_start = self._at

    def _close(self, line: str, at: int) -> int:
        """Where the triple-quoted string ends, or else the line."""
        assert self._quotes is not None
        while (at := line.find(self._quotes, at)) >= 0:
            escapes = len(line[:at]) - len(line[:at].rstrip("\\"))
            if escapes % 2 == 0:
                at += len(self._quotes)
                self._quotes = None
                return at
            at += 1
        return len(line)
