"""Writes that no request waits for: gathered in memory, written once a second."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sfm2.errors import ConfigError

FLUSH_INTERVAL = 1.0  # seconds; what a crash can lose
_log = logging.getLogger(__name__)


class Background:
    """Calls `write` once a second while something is due, and at the end. What fails then stays due."""

    def __init__(self, what: str, write: Callable[[], Awaitable[None]]) -> None:
        self._what = what
        self._write = write
        self._due = asyncio.Event()

    def due(self) -> None:
        """There is something to write."""
        self._due.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._write_regularly())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try()

    async def _write_regularly(self) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(FLUSH_INTERVAL)
            await self._try()

    async def _try(self) -> None:
        self._due.clear()
        try:
            await self._write()
        except (sqlite3.Error, ConfigError) as error:
            self._due.set()
            _log.warning("%s could not be written, trying again later: %s", self._what, error)
