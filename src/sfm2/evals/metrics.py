"""Measures of a completion that need no test: its similarity to the expected text, and where it stops."""

from __future__ import annotations

from typing import NamedTuple

from sfm2.evals.items import Item
from sfm2.evals.stopping import Stop, stop


class Measures(NamedTuple):
    """The measures of a completion; all are None when the item has no expected text."""

    exact: bool | None
    """Whether it is the expected text, trailing white space aside."""
    similarity: float | None
    """The edit similarity to the expected text, in [0, 1]."""
    stop: Stop | None
    """Where it ends. None also for an empty completion."""
    first_line: bool | None = None
    """Whether its first line is the expected one, white space around it aside."""
    more_lines: bool | None = None
    """Whether it has more lines than the expected text. None also for an empty completion."""


def measure(item: Item, completion: str) -> Measures:
    """The measures of `completion` as the text of the item's hole."""
    if item.expected is None:
        return Measures(None, None, None)
    ending = stop(item, completion) if completion.strip() else None
    return Measures(
        exact(completion, item.expected),
        similarity(completion, item.expected),
        ending,
        same_first_line(completion, item.expected),
        has_more_lines(completion, item.expected),
    )


def same_first_line(completion: str, expected: str) -> bool:
    """Whether the first lines are equal, white space around them aside."""
    return completion.strip().split("\n")[0].strip() == expected.strip().split("\n")[0].strip()


def has_more_lines(completion: str, expected: str) -> bool | None:
    """Whether a completion has more lines than what was expected, without blank ones around; None for an empty one."""
    text = completion.strip()
    return text.count("\n") > expected.strip().count("\n") if text else None


def exact(completion: str, expected: str) -> bool:
    """Whether the texts are equal, trailing white space aside."""
    return completion.rstrip() == expected.rstrip()


def similarity(completion: str, expected: str) -> float:
    """1 - Levenshtein distance / length of the longer text, in [0, 1], trailing white space aside."""
    ours, theirs = completion.rstrip(), expected.rstrip()
    longer = max(len(ours), len(theirs))
    return 1 - distance(ours, theirs) / longer if longer else 1.0


def distance(a: str, b: str) -> int:
    """The Levenshtein distance: the fewest insertions, deletions and substitutions of a character that turn `a` into `b`.

    Bit-parallel (Myers 1999, in Hyyrö's formulation): a column of the table is two integers with a bit per character of `a`.
    """
    if not a:
        return len(b)
    places: dict[str, int] = {}
    for index, character in enumerate(a):
        places[character] = places.get(character, 0) | 1 << index
    every = (1 << len(a)) - 1
    up, down, found = every, 0, len(a)
    for character in b:
        here = places.get(character, 0)
        diagonal = (((here & up) + up) ^ up) | here | down
        right, left = down | (every & ~(diagonal | up)), up & diagonal
        found += (right >> (len(a) - 1)) - (left >> (len(a) - 1))
        right, left = (right << 1 | 1) & every, left << 1 & every
        up, down = left | (every & ~(diagonal | right)), right & diagonal
    return found
