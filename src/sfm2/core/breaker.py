"""Circuit breaker: a backend that keeps failing is left alone for a while (Nygard, "Release It!", 2007).

closed --failures in a row--> open --recovery seconds--> half open --success--> closed
                                ^------------failure--------'
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Counts failures of one backend. `clock` gives seconds and never goes back."""

    def __init__(self, failures: int, recovery: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = failures
        self._recovery = recovery
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    def allow(self) -> bool:
        """Whether to ask the backend now. When half open, one request at a time may try."""
        if self._opened_at is None:
            return True
        if self._probing or self.remaining() > 0:
            return False
        self._probing = True
        return True

    def remaining(self) -> float:
        """Seconds until the backend is tried again; 0 when it may be asked."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._recovery - self._clock())

    def succeeded(self) -> None:
        self._failures = 0
        self._opened_at = None
        self._probing = False

    def failed(self) -> None:
        self._failures += 1
        if self._probing or self._failures >= self._limit:
            self._opened_at = self._clock()
        self._probing = False

    def abandoned(self) -> None:
        """The request ended without a verdict: cancelled, or refused for reasons of its own."""
        self._probing = False
