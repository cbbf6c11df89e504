"""The code in a chat model's answer: out of its fence, without the prompt it repeats. Pure."""

from __future__ import annotations

from sfm2.backends.fences import Unfenced
from sfm2.backends.repeats import Unrepeated


class CodeReply:
    """`fences` false leaves Markdown fences alone: the text asked for is Markdown itself."""

    def __init__(self, prefix: str, language: str | None = None, *, fences: bool = True) -> None:
        self._unfenced = Unfenced() if fences else None
        self._unrepeated = Unrepeated(prefix, language)

    @property
    def ended(self) -> bool:
        """Whether all that follows is talk."""
        return self._unfenced is not None and self._unfenced.ended

    @property
    def begun(self) -> bool:
        """Whether the completion itself has begun."""
        return self._unrepeated.settled

    @property
    def stripped(self) -> bool:
        """Whether something in front of the completion was taken off."""
        return bool(self._unrepeated.taken) or bool(self._unfenced and self._unfenced.fenced)

    def feed(self, text: str) -> str:
        return self._unrepeated.feed(self._unfenced.feed(text) if self._unfenced else text)

    def finish(self) -> str:
        rest = self._unfenced.finish() if self._unfenced else ""
        return self._unrepeated.feed(rest) + self._unrepeated.finish()
