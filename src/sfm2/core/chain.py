"""The fallback chain: a backend made of backends. Each is behind a circuit breaker, and every step has its reason.

The chain is the only retry loop. The first chunk of each backend names it. When a backend fails after its first chunk, the
next one starts over if nobody watches the stream; otherwise the error ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from sfm2.backends.base import Backend, Capabilities
from sfm2.core.breaker import CircuitBreaker, Permit
from sfm2.core.trace import FallbackTrace
from sfm2.errors import BackendError, BackendTimeoutError, BackendUnsupportedError, PromptTooLongError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import BackendHealth


@dataclass(frozen=True)
class ChainLink:
    """A backend behind its circuit breaker."""

    backend: Backend
    breaker: CircuitBreaker


class Chain(Backend):
    """Asks its backends in order.

    `timeout` is in seconds: for a whole completion, or with a stream that is watched and with a conversation for each gap.
    """

    name = "chain"

    def __init__(self, backends: Sequence[Backend], breaker: Callable[[], CircuitBreaker], timeout: float) -> None:
        self._links = [ChainLink(backend, breaker()) for backend in backends]
        self._timeout = timeout

    @property
    def backends(self) -> list[Backend]:
        """The backends, in the order they are asked."""
        return [link.backend for link in self._links]

    @property
    def capabilities(self) -> Capabilities:
        """What at least one of its backends can do."""
        found = [backend.capabilities for backend in self.backends]
        return Capabilities(
            fills_holes=any(one.fills_holes for one in found),
            chats=any(one.chats for one in found),
            adapters=any(one.adapters for one in found),
        )

    async def start(self) -> None:
        await asyncio.gather(*(backend.start() for backend in self.backends))

    async def ready(self) -> None:
        """Wait until the first backend can answer, or can't for good."""
        await self.backends[0].ready()

    async def aclose(self) -> None:
        await asyncio.gather(*(backend.aclose() for backend in self.backends))

    async def health(self) -> BackendHealth:
        """That of the first backend."""
        return await self.backends[0].health()

    async def stream(
        self,
        request: GenerationRequest,
        *,
        trace: FallbackTrace | None = None,
        only: str | None = None,
        after: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        """`trace` records what is tried. `only` names the one backend to ask, `after` the last one not to ask.

        Raises `ModelUnavailableError` with every cause when no backend could answer.
        """
        trace = trace or FallbackTrace()
        for link in self._chosen(only, after):
            permit = link.breaker.permit()
            if permit is None:
                trace.circuit_open(link.backend.name, link.breaker.remaining())
                continue
            begun = False
            try:
                async with aclosing(self._attempt(link.backend, permit, request)) as chunks:
                    async for chunk in chunks:
                        yield chunk if begun else replace(chunk, backend=link.backend.name)
                        begun = True
                return
            except (BackendError, PromptTooLongError) as error:
                if begun and request.streaming:
                    raise
                trace.failed(link.backend.name, error)
        raise trace.exhausted()

    def _chosen(self, only: str | None, after: str | None) -> list[ChainLink]:
        names = [backend.name for backend in self.backends]
        begin = names.index(after) + 1 if after is not None else 0
        return [link for link in self._links[begin:] if only in (None, link.backend.name)]

    async def _attempt(
        self, backend: Backend, permit: Permit, request: GenerationRequest
    ) -> AsyncGenerator[TokenChunk, None]:
        """The stream of one backend, with its time limit. The circuit breaker learns how it went, whatever the way out."""
        deadline = Deadline(self._timeout, per_gap=request.streaming or request.is_chat)
        begun = False
        with permit:
            try:
                if request.is_chat and not backend.capabilities.chats:
                    raise BackendUnsupportedError(f"{backend.name} completes code; it does not continue conversations")
                stream = backend.stream(request)
                async with aclosing(stream):
                    while (chunk := await deadline.wait_for(stream)) is not None:
                        begun = True
                        yield chunk
                permit.succeeded()
            except BackendError as error:
                if error.counts:
                    permit.failed()
                raise
            except GeneratorExit:  # the reader has enough; a backend that has answered works
                if begun:
                    permit.succeeded()
                raise


class Deadline:
    """`seconds` for all chunks of a stream together, or `per_gap` for each of them."""

    def __init__(self, seconds: float, *, per_gap: bool) -> None:
        self._seconds = seconds
        self._per_gap = per_gap
        self._at = asyncio.get_running_loop().time() + seconds

    async def wait_for(self, stream: AsyncIterator[TokenChunk]) -> TokenChunk | None:
        """The next chunk; None at the end of the stream. Raises `BackendTimeoutError`."""
        when = asyncio.get_running_loop().time() + self._seconds if self._per_gap else self._at
        try:
            async with asyncio.timeout_at(when):
                return await anext(stream, None)
        except TimeoutError as error:
            raise BackendTimeoutError(f"no answer within {self._seconds:g} s") from error
