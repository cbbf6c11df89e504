"""What a hole is: it begins where a cursor would stand, after the indentation of its line.

Left out: text that nobody could guess or that tells nothing (lone words, brackets), and text too long to be written in the
tokens of one request.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple, Protocol

LONGEST = 480  # characters of expected text; some 160 tokens
BLOCK_LINES = range(2, 13)
MOST_LINES = 3  # of a line or a span
LEAST = 6  # characters


class Hole(NamedTuple):
    """Offsets in characters; the expected text is what stands between them."""

    start: int
    end: int


class SourceFile(Protocol):
    """A file that parses."""

    text: str

    def holes(self, kind: str, random: Random) -> list[Hole]:
        """All of a kind ("line", "block", "span"), in the order of the file; spans are drawn."""
        ...


def fits(text: str, hole: Hole) -> bool:
    expected = text[hole.start : hole.end]
    return LEAST <= len(expected) <= LONGEST and any(character.isalpha() for character in expected)
