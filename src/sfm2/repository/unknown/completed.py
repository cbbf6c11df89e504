"""A completion in its place."""

from __future__ import annotations

from typing import NamedTuple


class Completed(NamedTuple):
    """A file with the completion in it, in lines that end in line feeds."""

    before: str
    completion: str
    after: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.before + self.completion + self.after

    def touches(self, start: int, end: int) -> bool:
        """Whether what is between two offsets, in characters, is the completion's in part or as a whole."""
        first = len(self.before)
        return start < first + len(self.completion) and end > first


def completed(prefix: str, completion: str, suffix: str) -> Completed:
    """With any line ends and a byte order mark."""
    parts = (part.replace("\r\n", "\n") for part in (prefix.removeprefix("\ufeff"), completion, suffix))
    return Completed(*parts)
