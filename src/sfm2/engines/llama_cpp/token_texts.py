"""The text of each token, from its bytes: a character that is spread over tokens counts as the last one's."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TokenTexts:
    """One stream's. llama.cpp's server is silent of a token that ends within a character: the next one gets its text too."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._content = ""
        self._told = 0
        """Characters of the tokens so far."""

    def of(self, content: str, tokens: Sequence[bytes]) -> tuple[str, ...]:
        """`content` is what the stream shows of these tokens: all of them, or less where a stop text may have begun."""
        self._content += content
        return tuple(self._text(token) for token in tokens)

    def _text(self, token: bytes) -> str:
        goes_on = bool(token) and token[0] & 0xC0 == 0x80  # UTF-8's mark of a byte within a character
        pending = self._decoder.getstate()[0]
        text = self._content[self._told :] if goes_on and not pending else self._decoder.decode(token)
        self._told += len(text)
        return text
