"""Between text and token ids, by the tokenizer in a Hugging Face folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders
from transformers import PreTrainedTokenizerFast

from sfm2.engines.serving.vocabulary import Vocabulary
from sfm2.errors import ConfigError
from sfm2.models import hf_folder


class HuggingFaceVocabulary(Vocabulary):
    """For any thread. `special`: the ids of tokens that are no text. Raises `ConfigError` for an unknown kind."""

    def __init__(self, folder: Path, special: Iterable[int], chat_template: str | None) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / hf_folder.TOKENIZER))
        if not isinstance(self._tokenizer.decoder, decoders.ByteLevel):
            raise ConfigError(
                f"the tokenizer in {folder} does not work on bytes, which is not supported yet",
                suggestion='Run a GGUF of these weights with models.sfm2.engine "llama"',
            )
        self._template = PreTrainedTokenizerFast(tokenizer_object=self._tokenizer, chat_template=chat_template)
        super().__init__(_by_id(self._tokenizer, hf_folder.vocabulary_size(folder)), special)

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def chat_prompt(self, messages: list[dict[str, Any]]) -> str:
        """Raises ValueError or TypeError for messages that the model's template refuses."""
        from jinja2 import TemplateError

        try:
            return str(self._template.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        except TemplateError as error:
            raise ValueError(str(error)) from error


def _by_id(tokenizer: Tokenizer, size: int) -> list[bytes]:
    """The bytes of each token; ids that the vocabulary leaves out have none."""
    letters = {letter: bytes([byte]) for byte, letter in _letters().items()}
    added = {number: token.content for number, token in tokenizer.get_added_tokens_decoder().items()}
    texts = [b""] * max(size, tokenizer.get_vocab_size())
    for token, number in tokenizer.get_vocab().items():
        texts[number] = b"".join(letters.get(letter, letter.encode()) for letter in token)
    for number, content in added.items():
        texts[number] = content.encode()
    return texts


def _letters() -> dict[int, str]:
    """GPT-2's letter for each byte: printable ones stand for themselves, the others for letters from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return {byte: chr(byte) if byte in printable else chr(next(others)) for byte in range(256)}
