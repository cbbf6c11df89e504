"""How late the event loop is: what blocks it makes everybody wait, health checks, too."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

INTERVAL = 0.05
"""Seconds between measurements"""
WINDOW = 60.0
"""Seconds that are looked back on"""
BOUNDS = (0.01, 0.1, 1.0)
"""Seconds; a lag is counted under the first of them that it does not exceed"""
BEYOND = "inf"


class LoopLag:
    """Sleeps, and measures how much later than asked for it is woken."""

    def __init__(self) -> None:
        self._lags: deque[tuple[float, float]] = deque()  # when it was measured, and the lag

    @property
    def most(self) -> float:
        """The greatest lag of the window, in seconds."""
        return max((lag for _, lag in self._recent()), default=0.0)

    @property
    def counts(self) -> dict[str, int]:
        """How often in the window the loop was late by at most so many seconds, and by more than the bound before."""
        found = Counter(next((f"{bound:g}" for bound in BOUNDS if lag <= bound), BEYOND) for _, lag in self._recent())
        return {name: found[name] for name in (*(f"{bound:g}" for bound in BOUNDS), BEYOND)}

    @asynccontextmanager
    async def measuring(self) -> AsyncIterator[None]:
        """Measure within this context."""
        task = asyncio.create_task(self._measure())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def add(self, lag: float) -> None:
        """Note a lag, in seconds."""
        self._lags.append((time.monotonic(), lag))
        self._recent()

    async def _measure(self) -> None:
        while True:
            expected = time.monotonic() + INTERVAL
            await asyncio.sleep(INTERVAL)
            self.add(max(0.0, time.monotonic() - expected))

    def _recent(self) -> deque[tuple[float, float]]:
        """What was measured in the window; what is older is forgotten."""
        while self._lags and self._lags[0][0] < time.monotonic() - WINDOW:
            self._lags.popleft()
        return self._lags
