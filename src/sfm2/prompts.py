"""From prefix and suffix to the model's own form, within its window. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Family:
    """The fill-in-the-middle marks of a model family, each a single token of its vocabulary. `reserved`: its others."""

    name: str
    prefix: str
    suffix: str
    middle: str
    file: str = ""  # stands before a file's name, in models that were trained on whole repositories
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
        "<|file_sep|>",
        ("<|fim_pad|>", "<|repo_name|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    ),
    Family("starcoder", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<file_sep>", ("<fim_pad>", "<|endoftext|>")),
    Family("deepseek-coder", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", reserved=("<｜end▁of▁sentence｜>",)),
    Family("codellama", "<PRE>", "<SUF>", "<MID>", reserved=("<EOT>",)),
)


Form = Literal["psm", "spm", "prefix"]
"""How a hole is put to a model (Bavarian et al. 2022): prefix, suffix, middle, as it was trained; suffix first, so that the
middle goes on from the prefix directly, which weak fillers do far better; or the prefix alone."""

# What is asked when the first form gave nothing: another view of the same hole.
OTHER_FORM: dict[Form, Form] = {"psm": "spm", "spm": "prefix", "prefix": "prefix"}


def hole_prompt(family: Family | None, form: Form, prefix: str, suffix: str, path: str | None = None) -> str:
    """The prompt whose continuation is the hole's text. Without a suffix, or a family to ask, the prefix alone."""
    if family is None or form == "prefix" or not suffix.strip():
        return prefix
    file = f"{family.file}{path}\n" if path and family.file else ""
    if form == "spm":
        return f"{file}{family.prefix}{family.suffix}{suffix}{family.middle}{prefix}"
    return f"{file}{family.prefix}{prefix}{family.suffix}{suffix}{family.middle}"


def without_marks(text: str, family: Family | None) -> str:
    """The text without the family's special tokens: in a prompt they would steer the model, in a file they are only text."""
    if family is None:
        return text
    return re.sub("|".join(map(re.escape, filter(None, (*family.marks, family.file, *family.reserved)))), "", text)


class Resumed:
    """Lets the model write again what stands right before the cursor, and takes it off: white space, or half a word.

    Tokenizers join spaces with what follows and split words where they like; a prompt that ends in either leaves the model
    with tokens it has never seen in that place. `diverged` when it wrote something else: the prompt must then say all.
    """

    def __init__(self, prefix: str, words: bool = True) -> None:
        match = _HALF_WORD.search(prefix, max(0, len(prefix) - _LONGEST_WORD)) if words else None
        # A prefix of nothing but white space stays: a prompt must say something.
        self.prompt = prefix[: match.start()] if match and match.start() else prefix.rstrip(" \t") or prefix
        self._expected = prefix[len(self.prompt) :]
        self._word = self._expected.strip()
        self._held = ""
        self.diverged = False

    @property
    def pending(self) -> bool:
        """Whether the word before the cursor has not come whole yet."""
        return bool(self._word and self._expected)

    def feed(self, text: str) -> str:
        """The text without what stands before the cursor already."""
        if not self._expected:
            return text
        self._held += text
        if len(self._held) < len(self._expected) and self._expected.startswith(self._held):
            return ""
        held, expected, self._held, self._expected = self._held, self._expected, "", ""
        if self._word:
            self.diverged = not held.startswith(expected)
            return "" if self.diverged else held[len(expected) :]
        return held[_common_prefix(held, expected) :]


_HALF_WORD = re.compile(r"[ \t]*[^\W\d]\w*\Z")
_LONGEST_WORD = 60  # characters


def _common_prefix(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def explanation_messages(question: str) -> Sequence[dict[str, str]]:
    """A question in the chat form of every family."""
    system = "You are SFM-2, a programmer who explains code briefly and exactly."
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]
