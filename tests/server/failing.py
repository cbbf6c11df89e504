"""A manager whose every answer is an error."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sfm2.completer import ANYBODY, Asker, Question, Streamable
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.types import ChatRequest, Chunk, CompleteRequest, Completion, GenerateRequest, Reply


class FailingManager(AsyncModelManager):
    """Fails with `error`: at once, or in a stream after `chunks`."""

    def __init__(self, error: Exception, chunks: int = 0) -> None:
        super().__init__(Settings.model_validate({"fallback": {"chain": ["echo"]}}))
        self.error = error
        self._chunks = chunks

    async def submit(self, request: Question, asker: Asker = ANYBODY) -> Any:
        raise self.error

    async def submit_all(
        self, requests: Sequence[GenerateRequest | CompleteRequest], asker: Asker = ANYBODY
    ) -> list[Completion]:
        raise self.error

    async def chat(self, request: ChatRequest, asker: Asker = ANYBODY) -> list[Reply]:
        raise self.error

    async def stream(self, request: Streamable, asker: Asker = ANYBODY) -> AsyncGenerator[Any, None]:
        for number in range(self._chunks):
            yield Chunk(text=f"{number} ")
        raise self.error

    async def chat_stream(self, request: ChatRequest, asker: Asker = ANYBODY) -> AsyncGenerator[Chunk | Reply, None]:
        for number in range(self._chunks):
            yield Chunk(text=f"{number} ")
        raise self.error
