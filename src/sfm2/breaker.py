"""Circuit breaker: a backend that keeps failing is left alone for a while (Nygard, "Release It!", 2007).

closed --failures in a row--> open --recovery seconds--> half open --first sign of life--> closed
                                ^------------failure--------'
                                '--a new life of the backend-----------------------------^
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sfm2.errors import BackendError


class CircuitBreaker:
    """Counts failures of one backend in a row. `clock` gives seconds and never goes back; None: `time.monotonic`."""

    def __init__(self, failures: int, recovery: float, clock: Callable[[], float] | None = None) -> None:
        """`failures` in a row open it, for `recovery` seconds."""
        self._limit = failures
        self._recovery = recovery
        self._clock = clock or time.monotonic
        self._failures = 0
        self._opened_at: float | None = None
        self._probe: Permit | None = None
        self._alive_at: float | None = None
        self.cause: BackendError | None = None
        """The last failure"""

    def permit(self) -> Permit | None:
        """Leave to ask the backend now, or None. While half open, one request gets it in each `recovery` seconds: a probe
        that has nothing to show by then may only be long."""
        if self._opened_at is None:
            return Permit(self, self._clock())
        if self.remaining() > 0 or (self._probe is not None and self._clock() < self._probe.given_at + self._recovery):
            return None
        self._probe = Permit(self, self._clock())
        return self._probe

    def insist(self) -> Permit:
        """Leave to ask it all the same, for who has nobody else to ask."""
        return Permit(self, self._clock())

    def remaining(self) -> float:
        """Seconds until the backend is tried again; 0 when it may be asked."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._recovery - self._clock())

    def renewed(self, began: float) -> None:
        """The backend's present life began then, by the same clock. What failed before says nothing of it."""
        if self._opened_at is not None and began > self._opened_at:
            self._close()

    def _alive(self, permit: Permit) -> None:
        self._alive_at = self._clock()
        if permit is self._probe:
            self._close(failures=self._limit - 1)  # one more opens it again, until a request succeeds

    def _alive_since(self, permit: Permit) -> bool:
        return self._alive_at is not None and self._alive_at >= permit.given_at

    def _succeeded(self, permit: Permit) -> None:
        self._close()

    def _close(self, failures: int = 0) -> None:
        self._failures = failures
        self._opened_at = None
        self._probe = None

    def _failed(self, permit: Permit, cause: BackendError) -> None:
        self.cause = cause
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

    def __init__(self, breaker: CircuitBreaker, given_at: float) -> None:
        self._breaker = breaker
        self.given_at = given_at

    def alive(self) -> None:
        """The backend has sent something. That closes a half-open circuit, without waiting for the rest."""
        self._breaker._alive(self)

    @property
    def others_served(self) -> bool:
        """Whether the backend has sent anybody anything since this leave was given."""
        return self._breaker._alive_since(self)

    def succeeded(self) -> None:
        """The backend works: close the circuit."""
        self._breaker._succeeded(self)

    def failed(self, cause: BackendError) -> None:
        """One failure more."""
        self._breaker._failed(self, cause)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._breaker._released(self)
