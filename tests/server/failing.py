"""A manager whose every answer is an error."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sfm2.completer import Question
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.types import ChatRequest, Chunk, CompleteRequest, Completion, GenerateRequest, Reply


class FailingManager(AsyncModelManager):
    """Fails with `error`: at once, or in a stream after `chunks`."""

    def __init__(self, error: Exception, chunks: int = 0) -> None:
        super().__init__(Settings.model_validate({"fallback": {"chain": ["echo"]}}))
        self.error = error
        self._chunks = chunks

    async def submit(self, request: Question) -> Any:
        raise self.error

    async def submit_all(self, requests: Sequence[GenerateRequest | CompleteRequest]) -> list[Completion]:
        raise self.error

    async def chat(self, request: ChatRequest) -> list[Reply]:
        raise self.error

    async def stream(self, request: GenerateRequest | CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]:
        for number in range(self._chunks):
            yield Chunk(text=f"{number} ")
        raise self.error

    async def chat_stream(self, request: ChatRequest) -> AsyncGenerator[Chunk | Reply, None]:
        for number in range(self._chunks):
            yield Chunk(text=f"{number} ")
        raise self.error
