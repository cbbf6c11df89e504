"""Cuts a text into passages: its definitions, long ones into their members, and what is between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sfm2.repository.contents import Defined

LONG = 40
"""Lines; a longer definition is cut."""
WINDOW = 30
"""Lines of a window where nothing is known of the syntax, and of what small neighbours become together."""
SMALL = 6
"""Lines; a smaller passage joins its neighbour."""


class Cut(NamedTuple):
    """A passage by its lines, from 1, both inclusive."""

    first: int
    last: int
    heading: str
    """The names of the definitions around it, with spaces between; empty at the top."""


def cut(lines: Sequence[str], defined: Iterable[Defined]) -> list[Cut]:
    """The passages of a text, in its order. Together they have every line that is not blank, each once."""
    pieces = _tree(defined)
    cuts = _members(pieces, 1, len(lines), "", lines)
    trimmed = (found for one in cuts if (found := _trimmed(one, lines)))
    return list(_joined(trimmed))


class _Nested:
    """A definition with those that are in it."""

    def __init__(self, defined: Defined) -> None:
        self.name, self.first, self.last = defined.name, defined.first, defined.last
        self.members: list[_Nested] = []


def _tree(defined: Iterable[Defined]) -> list[_Nested]:
    top: list[_Nested] = []
    around: list[_Nested] = []
    for piece in map(_Nested, sorted(defined, key=lambda one: (one.first, -one.last))):
        while around and around[-1].last < piece.first:
            around.pop()
        if around and (around[-1].first, around[-1].last) == (piece.first, piece.last):
            continue  # another name of the same lines
        if around and around[-1].last < piece.last:
            piece.last = around[-1].last
        (around[-1].members if around else top).append(piece)
        around.append(piece)
    return top


def _members(pieces: Iterable[_Nested], first: int, last: int, heading: str, lines: Sequence[str]) -> Iterator[Cut]:
    """The pieces, and what is before, between and after them."""
    at = first
    for piece in pieces:
        start = max(piece.first, at)
        if start > piece.last:
            continue  # in lines that another has taken
        yield from _windows(at, start - 1, heading, lines)
        yield from _piece(piece, start, heading, lines)
        at = piece.last + 1
    yield from _windows(at, last, heading, lines)


def _piece(piece: _Nested, first: int, heading: str, lines: Sequence[str]) -> Iterator[Cut]:
    if piece.last - first < LONG:
        yield Cut(first, piece.last, heading)
    else:
        inside = f"{heading} {piece.name}".strip()
        yield from _members(piece.members, first, piece.last, inside, lines)


def _windows(first: int, last: int, heading: str, lines: Sequence[str]) -> Iterator[Cut]:
    """Windows that end where the text is least deep, best before a blank line."""
    while last - first + 1 > LONG:
        end = min(range(first + WINDOW // 2, first + WINDOW), key=lambda line: (_depth(lines, line), -line))
        yield Cut(first, end, heading)
        first = end + 1
    if first <= last:
        yield Cut(first, last, heading)


def _depth(lines: Sequence[str], line: int) -> int:
    """How deep the text is between this line and the next."""
    below = lines[line] if line < len(lines) else ""
    if not below.strip():
        return -1
    return len(below) - len(below.lstrip())


def _trimmed(one: Cut, lines: Sequence[str]) -> Cut | None:
    """Without blank lines around it; None if there is nothing else."""
    first, last, heading = one
    while first <= last and not lines[first - 1].strip():
        first += 1
    while last >= first and not lines[last - 1].strip():
        last -= 1
    return Cut(first, last, heading) if first <= last else None


def _joined(cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Small passages with the one before."""
    kept: Cut | None = None
    for one in cuts:
        if kept is None:
            kept = one
        elif kept.heading == one.heading and _fit(kept, one):
            kept = Cut(kept.first, one.last, kept.heading)
        else:
            yield kept
            kept = one
    if kept:
        yield kept


def _fit(one: Cut, other: Cut) -> bool:
    small = min(one.last - one.first, other.last - other.first) < SMALL - 1
    return small and other.last - one.first < WINDOW
