"""A client of a server of unknown kind: it becomes the right one at first contact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager

from sfm2.engines.at_url.kinds import KINDS, ServerKind
from sfm2.engines.base import AdapterFile, EngineFacts
from sfm2.engines.client import EngineAddress, EngineClient, EngineWork
from sfm2.engines.http import CONNECT_TIMEOUT, connected, translated_errors
from sfm2.errors import BackendError
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams


class FirstContact(EngineClient):
    """Who the server is, is asked again after it was not well: it may not have said so, or another one is in its place."""

    def __init__(self, address: EngineAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._known: tuple[ServerKind, EngineClient] | None = None
        self._former: list[EngineClient] = []
        """They may still have requests"""
        self._sure = False
        self._asking = asyncio.Lock()

    async def aclose(self) -> None:
        current = [self._known[1]] if self._known else []
        await asyncio.gather(*(one.aclose() for one in (*self._former, *current)))

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
        with self._doubt():
            async with aclosing(stream) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        with self._doubt():
            return await (await self.known()).tokenize(text, parse_special=parse_special)

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        return await (await self.known()).apply_chat_template(messages)

    async def facts(self) -> EngineFacts:
        with self._doubt():
            return await (await self.known()).facts()

    async def work(self) -> EngineWork | None:
        return await self._known[1].work() if self._known else None

    async def check(self) -> None:
        with self._doubt():
            await (await self.known()).check()

    async def known(self) -> EngineClient:
        """The client for the kind of server that it is. Raises `BackendError` when nothing answers."""
        async with self._asking:
            if self._known is None or not self._sure:
                self._known = await self._recognised()
                self._sure = True
            return self._known[1]

    async def _recognised(self) -> tuple[ServerKind, EngineClient]:
        """The client that there is, where the kind has not changed."""
        kind = await self._kind()
        if self._known is not None:
            if self._known[0] is kind:
                return self._known
            self._former.append(self._known[1])
        return kind, kind.client(self._address, self._timeout)

    async def _kind(self) -> ServerKind:
        async with translated_errors("HTTP"), connected(self._address, CONNECT_TIMEOUT) as http:
            for kind in KINDS:
                if await kind.recognises(http):
                    return kind
        raise BackendError("the engine is of no kind that is known")

    @contextmanager
    def _doubt(self) -> Iterator[None]:
        """After an error."""
        try:
            yield
        except BackendError:
            self._sure = False
            raise
