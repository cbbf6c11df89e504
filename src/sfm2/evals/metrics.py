"""What a completion is measured by beside its tests: the text that was expected, and the place where it stops."""

from __future__ import annotations

from typing import NamedTuple

from sfm2.evals.items import Item
from sfm2.evals.stopping import Stop, stop


class Measures(NamedTuple):
    """None: not measured, because the item expects no text, or (`stop`) because nothing was written."""

    exact: bool | None
    similarity: float | None
    stop: Stop | None


def measure(item: Item, completion: str) -> Measures:
    """All three at once. An empty completion is unlike anything that was expected, and stops nowhere."""
    if item.expected is None:
        return Measures(None, None, None)
    ending = stop(item, completion) if completion.strip() else None
    return Measures(exact(completion, item.expected), similarity(completion, item.expected), ending)


def exact(completion: str, expected: str) -> bool:
    """Whether the texts are equal, white space at their ends aside."""
    return completion.rstrip() == expected.rstrip()


def similarity(completion: str, expected: str) -> float:
    """1 - Levenshtein distance / length of the longer text, in [0, 1]; white space at the ends aside."""
    ours, theirs = completion.rstrip(), expected.rstrip()
    longer = max(len(ours), len(theirs))
    return 1 - distance(ours, theirs) / longer if longer else 1.0


def distance(a: str, b: str) -> int:
    """Levenshtein's: the fewest insertions, deletions and replacements of one character that make `b` of `a`.

    Bit-parallel (Myers 1999, in Hyyrö's form): a column of the table is two integers, of one bit a character of `a`.
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
