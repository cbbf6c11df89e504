"""Circuit breaker: a backend that keeps failing is left alone for a while (Nygard, "Release It!", 2007).

closed --failures in a row--> open --recovery seconds--> half open --success--> closed
                                ^------------failure--------'
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class CircuitBreaker:
    """Counts failures of one backend in a row. `clock` gives seconds and never goes back."""

    def __init__(self, failures: int, recovery: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`failures` in a row open it, for `recovery` seconds."""
        self._limit = failures
        self._recovery = recovery
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probe: Permit | None = None

    def permit(self) -> Permit | None:
        """Leave to ask the backend now, or None. While half open, one request at a time gets it."""
        if self._opened_at is None:
            return Permit(self)
        if self._probe is not None or self.remaining() > 0:
            return None
        self._probe = Permit(self)
        return self._probe

    def remaining(self) -> float:
        """Seconds until the backend is tried again; 0 when it may be asked."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._recovery - self._clock())

    def _succeeded(self, permit: Permit) -> None:
        self._failures = 0
        self._opened_at = None
        self._probe = None

    def _failed(self, permit: Permit) -> None:
        self._failures += 1
        if permit is self._probe or self._failures >= self._limit:
            self._opened_at = self._clock()
        self._released(permit)

    def _released(self, permit: Permit) -> None:
        if permit is self._probe:
            self._probe = None


class Permit:
    """Leave for one request. Only the request that holds it can end a half-open state.

    Use it in `with`: leaving without a verdict (cancelled, or refused for reasons of the request) counts for nothing.
    """

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    def succeeded(self) -> None:
        """The backend works: close the circuit."""
        self._breaker._succeeded(self)

    def failed(self) -> None:
        """One failure more."""
        self._breaker._failed(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._breaker._released(self)
