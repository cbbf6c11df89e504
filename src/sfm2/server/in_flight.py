"""Work that runs for clients: it ends when its client leaves, and when the server has to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from sfm2.asgi import Receive, while_connected
from sfm2.errors import ModelUnavailableError

T = TypeVar("T")
RETRY_ELSEWHERE = 1.0  # seconds; another server is behind the balancer, or this one is back soon


class InFlight:
    """Knows running work, refuses more once draining, and can end all of it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False
        self._aborted = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def draining(self) -> bool:
        return self._draining

    async def run(self, receive: Receive, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `work`, which is cancelled when the client leaves or the time for draining is over.

        To be called when the request's body has been read. Raises `ClientGoneError`, or `ModelUnavailableError` when
        the server stops.
        """
        if self._draining:
            raise _shutting_down()
        return await while_connected(receive, self._registered(work))

    def drain(self) -> None:
        """Take no more work."""
        self._draining = True

    async def finish(self, seconds: float) -> None:
        """Wait until nothing runs; after `seconds` end what still does."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        self.abort()
        await self._idle.wait()

    def abort(self) -> None:
        """End all work now."""
        self._aborted = True
        for task in self._tasks:
            task.cancel()

    async def _registered(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._idle.clear()
        try:
            return await work()
        except asyncio.CancelledError:
            if self._aborted:
                raise _shutting_down() from None
            raise
        finally:
            self._tasks.discard(task)
            if not self._tasks:
                self._idle.set()


def _shutting_down() -> ModelUnavailableError:
    return ModelUnavailableError(
        "the server is shutting down", suggestion="Ask again in a moment", retry_after=RETRY_ELSEWHERE
    )
