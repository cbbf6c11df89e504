"""Holes: spans of a source file that are cut out and that a model is asked to fill.

A hole begins where a cursor would be, after the indentation of its line. Left out are texts that can't be predicted or show
nothing, such as single words and brackets, and texts that are too long for one request.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple, Protocol

LEAST, LONGEST = 6, 480
"""The characters that a hole's text may have; 480 are about 160 tokens."""
BLOCK_LINES = range(2, 13)
"""The numbers of lines that a block may have."""
MOST_LINES = 3
"""The most physical lines of a "line" (a logical line) or a "span"."""


class HoleSpan(NamedTuple):
    """A hole, as offsets in characters from the beginning of the text."""

    start: int
    end: int
    """The offset of the first character after the hole."""


class ParsedFile(Protocol):
    """A source file that parses, from which holes can be cut."""

    text: str

    def holes(self, kind: str, random: Random) -> list[HoleSpan]:
        """The holes of a kind in the order of the file. `kind`: "line" and "block" give all, "span" a random sample."""
        ...


def fits(text: str, hole: HoleSpan) -> bool:
    """Whether the hole's text has an acceptable length and contains a letter."""
    expected = text[hole.start : hole.end]
    return LEAST <= len(expected) <= LONGEST and any(character.isalpha() for character in expected)
