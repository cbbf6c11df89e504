"""Who waits for an engine that stands still is told so, at once rather than when the engine has been replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sfm2.engines.base import EngineHealth, Phase
from sfm2.errors import BackendLoadingError

T = TypeVar("T")
_LOOK_EVERY = 1.0  # seconds


class Wait:
    """One wait after another, which can be ended from outside."""

    def __init__(self) -> None:
        self._now: asyncio.Timeout | None = None
        self._reason = ""

    async def until(self, work: Awaitable[T]) -> T:
        """What `work` gives. Raises `BackendLoadingError` when it is ended before that."""
        try:
            async with asyncio.timeout(None) as self._now:
                return await work
        except TimeoutError as error:
            raise BackendLoadingError(self._reason) from error
        finally:
            self._now = None

    def end(self, reason: str) -> None:
        """Harmless while nobody waits."""
        self._reason = reason
        if self._now is not None:
            self._now.reschedule(0)


@asynccontextmanager
async def while_it_moves(health: Callable[[], Awaitable[EngineHealth]]) -> AsyncIterator[Wait]:
    """Yields a wait that ends when the engine of this `health` is stalled."""
    wait = Wait()
    watch = asyncio.create_task(_watch(wait, health))
    try:
        yield wait
    finally:
        watch.cancel()


async def _watch(wait: Wait, health: Callable[[], Awaitable[EngineHealth]]) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        found = await health()
        if found.phase is Phase.STALLED:
            wait.end(found.reason)
