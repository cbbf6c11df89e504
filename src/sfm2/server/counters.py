"""Usage statistics: counted in memory, written to the store once a second.

So that workers share them, and restarts keep them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from sfm2.errors import ConfigError
from sfm2.server import feedback, latency
from sfm2.server.background import Background
from sfm2.server.exchange import Exchange
from sfm2.server.store import AsyncStore, Store, add
from sfm2.types import Outcome, Stats

_MODEL, _ERROR = "model:", "error:"


class Counters:
    """Exact for this process; what other workers counted arrives within `FLUSH_INTERVAL`."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._started = time.monotonic()
        self._pending: Counter[str] = Counter()
        self._writer = Background("usage statistics", self._flush)

    def count(self, exchange: Exchange) -> None:
        self._pending.update(changes(exchange))
        self._writer.due()

    async def stats(self) -> Stats:
        await self._flush()
        rows = await self._store.run(lambda store: store.read("SELECT name, value FROM counters"))
        return summary(dict(rows), time.monotonic() - self._started)

    def flushing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second while there is something to write, and at the end."""
        return self._writer.running()

    async def _flush(self) -> None:
        taken, self._pending = self._pending, Counter()
        if not taken:
            return
        try:
            await asyncio.shield(self._store.run(lambda store: _add(store, taken)))
        except (sqlite3.Error, ConfigError):
            self._pending.update(taken)
            self._writer.due()
            raise


def changes(exchange: Exchange) -> dict[str, float]:
    """What one finished request adds to the counters. A batch is one request."""
    found: dict[str, float] = {"requests": 1}
    if exchange.succeeded:
        seconds = exchange.seconds
        found |= {"successes": 1, "seconds": seconds, latency.counter(seconds): 1}
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
    outcomes = {str(outcome): int(counters.get(feedback.COUNTER + outcome, 0)) for outcome in Outcome}
    return Stats(
        total_requests=int(counters.get("requests", 0)),
        successful_requests=successes,
        average_response_time=round(counters.get("seconds", 0) / successes, 6) if successes else 0.0,
        latency=latency.percentiles(counters),
        model_usage=_named(counters, _MODEL),
        errors=_named(counters, _ERROR),
        fallbacks=int(counters.get("fallbacks", 0)),
        tokens_generated=int(counters.get("tokens", 0)),
        uptime=round(uptime, 3),
        feedback=outcomes,
        acceptance_rate=_acceptance_rate(outcomes),
    )


def _acceptance_rate(outcomes: Mapping[str, int]) -> float | None:
    """What was edited was of use, too."""
    told = sum(outcomes.values())
    return round(1 - outcomes[Outcome.REJECTED] / told, 6) if told else None


def _named(counters: Mapping[str, float], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): int(value) for name, value in sorted(counters.items()) if name.startswith(prefix)
    }


def _add(store: Store, changed: Mapping[str, float]) -> None:
    with store.transaction() as connection:
        add(connection, changed)
