"""From tokens to text, one token at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class Detokenizer:
    """Holds back a token whose last character is not complete yet: a character of UTF-8 may take several tokens.

    `decode` gives the text of token ids. Some tokenizers write a token differently at the beginning of a text, so
    every token is decoded together with those of the chunk before it.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._shown: list[int] = []
        self._held: list[int] = []

    def feed(self, token: int) -> str:
        """The text that `token` completes; empty while a character is incomplete."""
        self._held.append(token)
        text = self._text()
        return "" if text.endswith(_INCOMPLETE) else self._show(text)

    def finish(self) -> str:
        """What is left, incomplete characters as U+FFFD."""
        return self._show(self._text())

    def _text(self) -> str:
        return self._decode([*self._shown, *self._held])[len(self._decode(self._shown)) :]

    def _show(self, text: str) -> str:
        self._shown, self._held = self._held, []
        return text
