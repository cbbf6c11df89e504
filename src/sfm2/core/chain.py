"""The fallback chain: backends in order, each behind a circuit breaker, with the reason for every step.

The chain is the only retry loop. A backend that has sent its first piece to somebody who watches is never replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from sfm2.backends.base import Ask, Backend, Piece
from sfm2.core.breaker import Breaker
from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    BackendNotConfiguredError,
    BackendTimeoutError,
    ModelUnavailableError,
    PromptTooLongError,
)
from sfm2.types import Attempt

T = TypeVar("T")
Opener: TypeAlias = Callable[[Ask], AsyncGenerator[Piece, None]]
Reader: TypeAlias = Callable[[Opener], Awaitable[T]]
UNSURE = "low_confidence"
RETRY_WHILE_LOADING = 5.0  # seconds that a client is told to wait while weights load


@dataclass
class Trail:
    """What one request met on its way through the chain."""

    attempts: list[Attempt] = field(default_factory=list)
    errors: list[BackendError | PromptTooLongError] = field(default_factory=list)

    def note(self, backend: str, error: BackendError | PromptTooLongError) -> None:
        reason = error.reason if isinstance(error, BackendError) else error.code
        self.attempts.append(Attempt(backend=backend, reason=reason, message=error.message))
        self.errors.append(error)

    def note_open(self, backend: str, seconds: float) -> None:
        message = f"failed repeatedly; it is tried again in {seconds:.0f} s"
        self.attempts.append(Attempt(backend=backend, reason="circuit_open", message=message))

    def note_unsure(self, backend: str) -> None:
        message = "its confidence is below fallback.min_confidence"
        self.attempts.append(Attempt(backend=backend, reason=UNSURE, message=message))

    def exhausted(self) -> ModelUnavailableError | PromptTooLongError:
        """The error when nobody could answer."""
        for error in self.errors:
            if isinstance(error, PromptTooLongError):
                return error
        causes = "; ".join(f"{attempt.backend}: {attempt.message}" for attempt in self.attempts)
        loading = any(isinstance(error, BackendLoadingError) for error in self.errors)
        return ModelUnavailableError(
            f"SFM-2 model is currently unavailable ({causes})",
            fallback_model=self._last_fallback(),
            retry_after=RETRY_WHILE_LOADING if loading else None,
            details={"attempts": [attempt.model_dump() for attempt in self.attempts]},
        )

    def _last_fallback(self) -> str | None:
        tried = [a.backend for a in self.attempts[1:] if a.reason != BackendNotConfiguredError.reason]
        return tried[-1] if tried else None


class Chain:
    """`timeout` is in seconds: for a whole answer, and for each gap of a stream."""

    def __init__(self, backends: Sequence[Backend], breaker: Callable[[], Breaker], timeout: float) -> None:
        self._links = [Link(backend, breaker(), timeout) for backend in backends]

    @property
    def backends(self) -> list[Backend]:
        return [link.backend for link in self._links]

    async def collect(
        self, read: Reader[T], trail: Trail, only: str | None = None, rank: Callable[[T], float] | None = None
    ) -> tuple[str, T]:
        """The answering backend's name, and what `read` made of its pieces. Raises when the chain is exhausted.

        `rank` says how far an answer is from being good enough: 0 or more is; of those below, the best is taken when no
        backend does better.
        """
        return await self._first(lambda link: link.collect(read), trail, only, rank)

    async def open(self, ask: Ask, trail: Trail, only: str | None = None) -> tuple[str, AsyncGenerator[Piece, None]]:
        """As `collect`, for somebody who watches: returns once a backend has sent its first piece."""
        return await self._first(lambda link: link.open(ask), trail, only)

    async def _first(
        self,
        attempt: Callable[[Link], Awaitable[T]],
        trail: Trail,
        only: str | None,
        rank: Callable[[T], float] | None = None,
    ) -> tuple[str, T]:
        poor: list[tuple[float, str, T]] = []
        for link in self._links:
            name = link.backend.name
            if only not in (None, name):
                continue
            if not link.breaker.allow():
                trail.note_open(name, link.breaker.remaining())
                continue
            try:
                answer = await attempt(link)
            except (BackendError, PromptTooLongError) as error:
                trail.note(name, error)
                continue
            if rank is None or (distance := rank(answer)) >= 0:
                return name, answer
            poor.append((distance, name, answer))
            trail.note_unsure(name)
        return _best(poor, trail)


class Link:
    """A backend behind its breaker and its time limit."""

    def __init__(self, backend: Backend, breaker: Breaker, timeout: float) -> None:
        self.backend = backend
        self.breaker = breaker
        self._timeout = timeout

    async def collect(self, read: Reader[T]) -> T:
        """`read` may open more than one stream; the time limit holds for all of them together."""
        with self._judged():
            async with self._limited():
                result = await read(lambda ask: _generator(self.backend.stream(ask)))
            self.breaker.succeeded()
            return result

    async def open(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        stream = _generator(self.backend.stream(ask))
        try:
            with self._judged():
                async with self._limited():
                    first = await anext(stream)
        except BaseException:
            await stream.aclose()
            raise
        return self._rest(first, stream)

    async def _rest(self, first: Piece, stream: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        with self._judged():
            async with aclosing(stream):
                piece: Piece | None = first
                while piece is not None:
                    yield piece
                    async with self._limited():
                        piece = await anext(stream, None)
            self.breaker.succeeded()

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Tells the breaker how it went, whatever the way out."""
        try:
            yield
        except BackendError as error:
            (self.breaker.failed if error.counts else self.breaker.abandoned)()
            raise
        finally:
            self.breaker.abandoned()

    @asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError as error:
            raise BackendTimeoutError(f"no answer within {self._timeout:g} s") from error


def _best(poor: list[tuple[float, str, T]], trail: Trail) -> tuple[str, T]:
    """The surest of the unsure answers. The trail then tells only of those that it beat, or that failed."""
    if not poor:
        raise trail.exhausted()
    _, name, answer = max(poor, key=lambda candidate: candidate[0])
    trail.attempts = [a for a in trail.attempts if (a.backend, a.reason) != (name, UNSURE)]
    return name, answer


def _generator(stream: AsyncIterator[Piece]) -> AsyncGenerator[Piece, None]:
    # Backends are written as async generators; the protocol says only what callers need of them.
    return cast("AsyncGenerator[Piece, None]", stream)
