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
SLOW = 5.0  # seconds; a refusal that took longer has cost a model's work, and asking again would multiply the load
_REFUSED = frozenset({408, 409, 429, 503})  # nothing was done yet, where it came quickly
_FAILED = frozenset({500, 502, 504})  # something may have been
_CONFLICT = 409  # goes away where the server says when; else another request has taken the place of this one
_BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, and how long to wait in between."""

    retries: int = 2
    """Tries after the first one"""
    jitter: Callable[[], float] = random.random
    """Gives numbers in [0, 1)"""

    def after_response(self, attempt: int, response: httpx.Response, repeatable: bool, took: float) -> float | None:
        """Seconds to wait before the next try; None: do not try again.

        `attempt` counts from 0, and the response took `took` seconds.
        """
        again = _REFUSED | _FAILED if repeatable else _REFUSED if took < SLOW else frozenset()
        wait = retry_after(response.headers)
        if response.status_code not in again or (response.status_code == _CONFLICT and wait is None):
            return None
        return self._wait(attempt, wait)

    def after_error(
        self, attempt: int, error: httpx.HTTPError, repeatable: bool, *, keyed: bool = False
    ) -> float | None:
        """As `after_response`, for a request without a response.

        What never reached the server is sent again; and what is `keyed`, so that the server knows it again, when the
        connection broke. After a read timeout that would only begin the wait anew.
        """
        again = httpx.TransportError if repeatable else (*_NOT_SENT, *_BROKEN) if keyed else _NOT_SENT
        safe = isinstance(error, again)
        return self._wait(attempt, None) if safe else None

    def _wait(self, attempt: int, asked: float | None) -> float | None:
        if attempt >= self.retries or (asked is not None and asked > LONGEST_WAIT):
            return None
        backoff = self.jitter() * min(LAST_BOUND, FIRST_BOUND * 2.0 ** min(attempt, 16))
        return backoff if asked is None else asked + backoff
