"""Output: what standard output and standard error are connected to, and how to write there."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import click

from sfm2.errors import SFM2Error

# Model output must not control the terminal: control characters become their pictures, C1 controls a question mark.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_VISIBLE: dict[int, int | str] = {**_PICTURES, 0x0D: "", 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), "�")}

_LEAST_OF_CLICK = 52  # columns: it assumes at least so many
_WIDEST = 100  # columns of prose; longer lines are hard to read
_LABEL = re.compile(r"\s*(?:(?:error|hint|note|warning|request|Error|Warning): )?")  # lines go on below what follows it


def visible(text: str) -> str:
    """`text` with its control characters made visible, safe to show on a terminal."""
    return text.translate(_VISIBLE)


def to_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def notes_to_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr.isatty()


def can_ask() -> bool:
    """Whether there is a terminal to ask the user a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def in_colour() -> bool:
    """Whether to write colours to standard output."""
    return to_terminal() and not colourless()


def colourless() -> bool:
    """Whether the user or the terminal refuses colours. See no-color.org for `NO_COLOR`."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def write(text: str) -> None:
    """Write `text` to standard output as UTF-8, unchanged and unbuffered.

    Raises `BrokenPipeError` when the reader is gone, `SFM2Error` when the output cannot be written.
    """
    stream = sys.stdout.buffer
    try:
        stream.write(text.encode())
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SFM2Error(
            f"cannot write to standard output: {error.strerror}", suggestion="Is there space left where it goes?"
        ) from error


def write_line(text: str) -> None:
    """Write `text` with a line break at the end, unless it has one."""
    write(text if text.endswith("\n") else f"{text}\n")


def width() -> int | None:
    """The columns to break prose at on standard output; None where it is no terminal."""
    return _columns() if to_terminal() else None


def help_width() -> int | None:
    """The columns for help where they are fewer than click's least; None: click decides."""
    columns = shutil.get_terminal_size().columns
    return columns if columns < _LEAST_OF_CLICK else None


def note(text: str) -> None:
    """Write a line to standard error, in a dim colour. On a terminal it is broken between words."""
    click.secho(_broken(visible(text)), err=True, dim=True)


def complain(text: str) -> None:
    """Write lines to standard error. On a terminal they are broken between words, and go on below what follows a label."""
    click.echo(_broken(visible(text)), err=True)


def _columns() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _broken(text: str) -> str:
    if not notes_to_terminal():
        return text
    return "\n".join(_broken_line(line, _columns()) for line in text.split("\n"))


def _broken_line(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    match = _LABEL.match(line)
    hanging = " " * len(match[0]) if match else ""
    return textwrap.fill(
        line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as lines with aligned columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
