"""The fallback chain: a backend made of backends. Each is behind a circuit breaker, and every step has its reason.

The first chunk of each backend names it. When a backend fails after its first chunk, the next one starts over if nobody
watches the stream; otherwise the error ends it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace

from sfm2.backends.base import Backend, Capabilities
from sfm2.breaker import CircuitBreaker, Permit
from sfm2.core.attempt_span import AttemptSpan
from sfm2.core.health import CAN_ANSWER
from sfm2.core.trace import FallbackTrace
from sfm2.engines.base import EngineLoad
from sfm2.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnsupportedError,
    InvalidRequestError,
    PromptTooLongError,
    RequestTimeoutError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import BackendHealth, BackendStatus

_TICK = 0.005  # seconds; uvloop's timers are up to two milliseconds early by its own clock


@dataclass(frozen=True)
class ChainLink:
    """A backend behind its circuit breaker."""

    backend: Backend
    breaker: CircuitBreaker

    async def permit(self) -> Permit | None:
        """Leave to ask the backend now, or None: it keeps failing, and has not been replaced since."""
        return self.breaker.permit() or (self.breaker.permit() if await self._is_renewed() else None)

    async def health(self) -> BackendHealth:
        """The backend's, unless it is left alone: then it can't answer, whatever it says of itself."""
        found = await self.backend.health()
        if found.status not in CAN_ANSWER or self.breaker.remaining() == 0 or await self._is_renewed():
            return found
        reason = f"failed repeatedly; it is tried again in {self.breaker.remaining():.0f} s"
        if self.breaker.cause is not None:
            reason = f"{reason}: {self.breaker.cause.message}"
        return found.model_copy(update={"status": BackendStatus.UNAVAILABLE, "reason": reason})

    async def is_failure(self, error: BackendError, permit: Permit) -> bool:
        """Whether the breaker counts `error`. No answer in time is no failure of a backend that works for others."""
        if not isinstance(error, BackendTimeoutError):
            return error.counts
        return error.counts and not permit.others_served and not await self.backend.works()

    async def _is_renewed(self) -> bool:
        began = await self.backend.began()
        if began is not None:
            self.breaker.renewed(began)
        return self.breaker.remaining() == 0


class Chain(Backend):
    """Asks its backends in order.

    `timeout` is in seconds: for a whole completion, or with a stream that is watched and with a conversation for each gap.
    A request's own `deadline` comes first. Where either ends a stream that has begun, the last chunk says so by its
    `finish_reason` "time".
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
            reads_excerpts=any(one.reads_excerpts for one in found),
        )

    def reads_excerpts(self, name: str) -> bool:
        """Whether the backend of this name looks at code of other files."""
        return any(one.name == name and one.capabilities.reads_excerpts for one in self.backends)

    async def start(self) -> None:
        await asyncio.gather(*(backend.start() for backend in self.backends))

    async def ready(self) -> None:
        """Wait until the first backend can answer, or can't for good."""
        await self.backends[0].ready()

    async def aclose(self) -> None:
        await asyncio.gather(*(backend.aclose() for backend in self.backends))

    async def health(self) -> BackendHealth:
        """That of the first backend."""
        return await self._links[0].health()

    async def variant(self) -> str:
        """Of all its backends."""
        return " ".join([await backend.variant() for backend in self.backends])

    async def healths(self) -> dict[str, BackendHealth]:
        """Of each backend by name, in the order they are asked."""
        found = await asyncio.gather(*(link.health() for link in self._links))
        return {link.backend.name: health for link, health in zip(self._links, found, strict=True)}

    async def loads(self) -> dict[str, EngineLoad]:
        """Of each backend that says how much its engine has to do, by name."""
        found = {backend.name: await backend.load() for backend in self.backends}
        return {name: load for name, load in found.items() if load is not None}

    async def named(self, name: str) -> str:
        """The name of the backend that is called so, or that has a model of this name.

        Raises `InvalidRequestError` that lists what there is.
        """
        models = {backend.name: (await backend.health()).model for backend in self.backends}
        for backend, model in models.items():
            if name in (backend, model):
                return backend
        known = ", ".join(f"{backend} ({model})" if model else backend for backend, model in models.items())
        raise InvalidRequestError(f"model: {name!r} is not in the chain; expected one of {known}")

    async def stream(
        self,
        request: GenerationRequest,
        *,
        trace: FallbackTrace | None = None,
        only: str | None = None,
        after: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        """`trace` records what is tried. `only` names the one backend to ask, `after` the last one not to ask.

        Raises `ModelUnavailableError` with every cause when no backend could answer, and `APITimeoutError` when the time of
        the request is over.
        """
        trace = trace or FallbackTrace()
        for link in self._chosen(only, after):
            if is_past(request.deadline):
                raise trace.too_late()
            permit = await link.permit()
            if permit is None:
                trace.circuit_open(link.backend.name, link.breaker)
                continue
            begun = False
            try:
                async with aclosing(self._attempt(link, permit, request)) as chunks:
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
        self, link: ChainLink, permit: Permit, request: GenerationRequest
    ) -> AsyncGenerator[TokenChunk, None]:
        """The stream of one backend, with its time limit. The circuit breaker learns how it went, whatever the way out."""
        backend = link.backend
        deadline = Deadline(self._timeout, request.deadline, per_gap=request.streaming or request.is_chat)
        begun = False
        span = AttemptSpan(backend.name)
        with permit, _told(span):
            try:
                if request.is_chat and not backend.capabilities.chats:
                    raise BackendUnsupportedError(f"{backend.name} completes code; it does not continue conversations")
                async with aclosing(deadline.chunks(backend.stream(request))) as chunks:
                    async for chunk in chunks:
                        begun = True
                        permit.alive()
                        span.saw(chunk)
                        yield chunk
                permit.succeeded()
            except BackendError as error:
                if await link.is_failure(error, permit):
                    permit.failed(error)
                raise
            except GeneratorExit:  # the reader has enough; a backend that has answered works
                if begun:
                    permit.succeeded()
                raise


@contextmanager
def _told(span: AttemptSpan) -> Iterator[None]:
    """Tell `span` how what is done within this context ends."""
    try:
        yield
    except GeneratorExit:
        span.ended()
        raise
    except BaseException as error:
        span.ended(error)
        raise
    span.ended()


class Deadline:
    """`seconds` for all chunks of a stream together, or `per_gap` for each of them. All come until `latest`, by the loop's
    clock."""

    def __init__(self, seconds: float, latest: float | None = None, *, per_gap: bool) -> None:
        self._seconds = seconds
        self._latest = math.inf if latest is None else latest
        self._per_gap = per_gap
        self._at = asyncio.get_running_loop().time() + seconds

    async def chunks(self, stream: AsyncGenerator[TokenChunk, None]) -> AsyncGenerator[TokenChunk, None]:
        """Those that come in time. One more ends a stream that has begun; one that has not raises `BackendTimeoutError`."""
        begun = False
        async with aclosing(stream):
            try:
                while (chunk := await self._next(stream)) is not None:
                    begun = True
                    yield chunk
            except BackendTimeoutError:
                if not begun:
                    raise
                yield TokenChunk("", finish_reason="time")

    async def _next(self, stream: AsyncIterator[TokenChunk]) -> TokenChunk | None:
        when = asyncio.get_running_loop().time() + self._seconds if self._per_gap else self._at
        try:
            async with asyncio.timeout_at(min(when, self._latest)):
                return await anext(stream, None)
        except TimeoutError as error:
            if self._latest < when:
                raise RequestTimeoutError("no answer within the time of the request") from error
            raise BackendTimeoutError(f"no answer within {self._seconds:g} s") from error


def is_past(deadline: float | None) -> bool:
    """Whether nobody waits any more; `deadline` by the event loop's clock, None: never."""
    return deadline is not None and deadline - _TICK <= asyncio.get_running_loop().time()
