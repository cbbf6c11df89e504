"""Requests in flight: each ends when its client leaves; when the server shuts down, new ones are refused with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from sfm2.asgi import Receive, while_connected
from sfm2.errors import ModelUnavailableError
from sfm2.server.process.sessions import Sessions

T = TypeVar("T")
RETRY_AFTER = 1.0
"""Seconds after which a refused client should try again: the balancer has another server then, or this one has restarted"""


class InFlight:
    """Knows the running work, refuses more while draining, and can end all of it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sessions = Sessions()
        self._draining = False
        self._aborted = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def draining(self) -> bool:
        """Whether new work is refused."""
        return self._draining

    @property
    def count(self) -> int:
        """Requests that are being answered."""
        return len(self._tasks)

    async def run(self, receive: Receive, work: Callable[[], Coroutine[Any, Any, T]], session: str | None = None) -> T:
        """The result of `work`, which is cancelled when the client leaves, when the time for draining is over, or when a
        newer request of the same `session` runs.

        The request's body must have been read. Raises `ClientGoneError`, `ReplacedError`, `ModelUnavailableError` when the
        server is shutting down, and what `work` raises.
        """
        if self._draining:
            raise _shutting_down()
        task = asyncio.create_task(self._sessions.run(session, work))
        self._tasks.add(task)
        self._idle.clear()
        try:
            return await while_connected(receive, task)
        except asyncio.CancelledError:
            if self._aborted and task.cancelled():
                raise _shutting_down() from None
            raise
        finally:
            self._tasks.discard(task)
            if not self._tasks:
                self._idle.set()

    def drain(self) -> None:
        """Refuse new work from now on."""
        self._draining = True

    async def finish(self, seconds: float) -> None:
        """Wait until nothing runs; after `seconds`, end what still does."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        self.abort()
        await self._idle.wait()

    def abort(self) -> None:
        """End all work now."""
        self._aborted = True
        for task in self._tasks:
            task.cancel()


def _shutting_down() -> ModelUnavailableError:
    return ModelUnavailableError(
        "the server is shutting down", suggestion="Ask again in a moment", retry_after=RETRY_AFTER
    )
