"""Shows prose on a terminal as it arrives, with lines broken between words. Code between Markdown fences keeps its lines."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.cells import cell_len

from sfm2.cli.terminal import visible

_PIECE = re.compile(r"\n|[^\S\n]+|\S+")
_FENCE = ("```", "~~~")
_MARKER = re.compile(r"[-*+•]|\d{1,3}[.)]")  # of a list's item, whose next lines begin below its text


class ProseView:
    """Breaks the lines of the text that is fed to it and hands it to `write`, word by word; with `width` None unchanged.

    `width` is in columns of the terminal. A longer word stands on a line of its own.
    """

    def __init__(self, write: Callable[[str], None], width: int | None) -> None:
        self._write = write
        self._width = width
        self._held = ""  # the last word, which may go on
        self._space = ""  # before the next word, unless a new line begins
        self._column = 0
        self._indent = 0  # of the lines that go on with this one
        self._words = 0  # of the line that was fed, which may be several on the terminal
        self._is_item = False
        self._in_fence = False
        self._ended = True  # whether the last thing written was a line break

    def feed(self, text: str) -> None:
        """Add text, and show the words that are complete."""
        if self._width is None:
            self._put(visible(text))
            return
        pieces = _PIECE.findall(self._held + visible(text))
        self._held = pieces.pop() if pieces and not pieces[-1].isspace() else ""
        for piece in pieces:
            self._show(piece)

    def close(self) -> None:
        """Show what is left, and end the line."""
        if self._held:
            self._show(self._held)
        if not self._ended:
            self._put("\n")

    def _show(self, piece: str) -> None:
        if piece == "\n":
            self._put("\n")
            self._space, self._column, self._indent, self._words = "", 0, 0, 0
        elif piece.isspace():
            self._space += piece
        else:
            self._show_word(piece)

    def _show_word(self, word: str) -> None:
        assert self._width is not None
        if self._words == 0:
            self._in_fence ^= word.startswith(_FENCE)
            self._hang(len(self._space))
        elif self._words == 1 and self._is_item:
            self._hang(self._column + len(self._space))
        column = self._column + len(self._space)
        if self._words and not self._in_fence and column + cell_len(word) > self._width:
            self._space, column = "\n" + " " * self._indent, self._indent
        self._put(self._space + word)
        self._is_item = self._words == 0 and _MARKER.fullmatch(word) is not None
        self._space, self._column, self._words = "", column + cell_len(word), self._words + 1

    def _hang(self, indent: int) -> None:
        self._indent = indent if indent <= (self._width or 0) // 2 else 0

    def _put(self, text: str) -> None:
        if text:
            self._ended = text.endswith("\n")
            self._write(text)
