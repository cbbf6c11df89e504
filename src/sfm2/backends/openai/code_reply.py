"""The code in a chat model's answer: out of its fence, without the prompt it repeats. Pure."""

from __future__ import annotations

from sfm2.backends.openai.fences import FenceStripper
from sfm2.backends.openai.prompt_echo import PromptEchoStripper


class CodeReply:
    """`fences` false leaves Markdown fences alone: the text asked for is Markdown itself."""

    def __init__(self, prefix: str, language: str | None = None, *, fences: bool = True) -> None:
        self._fences = FenceStripper() if fences else None
        self._echo = PromptEchoStripper(prefix, language)

    @property
    def ended(self) -> bool:
        """Whether all that follows is talk."""
        return self._fences is not None and self._fences.ended

    @property
    def begun(self) -> bool:
        """Whether the completion itself has begun."""
        return self._echo.settled

    @property
    def stripped(self) -> bool:
        """Whether something in front of the completion was taken off."""
        return bool(self._echo.taken) or bool(self._fences and self._fences.fenced)

    def feed(self, text: str) -> str:
        """More of the reply; returns the code that is certain by now."""
        return self._echo.feed(self._fences.feed(text) if self._fences else text)

    def finish(self) -> str:
        """The rest, once the stream has ended."""
        rest = self._fences.finish() if self._fences else ""
        return self._echo.feed(rest) + self._echo.finish()
