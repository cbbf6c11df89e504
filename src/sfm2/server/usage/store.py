"""The store: what outlives a request (keys, counters, rate limits, outcomes). By default one SQLite file."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sfm2.core.threads import started
from sfm2.errors import SFM2Error, StorageUnavailableError
from sfm2.server.usage.outage import Outage, within_wait
from sfm2.server.usage.sqlite.completions import SqliteCompletions
from sfm2.server.usage.sqlite.counters import SqliteCounters, SqliteRates
from sfm2.server.usage.sqlite.file import BUSY_TIMEOUT, FILE_NAME, SqliteFile
from sfm2.server.usage.sqlite.keys import SqliteKeys
from sfm2.server.usage.tables import StoreTables

T = TypeVar("T")


class Store(SqliteFile):
    """The store in a file, which the workers of one machine share: `StoreTables`. For one thread at a time."""

    local = True
    threads = 1

    @classmethod
    def in_folder(cls, data_dir: Path, busy_timeout: float = BUSY_TIMEOUT) -> Store:
        """The store of a data folder (`storage.data_dir`). `busy_timeout`: seconds that a writer waits for another."""
        return cls(data_dir / FILE_NAME, busy_timeout)

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    # Made when they are asked for: a circle of references would keep the file open after the last use of this.

    @property
    def keys(self) -> SqliteKeys:
        """API keys, and the log of what was done to them."""
        return SqliteKeys(self)

    @property
    def completions(self) -> SqliteCompletions:
        """Completions, and what became of them."""
        return SqliteCompletions(self)

    @property
    def counters(self) -> SqliteCounters:
        """Sums by name."""
        return SqliteCounters(self)

    @property
    def rates(self) -> SqliteRates:
        """Requests in moving windows."""
        return SqliteRates(self)

    def ping(self) -> None:
        """Open the file."""
        self.read("SELECT 1")


class AsyncStore:
    """A store on threads of its own, so that a slow disk or network never blocks the event loop."""

    def __init__(self, store: StoreTables) -> None:
        self.place = store.place
        self.local = store.local
        self._store = store
        self._threads = ThreadPoolExecutor(store.threads, thread_name_prefix="sfm2-store")
        self._outage = Outage(store.place)

    @property
    def problem(self) -> StorageUnavailableError | None:
        """Why the store can't be used, as far as is known; None: it can."""
        return self._outage.error

    def absent(self) -> bool:
        """Whether it is certain that there is nothing in it."""
        return self._store.absent()

    async def run(self, work: Callable[[StoreTables], T]) -> T:
        """The result of `work`, for a request: within `WAIT` seconds, and at once while the store can't be used.

        Raises what `work` raises, and `StorageUnavailableError`.
        """
        self._outage.check()
        return await self._watched(within_wait(self._submit(work)))

    async def read_aside(self, work: Callable[[StoreTables], T]) -> T:
        """As `run`, for what reads much and what requests do without: that it is slow does not mark the store as out."""
        self._outage.check()
        return await within_wait(self._watched(self._submit(work)))

    async def run_to_end(self, work: Callable[[StoreTables], T]) -> T:
        """The result of `work`, for what no request waits for: however long it takes. Raises what `work` raises."""
        return await self._watched(self._submit(work))

    async def open(self) -> None:
        """Open the store before the first request waits for that. What fails is logged, and tried again by requests."""
        await started(self._threads, self._store.threads)
        with suppress(StorageUnavailableError):
            await self.run(lambda store: store.ping())

    async def aclose(self) -> None:
        """Close the store, and end its threads."""
        await self._submit(lambda store: store.close())
        self._threads.shutdown()

    def _submit(self, work: Callable[[StoreTables], T]) -> asyncio.Future[T]:
        of_request = contextvars.copy_context()  # the log names the request
        return asyncio.get_running_loop().run_in_executor(self._threads, of_request.run, work, self._store)

    async def _watched(self, work: Awaitable[T]) -> T:
        try:
            result = await work
        except StorageUnavailableError as error:
            self._outage.failed(error)
            raise
        except SFM2Error:  # The store has answered, and `work` does not like the answer.
            self._outage.worked()
            raise
        self._outage.worked()
        return result
