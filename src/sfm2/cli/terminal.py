"""What standard output and standard error are connected to, and writing there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import click

from sfm2.errors import SFM2Error

# Model output must not steer the terminal: control characters become their pictures, C1 controls a question mark.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_VISIBLE: dict[int, int | str] = {**_PICTURES, 0x0D: "", 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), "�")}


def visible(text: str) -> str:
    """`text` for a terminal, without characters that steer it."""
    return text.translate(_VISIBLE)


def to_terminal() -> bool:
    """Whether standard output is one."""
    return sys.stdout.isatty()


def notes_to_terminal() -> bool:
    """Whether standard error is one."""
    return sys.stderr.isatty()


def can_ask() -> bool:
    """Whether somebody can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def in_colour() -> bool:
    """Whether standard output shows colours."""
    return to_terminal() and not colourless()


def colourless() -> bool:
    """Whether the user or the terminal wants no colours. See no-color.org for `NO_COLOR`."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def write(text: str) -> None:
    """`text` as UTF-8 to standard output, byte for byte, at once. Raises `BrokenPipeError` when nobody reads it."""
    stream = sys.stdout.buffer
    try:
        stream.write(text.encode())
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SFM2Error(
            f"cannot write to standard output: {error.strerror}", suggestion="Is there room where it goes?"
        ) from error


def write_line(text: str) -> None:
    """As `write`, with one line break at the end, unless there is one."""
    write(text if text.endswith("\n") else f"{text}\n")


def note(text: str) -> None:
    """A line on standard error."""
    click.secho(visible(text), err=True, dim=True)


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows in aligned columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
