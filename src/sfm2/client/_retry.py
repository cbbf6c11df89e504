"""Whether to send a request again, and after how many seconds. Pure.

Full jitter between 0 and a bound that doubles (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015), on top of the
server's `Retry-After`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from sfm2.retry_after import retry_after

FIRST_BOUND, LAST_BOUND = 0.5, 8.0  # seconds
LONGEST_WAIT = 60.0  # seconds; a server that asks for more gets no second request
_REFUSED = frozenset({408, 409, 429, 503})  # nothing was done yet
_FAILED = frozenset({500, 502, 504})  # something may have been
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, and how long to wait in between."""

    retries: int = 2
    """Tries after the first one"""
    jitter: Callable[[], float] = random.random
    """Gives numbers in [0, 1)"""

    def after_response(self, attempt: int, response: httpx.Response, repeatable: bool) -> float | None:
        """Seconds to wait before the next try; None: do not try again. `attempt` counts from 0."""
        status = response.status_code
        if status not in _REFUSED and not (repeatable and status in _FAILED):
            return None
        return self._wait(attempt, retry_after(response.headers))

    def after_error(self, attempt: int, error: httpx.HTTPError, repeatable: bool) -> float | None:
        """As `after_response`, for a request without a response.

        Repeating it after a read timeout would double a model's work: only what never reached the server is sent again.
        """
        safe = isinstance(error, _NOT_SENT) or (repeatable and isinstance(error, httpx.TransportError))
        return self._wait(attempt, None) if safe else None

    def _wait(self, attempt: int, asked: float | None) -> float | None:
        if attempt >= self.retries or (asked is not None and asked > LONGEST_WAIT):
            return None
        backoff = self.jitter() * min(LAST_BOUND, FIRST_BOUND * 2.0 ** min(attempt, 16))
        return backoff if asked is None else asked + backoff
