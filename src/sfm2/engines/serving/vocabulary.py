"""Between text and token ids, whatever tokenizer does it."""

from __future__ import annotations

import codecs
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any


class Vocabulary(ABC):
    """For any thread. `texts`: the bytes of each token. `special`: the ids of tokens that are no text."""

    def __init__(self, texts: Sequence[bytes], special: Iterable[int] = ()) -> None:
        self._bytes = texts
        marks = sorted((self.decode([token]) for token in special), key=len, reverse=True)
        self._marks = re.compile("|".join(re.escape(mark) for mark in marks if mark) or r"(?!)")

    def __len__(self) -> int:
        return len(self._bytes)

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; special tokens in it count as such."""

    @abstractmethod
    def chat_prompt(self, messages: list[dict[str, Any]]) -> str:
        """The prompt for the next message. Raises one of the library's errors for messages that the template refuses."""

    def encode_text(self, text: str) -> list[int]:
        """As `encode`, but a special token in it is only text: it is split after its first character."""
        cuts = [0, *(match.start() + 1 for match in self._marks.finditer(text)), len(text)]
        parts = [text[a:b] for a, b in pairwise(cuts)]
        return [token for part in parts if part for token in self.encode(part)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self._bytes[i] for i in ids).decode("utf-8", "replace")

    def bytes_of(self, token: int) -> bytes:
        """The bytes of one token: a character may be spread over several."""
        return self._bytes[token]


class TokenText:
    """Tokens -> text, a character at a time: a character's bytes may be spread over tokens."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token: int, final: bool = False) -> str:
        """The text that `token` completes; empty while a character is incomplete."""
        return self._decoder.decode(self._vocabulary.bytes_of(token), final)

    def finish(self) -> str:
        """What is left, incomplete characters as U+FFFD."""
        return self._decoder.decode(b"", True)
