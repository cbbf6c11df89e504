"""From prefix and suffix to the model's own form, within its window. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PREFIX_SHARE = 0.75  # of the characters that prefix and suffix together may have


@dataclass(frozen=True)
class Family:
    """The fill-in-the-middle marks of a model family, each a single token of its vocabulary. `reserved`: its others."""

    name: str
    prefix: str
    suffix: str
    middle: str
    reserved: tuple[str, ...] = ()

    @property
    def marks(self) -> tuple[str, str, str]:
        return self.prefix, self.suffix, self.middle


# From the models' own cards. All put prefix, suffix, middle in this order.
FAMILIES = (
    Family(
        "qwen-coder",
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        ("<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    ),
    Family("starcoder", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", ("<fim_pad>", "<file_sep>", "<|endoftext|>")),
    Family("deepseek-coder", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", ("<｜end▁of▁sentence｜>",)),
    Family("codellama", "<PRE>", "<SUF>", "<MID>", ("<EOT>",)),
)


def fill_in_the_middle(family: Family, prefix: str, suffix: str) -> str:
    """The prompt whose continuation is the hole's text."""
    return f"{family.prefix}{prefix}{family.suffix}{suffix}{family.middle}"


def without_marks(text: str, family: Family | None) -> str:
    """The text without the family's special tokens: in a prompt they would steer the model, in a file they are only text."""
    if family is None:
        return text
    return re.sub("|".join(map(re.escape, (*family.marks, *family.reserved))), "", text)


def trim(prefix: str, suffix: str, room: int) -> tuple[str, str]:
    """The ends nearest to the hole, `room` characters in all, cut at line breaks. What one side leaves, the other gets."""
    for_suffix = max(room - len(prefix), int(room * (1 - PREFIX_SHARE)))
    suffix = _head(suffix, for_suffix)
    return _tail(prefix, room - len(suffix)), suffix


def _head(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: text.rfind("\n", 0, room) + 1] or text[:room]


def _tail(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    cut = text.find("\n", len(text) - room) + 1
    return text[cut or len(text) - room :]


class Indentation:
    """Lets the model write the white space before the cursor itself, and takes it off again.

    Tokenizers join spaces with what follows; a prompt that ends in them leaves the model with tokens it has never seen.
    """

    def __init__(self, prefix: str) -> None:
        self.prompt = prefix.rstrip(" \t")
        self._expected = prefix[len(self.prompt) :]

    def feed(self, text: str) -> str:
        """The text without the white space that stands before the cursor already."""
        same = _common_prefix(text, self._expected)
        self._expected = self._expected[same:] if same == len(text) else ""
        return text[same:]


def _common_prefix(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def explanation_messages(question: str) -> Sequence[dict[str, str]]:
    """A question in the chat form of every family."""
    system = "You are SFM-2, a programmer who explains code briefly and exactly."
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]
