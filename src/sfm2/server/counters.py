"""Usage statistics: counted in memory, written to the store once a second.

So that workers share them, and restarts keep them.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from sfm2.errors import ConfigError
from sfm2.server.exchange import Exchange
from sfm2.server.store import AsyncStore, Store
from sfm2.types import Stats

FLUSH_INTERVAL = 1.0  # seconds; what a crash can lose
_MODEL, _ERROR = "model:", "error:"
_log = logging.getLogger(__name__)


class Counters:
    """Exact for this process; what other workers counted arrives within `FLUSH_INTERVAL`."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._started = time.monotonic()
        self._pending: Counter[str] = Counter()
        self._dirty = asyncio.Event()

    def count(self, exchange: Exchange) -> None:
        self._pending.update(changes(exchange))
        self._dirty.set()

    async def stats(self) -> Stats:
        await self._flush()
        rows = await self._store.run(lambda store: store.read("SELECT name, value FROM counters"))
        return summary(dict(rows), time.monotonic() - self._started)

    @asynccontextmanager
    async def flushing(self) -> AsyncIterator[None]:
        """Write once a second while there is something to write, and at the end."""
        task = asyncio.create_task(self._flush_regularly())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try_flush()

    async def _flush_regularly(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(FLUSH_INTERVAL)
            await self._try_flush()

    async def _try_flush(self) -> None:
        try:
            await self._flush()
        except (sqlite3.Error, ConfigError) as error:
            _log.warning("usage statistics could not be written, trying again later: %s", error)

    async def _flush(self) -> None:
        taken, self._pending = self._pending, Counter()
        self._dirty.clear()
        if not taken:
            return
        try:
            await asyncio.shield(self._store.run(lambda store: _add(store, taken)))
        except (sqlite3.Error, ConfigError):
            self._pending.update(taken)
            self._dirty.set()
            raise


def changes(exchange: Exchange) -> dict[str, float]:
    """What one finished request adds to the counters. A batch is one request."""
    found: dict[str, float] = {"requests": 1}
    if exchange.succeeded:
        found |= {"successes": 1, "seconds": exchange.seconds}
    else:
        found[_ERROR + (exchange.error or "internal_error")] = 1
    for model in {answer.model_used for answer in exchange.answers}:
        found[_MODEL + model] = 1
    if exchange.answers:
        found["tokens"] = sum(answer.tokens.completion for answer in exchange.answers)
        found["fallbacks"] = int(any(answer.fallback for answer in exchange.answers))
    return found


def summary(counters: Mapping[str, float], uptime: float) -> Stats:
    """`average_response_time` is in seconds, over successful requests."""
    successes = int(counters.get("successes", 0))
    return Stats(
        total_requests=int(counters.get("requests", 0)),
        successful_requests=successes,
        average_response_time=round(counters.get("seconds", 0) / successes, 6) if successes else 0.0,
        model_usage=_named(counters, _MODEL),
        errors=_named(counters, _ERROR),
        fallbacks=int(counters.get("fallbacks", 0)),
        tokens_generated=int(counters.get("tokens", 0)),
        uptime=round(uptime, 3),
    )


def _named(counters: Mapping[str, float], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): int(value) for name, value in sorted(counters.items()) if name.startswith(prefix)
    }


def _add(store: Store, changed: Mapping[str, float]) -> None:
    with store.transaction() as connection:
        connection.executemany(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            list(changed.items()),
        )
