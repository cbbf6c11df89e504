"""Conversations in the form that a model was trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sfm2.types import ConversationMessage

_SYSTEM = "You are SFM-2, a programmer who explains code briefly and exactly."


def explanation_messages(question: str) -> tuple[ConversationMessage, ...]:
    """A question about code, as a conversation."""
    return ConversationMessage(role="system", content=_SYSTEM), ConversationMessage(role="user", content=question)


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
