"""Writes to the store that no request waits for: gathered in memory, written once a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sfm2.errors import StorageUnavailableError
from sfm2.server.usage.outage import WAIT, unavailable

FLUSH_INTERVAL = 1.0
"""Seconds between writes: at most that much is lost when the process crashes"""
_log = logging.getLogger(__name__)


class BackgroundWriter:
    """Calls `write` once a second while there is something to write, and once more at the end.

    A write that fails is repeated; `what` names the data in the log. `write` keeps what it could not write.
    """

    def __init__(self, what: str, write: Callable[[], Awaitable[None]]) -> None:
        self._what = what
        self._write = write
        self._pending = asyncio.Event()
        self._writing = asyncio.Lock()
        self.failing = False
        """Whether the last write failed"""

    def schedule(self) -> None:
        """Note that there is something to write."""
        self._pending.set()

    async def write_now(self) -> None:
        """Write what there is, and wait `WAIT` seconds for it at most. What could not be written is tried again later."""
        await asyncio.wait([asyncio.ensure_future(self._try())], timeout=WAIT)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Within this context nothing is being written. Raises `StorageUnavailableError` if a write takes too long."""
        try:
            async with asyncio.timeout(WAIT):
                await self._writing.acquire()
        except TimeoutError as error:
            raise unavailable("it is slow to write") from error
        try:
            yield
        finally:
            self._writing.release()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write regularly within this context, and everything that is left at its end."""
        task = asyncio.create_task(self._write_regularly())
        try:
            yield
        finally:
            async with self._writing:  # Never cancel a write: nobody would know whether it happened.
                task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try()
            if self.failing:
                _log.error("%s: what was not written yet is lost", self._what)

    async def _write_regularly(self) -> None:
        while True:
            await self._pending.wait()
            await asyncio.sleep(FLUSH_INTERVAL)
            await self._try()

    async def _try(self) -> None:
        async with self._writing:
            self._pending.clear()
            try:
                await self._write()
            except StorageUnavailableError as error:
                self._pending.set()
                if not self.failing:
                    _log.warning("%s could not be written, trying again every second: %s", self._what, error)
                self.failing = True
            else:
                if self.failing:
                    _log.warning("%s could be written again", self._what)
                self.failing = False
