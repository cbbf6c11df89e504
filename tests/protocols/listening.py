"""A backend that records its requests."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from sfm2.backends.echo import Echo
from sfm2.generation import GenerationRequest, TokenChunk


class Listening(Echo):
    """Writes `text`, or what `echo` writes. `prompt_seconds` is the time until the first token that it reports."""

    def __init__(self, text: str | None = None, prompt_seconds: float | None = None) -> None:
        super().__init__()
        self.asked: list[GenerationRequest] = []
        self._text = text
        self._prompt_seconds = prompt_seconds

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        self.asked.append(request)
        if self._text is None:
            async for chunk in super().stream(request):
                yield replace(chunk, prompt_seconds=self._prompt_seconds)
            return
        yield TokenChunk(self._text, (-0.1,), tokens=1, token_texts=(self._text,), prompt_seconds=self._prompt_seconds)
        yield TokenChunk("", finish_reason="stop", prompt_tokens=1)
