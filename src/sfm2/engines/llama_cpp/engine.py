"""A llama.cpp server, or one that speaks its protocol, by its URL. Someone else keeps it running."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import httpx

from sfm2.engines.base import AdapterFile, Engine, EngineFacts, EngineHealth, Phase
from sfm2.engines.llama_cpp.client import EngineAddress, LlamaCppClient
from sfm2.engines.llama_cpp.foreign import ForeignClient
from sfm2.errors import BackendError, BackendLoadingError
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams


class LlamaCppProtocolEngine(Engine):
    """An engine that speaks llama.cpp's protocol; who keeps it running is up to subclasses."""

    def __init__(self, client: LlamaCppClient) -> None:
        self.client = client
        self._facts: EngineFacts | None = None

    async def facts(self) -> EngineFacts:
        """Asked for once: the weights are named by the settings, which don't change while we run."""
        if self._facts is None:
            self._facts = await self.client.facts()
        return self._facts

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        return await self.client.tokenize(text, parse_special=parse_special)

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        return await self.client.apply_chat_template(messages)

    def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        affinity: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        return self.client.generate(
            prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience
        )

    async def aclose(self) -> None:
        await self.client.aclose()


def shown_url(url: str) -> str:
    """Without a password."""
    return str(httpx.URL(url.rstrip("/")).copy_with(username=None, password=None))


class LlamaCppEngine(LlamaCppProtocolEngine):
    """A server at a URL. `timeout` is in seconds, for each wait on the connection."""

    def __init__(self, url: str, timeout: float) -> None:
        self.name = shown_url(url)
        """The URL as everybody may see it"""
        super().__init__(ForeignClient(EngineAddress(url.rstrip("/")), timeout))

    async def facts_anew(self) -> EngineFacts:
        self._facts = await self.client.facts()
        return self._facts

    async def health(self) -> EngineHealth:
        try:
            await self.client.check()
            model = (await self.facts()).model or None
        except BackendLoadingError as error:
            return EngineHealth(Phase.LOADING, error.message)
        except BackendError as error:
            reason = f"no engine answers at {self.name}: {error.message}; is it running?"
            return EngineHealth(Phase.FAILED, reason)
        return EngineHealth(Phase.READY, f"the server at {self.name}", model=model)
