"""Usage statistics: counted in memory, and written to the store once a second, so that workers share them and restarts
keep them.

A new metric needs a field of `sfm2.types.Stats`, and here a counter in `changes` and its value in `summary`.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from sfm2.server.usage import feedback, latency
from sfm2.server.usage.background_writer import BackgroundWriter
from sfm2.server.usage.recent import Recent
from sfm2.server.usage.store import AsyncStore
from sfm2.server.usage.tables import CountedBatch
from sfm2.types import Completion, Explanation, Outcome, Reply, Stats, StatsWindows, WindowStats

MODEL, ERROR, REASON, GUARD, REUSED = "model:", "error:", "fallback:", "guard:", "reused:"
"""Prefixes of counters: by backend, by error code, by the reason of a failed attempt, by what the guard did, by where an
answer came from that no model was asked for"""
Reuse = Literal["shared", "cache", "typed", "replay"]
"""`shared`: the model was answering the same request already; `cache`: it had answered it before; `typed`: it was the rest
of a completion that was typed along; `replay`: the client sent the same request again, and got the same response"""
CACHE_MISSES = "cache_misses"
"""Counts the requests whose answer was looked for among those that are kept, and was not there"""
_IN_WINDOWS = ("requests", "successes", "tokens", ERROR, latency.COUNTER)


@dataclass(frozen=True)
class FinishedRequest:
    """What is counted of a request."""

    seconds: float
    """From its arrival to the end of the response"""
    error: str | None = None
    """The code of the error that it ended with; None: it succeeded"""
    answers: Sequence[Completion | Explanation | Reply] = ()
    """What the models answered; a batch is one request with several answers"""
    reused: Reuse | None = None
    """Where the answers came from that no model was asked for: then their tokens were counted before"""
    cache_missed: bool = False


class UsageStats:
    """Exact for this process; what other workers counted arrives within `FLUSH_INTERVAL` seconds.

    `reading` and `writing` are the same store: a write that waits for another process keeps no reader waiting.
    """

    def __init__(self, reading: AsyncStore, writing: AsyncStore) -> None:
        self._reading = reading
        self._writing = writing
        self._started = time.monotonic()
        self._recent = Recent()
        self._pending: Counter[str] = Counter()  # As many names as there are models, error codes and percentiles.
        # What is being written, perhaps once more: nobody knows whether a write happened that got no answer.
        self._taken: CountedBatch | None = None
        self._name, self._batches = uuid.uuid4().hex, itertools.count(1)
        self._writer = BackgroundWriter("usage statistics", self._write)

    def count(self, request: FinishedRequest) -> None:
        """Count a request."""
        found = changes(request)
        self._pending.update(found)
        self._recent.count({name: value for name, value in found.items() if name.startswith(_IN_WINDOWS)})
        self._writer.schedule()

    async def stats(self) -> Stats:
        """The statistics as of now. Raises as `counters` does."""
        now = self._recent.now()
        async with self._writer.paused():
            counters, windows = await self._reading.read_aside(
                lambda store: (store.counters.all(), store.counters.windows(now))
            )
            windows = self._recent.with_pending(windows, self._taken.steps if self._taken else Counter())
            counters = self._with_pending(counters)
        return summary(counters, time.monotonic() - self._started, windows)

    async def counters(self) -> dict[str, float]:
        """All counters as of now, by name, also while nothing can be written. Raises `StorageUnavailableError`."""
        async with self._writer.paused():
            return self._with_pending(await self._reading.read_aside(lambda store: store.counters.all()))

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second within this context, and at its end."""
        return self._writer.running()

    async def _write(self) -> None:
        if self._taken:
            await self._write_taken(self._taken)
        if self._pending:
            totals, self._pending = self._pending, Counter()
            self._taken = CountedBatch(self._name, next(self._batches), totals, self._recent.take())
            await self._write_taken(self._taken)

    async def _write_taken(self, batch: CountedBatch) -> None:
        now = self._recent.now()
        await self._writing.run_to_end(lambda store: store.counters.add(batch, now))
        self._taken = None

    def _with_pending(self, written: Mapping[str, float]) -> dict[str, float]:
        counters = Counter(written)
        counters.update(self._taken.totals if self._taken else {})
        counters.update(self._pending)
        return dict(counters)


def changes(request: FinishedRequest) -> dict[str, float]:
    """What a request adds to the counters."""
    found: dict[str, float] = {"requests": 1}
    if request.error is None:
        found |= {"successes": 1, "seconds": request.seconds, latency.counter(request.seconds): 1}
    else:
        found[ERROR + request.error] = 1
    if request.cache_missed:
        found[CACHE_MISSES] = 1
    for model in {answer.model_used for answer in request.answers}:
        found[MODEL + model] = 1
    if request.reused:
        return found | {REUSED + request.reused: 1}
    if request.answers:
        found["tokens"] = sum(answer.tokens.completion for answer in request.answers)
        found["prompt_tokens"] = sum(answer.tokens.prompt or 0 for answer in request.answers)
        found["fallbacks"] = int(any(answer.fallback for answer in request.answers))
    return (
        found
        | _of_completions([answer for answer in request.answers if isinstance(answer, Completion)])
        | _tried(request)
    )


def _of_completions(answers: Sequence[Completion]) -> dict[str, float]:
    first = [answer.prompt_time for answer in answers if answer.prompt_time is not None]
    counted = Counter(GUARD + answer.guard.action for answer in answers)
    counted.update(latency.counter(seconds, latency.FIRST) for seconds in first)
    return {**counted, **({"first_token_seconds": sum(first)} if first else {})}


def _tried(request: FinishedRequest) -> Counter[str]:
    """The attempts that failed before another backend answered, by their reason."""
    return Counter(REASON + attempt.reason for answer in request.answers for attempt in answer.fallback)


def summary(counters: Mapping[str, float], uptime: float, windows: Mapping[str, Mapping[str, float]]) -> Stats:
    """The statistics that the counters amount to, and those of windows; `uptime` is in seconds."""
    successes = int(counters.get("successes", 0))
    outcomes = {str(outcome): int(counters.get(feedback.COUNTER + outcome, 0)) for outcome in Outcome}
    return Stats(
        total_requests=int(counters.get("requests", 0)),
        successful_requests=successes,
        average_response_time=round(counters.get("seconds", 0) / successes, 6) if successes else 0.0,
        latency=latency.percentiles(counters),
        model_usage=_with_prefix(counters, MODEL),
        errors=_with_prefix(counters, ERROR),
        fallbacks=int(counters.get("fallbacks", 0)),
        tokens_generated=int(counters.get("tokens", 0)),
        uptime=round(uptime, 3),
        feedback=outcomes,
        acceptance_rate=_acceptance_rate(outcomes),
        windows=StatsWindows(**{name: _window(counted) for name, counted in windows.items()}),
    )


def _window(counters: Mapping[str, float]) -> WindowStats:
    return WindowStats(
        total_requests=int(counters.get("requests", 0)),
        successful_requests=int(counters.get("successes", 0)),
        latency=latency.percentiles(counters),
        errors=_with_prefix(counters, ERROR),
        tokens_generated=int(counters.get("tokens", 0)),
    )


def _acceptance_rate(outcomes: Mapping[str, int]) -> float | None:
    """The share that was accepted or edited; None without feedback."""
    total = sum(outcomes.values())
    return round(1 - outcomes[Outcome.REJECTED] / total, 6) if total else None


def _with_prefix(counters: Mapping[str, float], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): int(value) for name, value in sorted(counters.items()) if name.startswith(prefix)
    }
