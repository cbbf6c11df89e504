"""Open documents as the editor has them: lines, edits, and the text around a position.

pygls keeps documents too, but ends lines at form feeds and U+2028, where no editor does; its positions then drift.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from sfm2.lsp import positions
from sfm2.lsp.positions import Encoding

_AROUND = 100  # lines on each side that decide the line end in use
_WORD = "_$"  # characters of words besides letters and digits


class LineColumn(NamedTuple):
    """A position, counted from 0, with the column in code points."""

    line: int
    column: int


class Document:
    """A text whose lines end with LF, CRLF or CR, as LSP has it. Positions outside it count as the nearest one inside."""

    def __init__(self, uri: str, text: str, language_id: str = "", encoding: Encoding = "utf-16") -> None:
        self.uri = uri
        self.language_id = language_id
        self._encoding = encoding
        self._lines = _split(text)
        self.shrunk = False
        """Whether the last change only removed text."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self._lines)

    @property
    def path(self) -> Path | None:
        """The file's path; None for a buffer without a file."""
        return local_path(self.uri)

    def replace(self, text: str) -> None:
        """Replace the whole text."""
        self._lines = _split(text)

    def edit(self, span: types.Range, text: str) -> None:
        """Replace the text in a range, as the editor reports it."""
        start, end = sorted((self.place(span.start), self.place(span.end)))
        piece = self._lines[start.line][: start.column] + text + self._lines[end.line][end.column :]
        first = start.line
        if first and self._lines[first - 1].endswith("\r"):  # a LF right after it makes one line end of both
            first -= 1
            piece = self._lines[first] + piece
        fresh = _split(piece)
        if end.line + 1 < len(self._lines):
            fresh.pop()  # the piece ends with a line end, and what follows is there already
        self._lines[first : end.line + 1] = fresh

    def place(self, position: types.Position) -> LineColumn:
        """A position of the editor in code points."""
        if position.line >= len(self._lines):
            return LineColumn(len(self._lines) - 1, len(self._body(len(self._lines) - 1)))
        line = max(0, position.line)
        return LineColumn(line, positions.index(self._body(line), position.character, self._encoding))

    def position(self, place: LineColumn) -> types.Position:
        """A position in the editor's units."""
        before = self._lines[place.line][: place.column]
        return types.Position(place.line, positions.units(before, self._encoding))

    def span(self, line: int, start: int, end: int) -> types.Range:
        """The range between two columns of a line."""
        return types.Range(self.position(LineColumn(line, start)), self.position(LineColumn(line, end)))

    def before(self, place: LineColumn) -> str:
        """The text before a position."""
        return "".join([*self._lines[: place.line], self._lines[place.line][: place.column]])

    def after(self, place: LineColumn) -> str:
        """The text after a position."""
        return "".join([self._lines[place.line][place.column :], *self._lines[place.line + 1 :]])

    def within(self, span: types.Range) -> str:
        """The text in a range."""
        start, end = sorted((self.place(span.start), self.place(span.end)))
        if start.line == end.line:
            return self._lines[start.line][start.column : end.column]
        between = self._lines[start.line + 1 : end.line]
        return "".join([self._lines[start.line][start.column :], *between, self._lines[end.line][: end.column]])

    def word_start(self, place: LineColumn) -> int:
        """The column where the word begins that ends at `place`; `place.column` if no word ends there."""
        line, column = self._lines[place.line], place.column
        while column and _of_word(line[column - 1]):
            column -= 1
        return column

    def inside_word(self, place: LineColumn) -> bool:
        """Whether a word continues after `place`."""
        return any(_of_word(char) for char in self._lines[place.line][place.column : place.column + 1])

    def newline_near(self, line: int) -> str:
        """The most frequent line end of the lines around."""
        around = self._lines[max(0, line - _AROUND) : line + _AROUND]
        found = Counter(text[len(_without_end(text)) :] for text in around)
        del found[""]
        return found.most_common(1)[0][0] if found else "\n"

    def _body(self, line: int) -> str:
        return _without_end(self._lines[line])


class Documents:
    """The open documents, by URI. The server reads no files."""

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._open: dict[str, Document] = {}

    def get(self, uri: str) -> Document | None:
        """The document, if it is open."""
        return self._open.get(uri)

    def opened(self, item: types.TextDocumentItem) -> None:
        """The editor has opened a document."""
        self._open[item.uri] = Document(item.uri, item.text, item.language_id, self.encoding)

    def changed(self, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        """The editor has changed a document. Changes of one that is not open are ignored."""
        document = self._open.get(uri)
        if document is None:
            return
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                document.edit(change.range, change.text)
            else:
                document.replace(change.text)
        partial = (isinstance(change, types.TextDocumentContentChangePartial) for change in changes)
        document.shrunk = all(partial) and not any(change.text for change in changes)

    def closed(self, uri: str) -> None:
        """The editor has closed a document."""
        self._open.pop(uri, None)


def local_path(uri: str) -> Path | None:
    """The path of a file or folder; None for what is no file, such as a new buffer."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme in ("file", "") and parts.path else None


def _split(text: str) -> list[str]:
    """Lines with their line ends; the last line has none, and may be empty."""
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def _without_end(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _of_word(char: str) -> bool:
    return char.isalnum() or char in _WORD
