"""From prefix and suffix to the model's own form, within its window. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sfm2.types import ConversationMessage, Snippet


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


def hole_prompt(
    family: Family | None,
    form: Form,
    prefix: str,
    suffix: str,
    path: str | None = None,
    context: Sequence[Snippet] = (),
) -> str:
    """The prompt whose continuation is the hole's text. Without a suffix, or a family to ask, the prefix alone; behind code
    of other files where the family knows files."""
    if family is None:
        return prefix
    others = _files(family, context)
    # Behind other files, this one has to begin somewhere.
    file = f"{others}{family.file}{path or ''}\n" if family.file and (others or path) else ""
    if form == "prefix" or not suffix.strip():
        return f"{file}{prefix}" if others else prefix
    if form == "spm":
        return f"{file}{family.prefix}{family.suffix}{suffix}{family.middle}{prefix}"
    return f"{file}{family.prefix}{prefix}{family.suffix}{suffix}{family.middle}"


def _files(family: Family, context: Sequence[Snippet]) -> str:
    """As repositories stand in the training data of Qwen2.5-Coder (its model card, "Repository Level Code Completion")."""
    if not family.file:
        return ""
    return "".join(f"{family.file}{one.path}\n{one.text.rstrip()}\n" for one in context)


def fitting(context: Sequence[Snippet], room: int) -> list[Snippet]:
    """The last ones that fit into so many characters."""
    kept: list[Snippet] = []
    for one in reversed(context):
        room -= len(one.text) + len(one.path)
        if room < 0:
            break
        kept.append(one)
    return kept[::-1]


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
        self.skipped = 0  # characters that were taken off

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
            self.skipped = len(expected)
            return "" if self.diverged else held[len(expected) :]
        self.skipped = _common_prefix(held, expected)
        return held[self.skipped :]


_HALF_WORD = re.compile(r"[ \t]*[^\W\d]\w*\Z")
_LONGEST_WORD = 60  # characters


def _common_prefix(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def explanation_turns(question: str) -> tuple[ConversationMessage, ...]:
    """A question about code, as a conversation."""
    system = "You are SFM-2, a programmer who explains code briefly and exactly."
    return ConversationMessage(role="system", content=system), ConversationMessage(role="user", content=question)


class Slots:
    """A conversation whose texts are put into the model's chat form only after that has been made.

    A chat form is text with special tokens in it. So that a message can't contain one, each stands as a slot while the
    form is made, and its own text becomes tokens by itself.
    """

    def __init__(self, turns: Sequence[ConversationMessage]) -> None:
        self._turns = turns
        self._slot = re.compile(r"\[\[turn-(\d+)\]\]")

    @property
    def messages(self) -> list[dict[str, str]]:
        return [{"role": turn.role, "content": f"[[turn-{i}]]"} for i, turn in enumerate(self._turns)]

    def parts(self, form: str) -> list[tuple[str, bool]]:
        """The form's pieces in order, and whether each is the form's own: only there special tokens count as such."""
        pieces = self._slot.split(form)
        texts = ((self._turns[int(piece)].content, False) if i % 2 else (piece, True) for i, piece in enumerate(pieces))
        return [(text, own) for text, own in texts if text]
