"""Open documents as the editor has them: lines, edits, and the text around a place.

pygls keeps documents too, but ends lines at form feeds and U+2028, where no editor does; its places then drift.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from sfm2.lsp import positions
from sfm2.lsp.positions import Encoding

_AROUND = 100  # lines each side that tell the line end in use
_WORD = "_$"  # what belongs to a word besides letters and digits


class Place(NamedTuple):
    """Counted from 0, the column in code points."""

    line: int
    column: int


class Document:
    """A text whose lines end with LF, CRLF or CR, as LSP has it. Positions outside it are moved to its nearest place."""

    def __init__(self, uri: str, text: str, language_id: str = "", encoding: Encoding = "utf-16") -> None:
        self.uri = uri
        self.language_id = language_id
        self._encoding = encoding
        self._lines = _split(text)
        self.shrunk = False
        """Whether the last change only removed text."""

    @property
    def text(self) -> str:
        return "".join(self._lines)

    @property
    def path(self) -> PurePosixPath | None:
        """The file's path; None for a buffer that has never been saved."""
        parts = urlsplit(self.uri)
        return PurePosixPath(unquote(parts.path)) if parts.scheme in ("file", "") and parts.path else None

    def replace(self, text: str) -> None:
        """All of it."""
        self._lines = _split(text)

    def edit(self, span: types.Range, text: str) -> None:
        """What the editor says it has changed."""
        start, end = sorted((self.place(span.start), self.place(span.end)))
        piece = self._lines[start.line][: start.column] + text + self._lines[end.line][end.column :]
        first = start.line
        if first and self._lines[first - 1].endswith("\r"):  # a LF that comes right behind makes one line end of both
            first -= 1
            piece = self._lines[first] + piece
        fresh = _split(piece)
        if end.line + 1 < len(self._lines):
            fresh.pop()  # the piece ends with a line end, and what follows is there already
        self._lines[first : end.line + 1] = fresh

    def place(self, position: types.Position) -> Place:
        if position.line >= len(self._lines):
            return Place(len(self._lines) - 1, len(self._body(len(self._lines) - 1)))
        line = max(0, position.line)
        return Place(line, positions.index(self._body(line), position.character, self._encoding))

    def position(self, place: Place) -> types.Position:
        before = self._lines[place.line][: place.column]
        return types.Position(place.line, positions.units(before, self._encoding))

    def span(self, line: int, start: int, end: int) -> types.Range:
        """From column to column of a line."""
        return types.Range(self.position(Place(line, start)), self.position(Place(line, end)))

    def before(self, place: Place) -> str:
        return "".join([*self._lines[: place.line], self._lines[place.line][: place.column]])

    def after(self, place: Place) -> str:
        return "".join([self._lines[place.line][place.column :], *self._lines[place.line + 1 :]])

    def within(self, span: types.Range) -> str:
        start, end = sorted((self.place(span.start), self.place(span.end)))
        if start.line == end.line:
            return self._lines[start.line][start.column : end.column]
        between = self._lines[start.line + 1 : end.line]
        return "".join([self._lines[start.line][start.column :], *between, self._lines[end.line][: end.column]])

    def word_start(self, place: Place) -> int:
        """The column where the word begins that ends at `place`; the place's own when none does."""
        line, column = self._lines[place.line], place.column
        while column and _of_word(line[column - 1]):
            column -= 1
        return column

    def inside_word(self, place: Place) -> bool:
        """Whether a word goes on behind `place`."""
        return any(_of_word(char) for char in self._lines[place.line][place.column : place.column + 1])

    def newline_near(self, line: int) -> str:
        """The line end that the lines around use most."""
        around = self._lines[max(0, line - _AROUND) : line + _AROUND]
        found = Counter(text[len(_without_end(text)) :] for text in around)
        del found[""]
        return found.most_common(1)[0][0] if found else "\n"

    def _body(self, line: int) -> str:
        return _without_end(self._lines[line])


class Documents:
    """By URI. What was never opened is not here: the server reads no files."""

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._open: dict[str, Document] = {}

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def opened(self, item: types.TextDocumentItem) -> None:
        self._open[item.uri] = Document(item.uri, item.text, item.language_id, self.encoding)

    def changed(self, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        document = self._open.get(uri)
        for change in changes if document else ():
            assert document is not None
            if isinstance(change, types.TextDocumentContentChangePartial):
                document.edit(change.range, change.text)
            else:
                document.replace(change.text)
        if document:
            partial = (isinstance(change, types.TextDocumentContentChangePartial) for change in changes)
            document.shrunk = all(partial) and not any(change.text for change in changes)

    def closed(self, uri: str) -> None:
        self._open.pop(uri, None)


def _split(text: str) -> list[str]:
    """Lines with their ends; the last has none, and may be empty."""
    lines = list(io.StringIO(text, newline=""))
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def _without_end(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _of_word(char: str) -> bool:
    return char.isalnum() or char in _WORD
