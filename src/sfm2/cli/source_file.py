"""Files of code: read and written unchanged outside the completion, and the hole at a line and column of one.

Lines end with LF, CRLF or CR, as they do in editors. Columns count code points, and a tab is one column.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sfm2.errors import InvalidRequestError, SFM2Error

STANDARD_INPUT = Path("-")
_BOM = b"\xef\xbb\xbf"
_IN_TEXT = "Give a text file in UTF-8"
# Characters of a long file that are sent before and after the cursor. The server reads what is near it; whatever these
# characters are, the body is under its limit.
_PREFIX, _SUFFIX = 200_000, 50_000
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class TextFile:
    """A file as it was read."""

    path: Path
    raw: bytes
    text: str
    """Without the byte order mark, with the line ends of the file"""

    def encoded(self, text: str) -> bytes:
        """`text` in this file's encoding: UTF-8, with a byte order mark if the file has one."""
        return (_BOM if self.raw.startswith(_BOM) else b"") + text.encode()


def read(path: Path, hint: str = "Check the path") -> TextFile:
    """Read a file, or standard input for the path `-`.

    Raises `InvalidRequestError` for one that cannot be read (with this `hint`), is binary, or is not UTF-8.
    """
    if path == STANDARD_INPUT:
        raw = sys.stdin.buffer.read()
        return TextFile(path, raw, _decoded(raw, "standard input"))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(f"cannot read {path}: {error.strerror}", suggestion=hint) from error
    return TextFile(path, raw, _decoded(raw, str(path)))


def _decoded(raw: bytes, name: str) -> str:
    """The text with its line ends. Raises `InvalidRequestError`, whose message calls it `name`."""
    if b"\x00" in raw:
        raise InvalidRequestError(f"{name} is binary: it has a NUL byte", suggestion=_IN_TEXT)
    try:
        return raw.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        at = error.start + (len(_BOM) if raw.startswith(_BOM) else 0)
        raise InvalidRequestError(
            f"{name} is not UTF-8: byte {raw[at]:#04x} at offset {at}", suggestion=_IN_TEXT
        ) from error


def replace(source: TextFile, text: str) -> None:
    """Replace the file's content by `text`, atomically. Permissions are kept, and a symbolic link stays one.

    Raises `SFM2Error` if the file cannot be written, or has changed since it was read.
    """
    target = source.path.resolve()
    try:
        if target.exists() and not os.access(target, os.W_OK):
            raise SFM2Error(f"cannot write {source.path}: it is read-only", suggestion="Change its permissions")
        _swap(source, target, source.encoded(text))
    except OSError as error:
        raise SFM2Error(
            f"cannot write {source.path}: {error.strerror}", suggestion="The file is unchanged; check its folder"
        ) from error


def _swap(source: TextFile, target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, name)
        # An editor that saves between this check and the next line loses its change; no smaller window is portable.
        if target.read_bytes() != source.raw:
            raise SFM2Error(f"{source.path} has changed in the meantime; nothing was written", suggestion="Try again")
        os.replace(name, target)  # noqa: PTH105 - the name comes from mkstemp
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108
        raise


@dataclass(frozen=True)
class FileHole:
    """A hole in the text of a file, which is `before + after`."""

    before: str
    after: str
    opening: str
    """The line end that has to come before a completion on a new line; otherwise empty"""
    newline: str
    """The file's line end"""

    @property
    def prefix(self) -> str:
        """The code before the cursor to send, with LF line ends."""
        return _LINE_END.sub("\n", self.before + self.opening)[-_PREFIX:]

    @property
    def suffix(self) -> str:
        """The code after the cursor to send, with LF line ends."""
        return _LINE_END.sub("\n", self.after)[:_SUFFIX]

    def filled(self, completion: str) -> str:
        """The file's text with the completion in the hole, in the line ends of the file."""
        if not completion:
            return self.before + self.after
        return self.before + self.opening + _LINE_END.sub(self.newline, completion) + self.after


def hole_at(text: str, line: int, column: int | None = None) -> FileHole:
    """The hole before the character at `line` and `column`, both counted from 1; without a column at the line's end.

    The line after the last one is a new, empty line. Raises `InvalidRequestError` for a position past the end.
    """
    starts = _line_starts(text)
    newline = _newline_of(text)
    if line == len(starts) + 1 and starts[-1] < len(text):
        _check_column(column, line, 0)
        return FileHole(text, "", opening=newline, newline=newline)
    if not 1 <= line <= len(starts):
        raise _no_such_line(line, len(starts) - (starts[-1] == len(text)))
    start = starts[line - 1]
    end = _line_end(text, start)
    _check_column(column, line, end - start)
    cursor = end if column is None else start + column - 1
    return FileHole(text[:cursor], text[cursor:], opening="", newline=newline)


def lines_between(text: str, first: int, last: int) -> str:
    """The lines from `first` to `last`, both from 1 and included. Raises `InvalidRequestError` for lines past the end."""
    starts = _line_starts(text)
    count = len(starts) - (starts[-1] == len(text))
    if last > count:
        raise InvalidRequestError(
            f"line {last} is past the end: the file has {_count(count, 'line')}",
            suggestion=f"Name lines from 1 to {count}",
        )
    return text[starts[first - 1] : _line_end(text, starts[last - 1])]


def _line_starts(text: str) -> list[int]:
    """The index where each line starts. A final line end is followed by an empty line; an empty text has one line."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def _no_such_line(line: int, lines: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"line {line} is past the end: the file has {_count(lines, 'line')}",
        suggestion=f"Name a line from 1 to {lines + 1}; {lines + 1} is a new one at the end",
    )


def _line_end(text: str, start: int) -> int:
    match = _LINE_END.search(text, start)
    return match.start() if match else len(text)


def _newline_of(text: str) -> str:
    """The most frequent line end of the text."""
    found = Counter(_LINE_END.findall(text)).most_common(1)
    return found[0][0] if found else "\n"


def _check_column(column: int | None, line: int, length: int) -> None:
    if column is not None and not 1 <= column <= length + 1:
        raise InvalidRequestError(
            f"column {column} is past the end of line {line}, which has {_count(length, 'character')}",
            suggestion=f"Name a column from 1 to {length + 1}; {length + 1} is the line's end",
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
