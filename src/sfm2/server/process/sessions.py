"""Sessions of editors: a newer request ends the older one, whose answer nobody can use any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sfm2.errors import ReplacedError

T = TypeVar("T")


class Sessions:
    """Knows the request of each session that is being answered."""

    def __init__(self) -> None:
        self._latest: dict[str, asyncio.Timeout] = {}

    async def run(self, session: str | None, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives; None: it is of no session. Raises `ReplacedError` when another of its session begins."""
        if session is None:
            return await work()
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._begin(session, limit)
                return await work()
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ReplacedError("a newer request of this session has come") from error
        finally:
            if self._latest.get(session) is limit:
                del self._latest[session]

    def _begin(self, session: str, limit: asyncio.Timeout) -> None:
        if older := self._latest.get(session):
            older.reschedule(asyncio.get_running_loop().time())
        self._latest[session] = limit
