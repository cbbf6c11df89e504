"""Between text and token ids, by the tokenizer that the conversion made."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import openvino_genai as genai


class Vocabulary:
    """For any thread. `special`: the ids of tokens that are no text."""

    def __init__(self, folder: Path, special: Iterable[int] = ()) -> None:
        self.tokenizer = genai.Tokenizer(folder)
        """Some 45 MB; pipelines share it"""
        self._bytes = _by_id(self.tokenizer.get_vocab())
        marks = sorted((self.decode([token]) for token in special), key=len, reverse=True)
        self._marks = re.compile("|".join(re.escape(mark) for mark in marks if mark) or r"(?!)")

    def __len__(self) -> int:
        return len(self._bytes)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; special tokens in it count as such."""
        return [int(i) for i in self.tokenizer.encode(text, add_special_tokens=False).input_ids.data[0]]

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

    def chat_prompt(self, messages: list[dict[str, Any]]) -> str:
        """Raises RuntimeError or TypeError, as OpenVINO does, for messages that the model's template refuses."""
        return str(self.tokenizer.apply_chat_template(messages, add_generation_prompt=True))


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


def _by_id(vocabulary: Mapping[bytes, int]) -> list[bytes]:
    """The bytes of each token; ids that the vocabulary leaves out have none."""
    texts = [b""] * (max(vocabulary.values()) + 1)
    for text, token in vocabulary.items():
        texts[token] = text
    return texts
