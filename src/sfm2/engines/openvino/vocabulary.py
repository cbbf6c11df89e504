"""Between text and token ids, by the tokenizer that the conversion made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import openvino_genai as genai

from sfm2.engines.serving.vocabulary import Vocabulary


class OpenVINOVocabulary(Vocabulary):
    """For any thread. `special`: the ids of tokens that are no text."""

    def __init__(self, folder: Path, special: Iterable[int] = ()) -> None:
        self.tokenizer = genai.Tokenizer(folder)
        """Some 45 MB; pipelines share it"""
        super().__init__(_by_id(self.tokenizer.get_vocab()), special)

    def encode(self, text: str) -> list[int]:
        return [int(i) for i in self.tokenizer.encode(text, add_special_tokens=False).input_ids.data[0]]

    def chat_prompt(self, messages: list[dict[str, Any]]) -> str:
        """Raises RuntimeError or TypeError, as OpenVINO does, for messages that the model's template refuses."""
        return str(self.tokenizer.apply_chat_template(messages, add_generation_prompt=True))


def _by_id(vocabulary: Mapping[bytes, int]) -> list[bytes]:
    """The bytes of each token; ids that the vocabulary leaves out have none."""
    texts = [b""] * (max(vocabulary.values()) + 1)
    for text, token in vocabulary.items():
        texts[token] = text
    return texts
