"""Fill-in-the-middle prompts: prefix, suffix and other files in a model family's own form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sfm2.generation import Excerpt

CHARACTERS_PER_TOKEN = 3
"""Of source code, on the safe side (Qwen's tokenizer: about 3.5)."""
PromptForm = Literal["psm", "spm", "prefix"]
"""How a hole is put to a model (Bavarian et al. 2022): prefix, suffix, middle, as it was trained; suffix first, so that the
middle continues the prefix directly, which weak fillers do far better; or the prefix alone."""

RETRY_FORM: dict[PromptForm, PromptForm] = {"psm": "spm", "spm": "prefix", "prefix": "prefix"}
"""The form to ask in when the first one gave nothing of use."""


@dataclass(frozen=True)
class Family:
    """The fill-in-the-middle special tokens of a model family, each a single token of its vocabulary."""

    name: str
    prefix: str
    suffix: str
    middle: str
    file: str = ""
    """Precedes a file's name, in models that were trained on whole repositories."""
    reserved: tuple[str, ...] = ()
    """The family's other special tokens."""

    @property
    def special_tokens(self) -> tuple[str, str, str]:
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


def fim_prompt(
    family: Family | None,
    form: PromptForm,
    prefix: str,
    suffix: str,
    path: str | None = None,
    context: Sequence[Excerpt] = (),
    *,
    name_file: bool = False,
) -> str:
    """The prompt whose continuation is the text of the hole.

    The prefix alone without a suffix or a family. Code of other files comes first, where the family knows files. With
    `name_file` the file's name precedes also a prefix alone: where the code does not tell what language it is in.
    """
    if family is None:
        return prefix
    others = _files(family, context)
    # After other files, this one has to begin somewhere.
    file = f"{others}{family.file}{path or ''}\n" if family.file and (others or path) else ""
    if form == "prefix" or not suffix.strip():
        return f"{file}{prefix}" if others or name_file else prefix
    if form == "spm":
        return f"{file}{family.prefix}{family.suffix}{suffix}{family.middle}{prefix}"
    return f"{file}{family.prefix}{prefix}{family.suffix}{suffix}{family.middle}"


def _files(family: Family, context: Sequence[Excerpt]) -> str:
    """As in the training data of Qwen2.5-Coder (its model card, "Repository Level Code Completion")."""
    if not family.file:
        return ""
    return "".join(f"{family.file}{one.path}\n{one.text.rstrip()}\n" for one in context)


def latest_fitting(context: Sequence[Excerpt], characters: int) -> list[Excerpt]:
    """The last excerpts that fit into `characters`, in order."""
    kept: list[Excerpt] = []
    for one in reversed(context):
        characters -= len(one.text) + len(one.path)
        if characters < 0:
            break
        kept.append(one)
    return kept[::-1]


def without_special_tokens(text: str, family: Family | None) -> str:
    """`text` without the family's special tokens: in a prompt they would steer the model, in a file they are only text."""
    if family is None:
        return text
    tokens = filter(None, (*family.special_tokens, family.file, *family.reserved))
    return re.sub("|".join(map(re.escape, tokens)), "", text)
