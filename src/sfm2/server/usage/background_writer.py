"""Writes to the store that no request waits for: gathered in memory, written once a second."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sfm2.errors import ConfigError

FLUSH_INTERVAL = 1.0
"""Seconds between writes: at most that much is lost when the process crashes"""
_log = logging.getLogger(__name__)


class BackgroundWriter:
    """Calls `write` once a second while there is something to write, and once more at the end.

    A write that fails is repeated; `what` names the data in the log.
    """

    def __init__(self, what: str, write: Callable[[], Awaitable[None]]) -> None:
        self._what = what
        self._write = write
        self._pending = asyncio.Event()

    def schedule(self) -> None:
        """Note that there is something to write."""
        self._pending.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write regularly within this context, and everything that is left at its end."""
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
            await self._pending.wait()
            await asyncio.sleep(FLUSH_INTERVAL)
            await self._try()

    async def _try(self) -> None:
        self._pending.clear()
        try:
            await self._write()
        except (sqlite3.Error, ConfigError) as error:
            self._pending.set()
            _log.warning("%s could not be written, trying again later: %s", self._what, error)
