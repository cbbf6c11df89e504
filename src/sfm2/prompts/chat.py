"""Conversations in the form that a model was trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sfm2.languages import facts_of
from sfm2.types import ConversationMessage

_SYSTEM = "You are SFM-2, a programmer who explains code briefly and exactly."
_AS_A_WHOLE = (
    "What does it do as a whole? Answer in one sentence of at most 25 words that begins with a verb, without its name and "
    "parameters."
)
_OF_UNKNOWN = "In one sentence, what does this code do?"


def explanation_messages(code: str, language: str | None, reading: str) -> tuple[ConversationMessage, ...]:
    """The question what code does, as a conversation. `reading`: what was read off the code, in words; it may be empty."""
    facts = facts_of(language)
    parts = [f"```{language or ''}\n{code.strip()}\n```"]
    if reading:
        parts += [f"Read off its syntax tree, step by step:\n{reading}", _AS_A_WHOLE]
    else:
        parts.append(f"In one sentence, what does this {facts.label} code do?" if facts else _OF_UNKNOWN)
    question = ConversationMessage(role="user", content="\n\n".join(parts))
    return ConversationMessage(role="system", content=_SYSTEM), question


class ChatTemplateSlots:
    """A conversation whose texts are filled into the model's chat template after it has been applied.

    The template's output is text with special tokens in it. So that a message cannot contain one, each message is a slot
    while the template is applied, and its own text is tokenized separately.
    """

    _SLOT = re.compile(r"\[\[turn-(\d+)\]\]")

    def __init__(self, messages: Sequence[ConversationMessage]) -> None:
        self._messages = messages

    @property
    def messages(self) -> list[ConversationMessage]:
        """The conversation with slots in place of its texts."""
        return [one.model_copy(update={"content": f"[[turn-{i}]]"}) for i, one in enumerate(self._messages)]

    def parts(self, applied: str) -> list[tuple[str, bool]]:
        """The template's output in pieces, and whether each is the template's own: only there special tokens count."""
        pieces = self._SLOT.split(applied)
        texts = (
            (self._messages[int(piece)].content, False) if i % 2 else (piece, True) for i, piece in enumerate(pieces)
        )
        return [(text, own) for text, own in texts if text]
