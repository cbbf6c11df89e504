"""Which part of a Python file must be compiled to judge what fills its hole: the top-level statements around it.

A file that compiles is a list of statements. What precedes any of its top-level statements is such a list as well, and so is
what follows. So if the part around the hole compiles by itself, the whole file does, as long as its other parts compile;
where they don't, the part around the hole is judged all the same.
"""

from __future__ import annotations

from sfm2.syntax.hole import Hole


def extent(hole: Hole) -> tuple[int, int]:
    """`(start, end)`, in characters: the part to compile is prefix[start:] + completion + suffix[:end]."""
    return hole.scanner.statement_start, _end(hole)


def _end(hole: Hole) -> int:
    """Where the first top-level statement begins that begins in the suffix."""
    lines = hole.scanner.copy()
    line = hole.head + hole.tail
    at = hole.suffix.find("\n") + 1
    while at > 0:
        lines.feed(line)
        end = hole.suffix.find("\n", at)
        line = hole.suffix[at : end if end >= 0 else len(hole.suffix)]
        if lines.starts_statement(line):
            return at
        at = end + 1
    return len(hole.suffix)
