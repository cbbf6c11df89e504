"""Whether to ask again, and after how long. Pure.

Full jitter between nothing and a bound that doubles (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015). A server's
`Retry-After` goes before that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

FIRST_BOUND, LAST_BOUND = 0.5, 8.0  # seconds
LONGEST_WAIT = 60.0  # seconds; a server that wants more gets no second request
_REFUSED = frozenset({408, 409, 429, 503})  # nothing was done yet
_FAILED = frozenset({500, 502, 504})  # something may have been
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class RetryPolicy:
    """`retries` after the first try. `jitter` gives numbers in [0, 1)."""

    retries: int = 2
    jitter: Callable[[], float] = random.random

    def after_response(self, attempt: int, response: httpx.Response, repeatable: bool) -> float | None:
        """Seconds to wait before asking again; None: don't. `attempt` counts from 0."""
        status = response.status_code
        if status not in _REFUSED and not (repeatable and status in _FAILED):
            return None
        asked = retry_after(response.headers)
        return self._wait(attempt, asked)

    def after_error(self, attempt: int, error: httpx.HTTPError, repeatable: bool) -> float | None:
        """Asking again after a read timeout would double a model's work: only what never reached it is sent again."""
        safe = isinstance(error, _NOT_SENT) or (repeatable and isinstance(error, httpx.TransportError))
        return self._wait(attempt, None) if safe else None

    def _wait(self, attempt: int, asked: float | None) -> float | None:
        if attempt >= self.retries or (asked is not None and asked > LONGEST_WAIT):
            return None
        backoff = self.jitter() * min(LAST_BOUND, FIRST_BOUND * 2.0 ** min(attempt, 16))
        return backoff if asked is None else asked + backoff


def retry_after(headers: httpx.Headers, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a server asks to wait: `retry-after-ms`, or `Retry-After` as seconds or a date. None: it says nothing."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now()).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
