"""Which part of a Python file has to be compiled to know about its hole: the statements at the margin around it.

A file that compiles is a list of statements; what stands before one that begins at the margin, and from another one on, is
such a list as well. So if the part between compiles by itself, the whole does. That holds for files whose other parts
compile; where they don't, the hole is judged all the same.
"""

from __future__ import annotations

from sfm2.syntax.hole import Hole


def extent(hole: Hole) -> tuple[int, int]:
    """The part is prefix[start:] + completion + suffix[:end]."""
    return hole.open_lines.border, _end(hole)


def _end(hole: Hole) -> int:
    lines = hole.open_lines.copy()
    line = hole.head + hole.tail
    at = hole.suffix.find("\n") + 1
    while at > 0:
        lines.feed(line)
        end = hole.suffix.find("\n", at)
        line = hole.suffix[at : end if end >= 0 else len(hole.suffix)]
        if lines.is_border(line):
            return at
        at = end + 1
    return len(hole.suffix)
