"""Places in files as compilers and editors write them: `FILE:LINE:COLUMN`, and stretches of lines: `FILE:LINE-LINE`.

A file whose whole name looks like that is taken for what it is. Both functions are click types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import click

_CURSOR = re.compile(r"(?P<path>.+?)(?::(?P<line>\d+)(?::(?P<column>\d+))?:?)?\Z", re.DOTALL)
_LINES = re.compile(r"(?P<path>.+?)(?::(?P<first>\d+)(?:-(?P<last>\d+)|:\d+)?:?)?\Z", re.DOTALL)


@dataclass(frozen=True)
class Cursor:
    """A file, and perhaps a line and a column in it, both from 1."""

    path: Path
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Lines:
    """A file, and perhaps some of its lines, from `first` to `last`, both from 1 and included."""

    path: Path
    first: int | None = None
    last: int | None = None


def cursor_of(text: str) -> Cursor:
    """`FILE[:LINE[:COLUMN]]`. Raises `click.BadParameter` for a number that counts nothing."""
    path, numbers = _split(_CURSOR, text)
    return Cursor(path, numbers.get("line"), numbers.get("column"))


def lines_of(text: str) -> Lines:
    """`FILE[:LINE[-LINE]]`; a column is left out. Raises `click.BadParameter` for lines that are none."""
    path, numbers = _split(_LINES, text)
    first = numbers.get("first")
    last = numbers.get("last", first)
    if first and last and last < first:
        raise click.BadParameter(f"{text!r}: line {last} comes before line {first}")
    return Lines(path, first, last)


def _split(pattern: re.Pattern[str], text: str) -> tuple[Path, dict[str, int]]:
    match = pattern.match(text)
    if match is None or _exists(text):
        return Path(text), {}
    path, *numbers = match.groupdict().items()
    found = {name: int(number) for name, number in numbers if number}
    for name, number in found.items():
        if number == 0:
            raise click.BadParameter(f"{text!r}: a {'column' if name == 'column' else 'line'} is counted from 1")
    return Path(path[1]), found


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # such as a name that is too long
        return False
