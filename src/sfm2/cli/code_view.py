"""Shows code on a terminal as it arrives: each line in colour once it is complete."""

from __future__ import annotations

from collections.abc import Callable

import pygments
from pygments.formatters import TerminalFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from sfm2.cli.terminal import visible

_LOOK_BACK = 4_000  # characters before a line that decide its colours (an open string, a comment)


class CodeView:
    """Highlights the text that is fed to it and hands it to `write`, line by line; without `colour` at once.

    `context` is the code before that text: it influences the colours and is not shown.
    """

    def __init__(self, write: Callable[[str], None], language: str | None, colour: bool, context: str = "") -> None:
        self._write = write
        self._language = language or "text"
        self._colour = colour
        self._text = visible(context)
        self._shown = len(self._text)

    def feed(self, text: str) -> None:
        """Add text, and show the lines that are complete."""
        self._text += visible(text)
        self._show(self._text.rfind("\n") + 1 if self._colour else len(self._text))

    def close(self) -> None:
        """Show what is left, and end the line."""
        self._show(len(self._text))
        if not self._text.endswith("\n"):
            self._write("\n")

    def _show(self, end: int) -> None:
        if end > self._shown:
            shown = self._coloured(end) if self._colour else self._text[self._shown : end]
            # Before writing: after a Ctrl-C in `write`, `close` must not write it again.
            self._shown = end
            self._write(shown)

    def _coloured(self, end: int) -> str:
        start = self._text.rfind("\n", 0, max(0, self._shown - _LOOK_BACK)) + 1
        return coloured(self._text[start:end], self._shown - start, self._language)


def coloured(text: str, start: int, language: str) -> str:
    """`text` from character `start` on, coloured for a terminal. The text before it influences the colours."""
    lexer = _lexer(language)
    tokens = [
        (kind, value[max(0, start - index) :])
        for index, kind, value in lexer.get_tokens_unprocessed(text)
        if index + len(value) > start
    ]
    result: str = pygments.format(tokens, TerminalFormatter(bg="dark"))
    return result


def _lexer(language: str) -> Lexer:
    """One that leaves the text plain for a language that Pygments does not know."""
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return TextLexer()
