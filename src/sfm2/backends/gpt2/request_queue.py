"""One request at a time, with a short queue of those that wait."""

from __future__ import annotations

import asyncio

from sfm2.errors import BackendOverloadedError


class RequestQueue:
    """At most `waiting` requests queue up; the next one is refused with `BackendOverloadedError`."""

    def __init__(self, waiting: int) -> None:
        self._limit = waiting
        self._waiting = 0
        self._lock = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait for the turn. Raises `BackendOverloadedError` when too many wait already."""
        if self._lock.locked() and self._waiting >= self._limit:
            raise BackendOverloadedError(f"{self._waiting} requests wait already")
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()
