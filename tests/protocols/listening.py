"""A backend that records its requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from sfm2.backends.base import Ask, Piece
from sfm2.backends.echo import Echo


class Listening(Echo):
    """Writes `text`, or what `echo` writes. `prompt_seconds` is the time until the first token that it reports."""

    def __init__(self, text: str | None = None, prompt_seconds: float | None = None) -> None:
        super().__init__()
        self.asked: list[Ask] = []
        self._text = text
        self._prompt_seconds = prompt_seconds

    async def stream(self, ask: Ask) -> AsyncIterator[Piece]:
        self.asked.append(ask)
        if self._text is None:
            async for piece in super().stream(ask):
                yield replace(piece, prompt_seconds=self._prompt_seconds)
            return
        yield Piece(self._text, (-0.1,), tokens=1, names=(self._text,), prompt_seconds=self._prompt_seconds)
        yield Piece("", finish_reason="stop", prompt_tokens=1)
