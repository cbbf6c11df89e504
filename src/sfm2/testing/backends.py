"""Backends that answer by a script or by a function, and remember what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeAlias

from sfm2.backends.base import Backend, Capabilities
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import BackendHealth, BackendStatus

Step: TypeAlias = str | TokenChunk | Exception | float | Callable[[], Awaitable[object]]
"""A part of a stream: text is sent as a chunk of one token, a chunk as it is, an exception is raised, a number is waited for
in seconds, a coroutine function is awaited, such as the `wait` of an `asyncio.Event`."""


async def forever() -> None:
    """A step that never ends: the stream waits there until it is closed."""
    await asyncio.Event().wait()


_CAPABLE = Capabilities(fills_holes=True, chats=True, reads_excerpts=True)
_AVAILABLE = BackendHealth(status=BackendStatus.AVAILABLE, reason="for tests")


class FunctionBackend(Backend):
    """Streams what `function` returns for each request.

    A stream whose steps end without a `finish_reason` gets a last chunk with "stop".
    """

    def __init__(
        self,
        name: str,
        function: Callable[[GenerationRequest], Iterable[Step]],
        *,
        logprob: float = -0.5,
        capabilities: Capabilities = _CAPABLE,
        health: BackendHealth = _AVAILABLE,
    ) -> None:
        """`logprob`: natural log-probability of each token of a text step."""
        self.name = name
        self.requests: list[GenerationRequest] = []
        """Every request that was streamed, in order."""
        self.running = 0
        """Streams that have begun and not ended."""
        self.most_running = 0
        """The most of them there were at once."""
        self.closed = 0
        """Streams that have ended: read to the end, failed, or closed by the reader."""
        self._function = function
        self._logprob = logprob
        self._capabilities = capabilities
        self._health = health

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def health(self) -> BackendHealth:
        return self._health

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        self.requests.append(request)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        finished = False
        try:
            for step in self._function(request):
                if chunk := await self._chunk(step):
                    finished = chunk.finish_reason is not None
                    yield chunk
            if not finished:
                yield TokenChunk("", finish_reason="stop", prompt_tokens=len(request.prefix.split()))
        finally:
            self.running -= 1
            self.closed += 1

    async def _chunk(self, step: Step) -> TokenChunk | None:
        if isinstance(step, Exception):
            raise step
        if isinstance(step, TokenChunk):
            return step
        if isinstance(step, str):
            return TokenChunk(step, (self._logprob,), tokens=1, token_texts=(step,))
        await (asyncio.sleep(step) if isinstance(step, int | float) else step())
        return None


class ScriptedBackend(FunctionBackend):
    """Streams the same steps for every request; without any, an empty completion."""

    def __init__(
        self,
        name: str,
        *script: Step,
        logprob: float = -0.5,
        capabilities: Capabilities = _CAPABLE,
        health: BackendHealth = _AVAILABLE,
    ) -> None:
        super().__init__(name, lambda _: script, logprob=logprob, capabilities=capabilities, health=health)
