"""Usage statistics: counted in memory, and written to the store once a second, so that workers share them and restarts
keep them.

A new metric needs a field of `sfm2.types.Stats`, and here a counter in `changes` and its value in `summary`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from sfm2.errors import ConfigError
from sfm2.server.http.context import RequestContext
from sfm2.server.usage import feedback, latency
from sfm2.server.usage.background_writer import BackgroundWriter
from sfm2.server.usage.store import AsyncStore, Store, add_to_counters
from sfm2.types import Outcome, Stats

_MODEL, _ERROR = "model:", "error:"


class UsageStats:
    """Exact for this process; what other workers counted arrives within `FLUSH_INTERVAL` seconds."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._started = time.monotonic()
        self._pending: Counter[str] = Counter()
        self._writer = BackgroundWriter("usage statistics", self._flush)

    def count(self, context: RequestContext) -> None:
        """Count a finished request."""
        self._pending.update(changes(context))
        self._writer.schedule()

    async def stats(self) -> Stats:
        """The statistics as of now. Raises `ConfigError` or `sqlite3.Error` if the store can't be used."""
        await self._flush()
        rows = await self._store.run(lambda store: store.read("SELECT name, value FROM counters"))
        return summary(dict(rows), time.monotonic() - self._started)

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second within this context, and at its end."""
        return self._writer.running()

    async def _flush(self) -> None:
        taken, self._pending = self._pending, Counter()
        if not taken:
            return
        try:
            await asyncio.shield(self._store.run(lambda store: _add(store, taken)))
        except (sqlite3.Error, ConfigError):
            self._pending.update(taken)
            self._writer.schedule()
            raise


def changes(context: RequestContext) -> dict[str, float]:
    """What a finished request adds to the counters. A batch is one request."""
    found: dict[str, float] = {"requests": 1}
    if context.succeeded:
        seconds = context.elapsed
        found |= {"successes": 1, "seconds": seconds, latency.counter(seconds): 1}
    else:
        found[_ERROR + (context.error or "internal_error")] = 1
    for model in {answer.model_used for answer in context.answers}:
        found[_MODEL + model] = 1
    if context.answers:
        found["tokens"] = sum(answer.tokens.completion for answer in context.answers)
        found["fallbacks"] = int(any(answer.fallback for answer in context.answers))
    return found


def summary(counters: Mapping[str, float], uptime: float) -> Stats:
    """The statistics that the counters amount to; `uptime` is in seconds."""
    successes = int(counters.get("successes", 0))
    outcomes = {str(outcome): int(counters.get(feedback.COUNTER + outcome, 0)) for outcome in Outcome}
    return Stats(
        total_requests=int(counters.get("requests", 0)),
        successful_requests=successes,
        average_response_time=round(counters.get("seconds", 0) / successes, 6) if successes else 0.0,
        latency=latency.percentiles(counters),
        model_usage=_with_prefix(counters, _MODEL),
        errors=_with_prefix(counters, _ERROR),
        fallbacks=int(counters.get("fallbacks", 0)),
        tokens_generated=int(counters.get("tokens", 0)),
        uptime=round(uptime, 3),
        feedback=outcomes,
        acceptance_rate=_acceptance_rate(outcomes),
    )


def _acceptance_rate(outcomes: Mapping[str, int]) -> float | None:
    """The share that was accepted or edited; None without feedback."""
    total = sum(outcomes.values())
    return round(1 - outcomes[Outcome.REJECTED] / total, 6) if total else None


def _with_prefix(counters: Mapping[str, float], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): int(value) for name, value in sorted(counters.items()) if name.startswith(prefix)
    }


def _add(store: Store, changed: Mapping[str, float]) -> None:
    with store.transaction() as connection:
        add_to_counters(connection, changed)
