"""Usage statistics: counted in memory, and written to the store once a second, so that workers share them and restarts
keep them.

A new metric needs a field of `sfm2.types.Stats`, and here a counter in `changes` and its value in `summary`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sfm2.errors import ConfigError
from sfm2.server.usage import feedback, latency
from sfm2.server.usage.background_writer import BackgroundWriter
from sfm2.server.usage.store import AsyncStore, Store, add_to_counters
from sfm2.types import Completion, Explanation, Outcome, Reply, Stats

_MODEL, _ERROR = "model:", "error:"


@dataclass(frozen=True)
class FinishedRequest:
    """What is counted of a request."""

    seconds: float
    """From its arrival to the end of the response"""
    error: str | None = None
    """The code of the error that it ended with; None: it succeeded"""
    answers: Sequence[Completion | Explanation | Reply] = ()
    """What the models answered; a batch is one request with several answers"""


class UsageStats:
    """Exact for this process; what other workers counted arrives within `FLUSH_INTERVAL` seconds."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._started = time.monotonic()
        self._pending: Counter[str] = Counter()
        self._writer = BackgroundWriter("usage statistics", self._flush)

    def count(self, request: FinishedRequest) -> None:
        """Count a request."""
        self._pending.update(changes(request))
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


def changes(request: FinishedRequest) -> dict[str, float]:
    """What a request adds to the counters."""
    found: dict[str, float] = {"requests": 1}
    if request.error is None:
        found |= {"successes": 1, "seconds": request.seconds, latency.counter(request.seconds): 1}
    else:
        found[_ERROR + request.error] = 1
    for model in {answer.model_used for answer in request.answers}:
        found[_MODEL + model] = 1
    if request.answers:
        found["tokens"] = sum(answer.tokens.completion for answer in request.answers)
        found["fallbacks"] = int(any(answer.fallback for answer in request.answers))
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
