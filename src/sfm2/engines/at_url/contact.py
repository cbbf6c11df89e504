"""A client of a server of unknown kind: it becomes the right one at first contact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from sfm2.engines.at_url.kinds import KINDS
from sfm2.engines.base import AdapterFile, EngineFacts
from sfm2.engines.client import EngineAddress, EngineClient, EngineWork
from sfm2.engines.http import CONNECT_TIMEOUT, connected, translated_errors
from sfm2.errors import BackendError, BackendLoadingError
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams


class FirstContact(EngineClient):
    """Who the server is, is asked again after it was not well: another one may have taken its place."""

    def __init__(self, address: EngineAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._found: EngineClient | None = None
        self._asking = asyncio.Lock()

    async def aclose(self) -> None:
        if self._found is not None:
            await self._found.aclose()

    async def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        client = await self.known()
        stream = client.generate(
            prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience, owner=owner
        )
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                yield chunk

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        return await (await self.known()).tokenize(text, parse_special=parse_special)

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        return await (await self.known()).apply_chat_template(messages)

    async def facts(self) -> EngineFacts:
        return await (await self.known()).facts()

    async def work(self) -> EngineWork | None:
        return await self._found.work() if self._found else None

    async def check(self) -> None:
        client = await self.known()
        try:
            await client.check()
        except BackendLoadingError:
            raise
        except BackendError:
            self._found = None  # requests that it still has keep it alive until they end
            raise

    async def known(self) -> EngineClient:
        """The client for the kind of server that it is. Raises `BackendError` when nothing answers."""
        async with self._asking:
            if self._found is None:
                self._found = await self._recognised()
            return self._found

    async def _recognised(self) -> EngineClient:
        async with translated_errors("HTTP"), connected(self._address, CONNECT_TIMEOUT) as http:
            for kind in KINDS:
                if await kind.recognises(http):
                    return kind.client(self._address, self._timeout)
        raise BackendError("the engine is of no kind that is known")
