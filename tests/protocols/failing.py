"""A manager that fails as it is told to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.types import ChatRequest, Chunk, CompleteRequest, Completion, GenerateRequest, Reply


class Failing(AsyncModelManager):
    """Fails with `error`: at once, or in a stream after `chunks`."""

    def __init__(self, error: Exception, chunks: int = 0) -> None:
        super().__init__(Settings.model_validate({"fallback": {"chain": ["echo"]}}))
        self._error = error
        self._chunks = chunks

    async def submit(self, request: GenerateRequest | CompleteRequest, only: str | None = None) -> Completion:
        raise self._error

    async def submit_all(self, requests: Sequence[GenerateRequest | CompleteRequest]) -> list[Completion]:
        raise self._error

    async def chat(self, request: ChatRequest) -> list[Reply]:
        raise self._error

    async def stream(self, request: GenerateRequest | CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]:
        for number in range(self._chunks):
            yield Chunk(text=f"{number} ")
        raise self._error

    async def chat_stream(self, request: ChatRequest) -> AsyncGenerator[Chunk | Reply, None]:
        for number in range(self._chunks):
            yield Chunk(text=f"{number} ")
        raise self._error
