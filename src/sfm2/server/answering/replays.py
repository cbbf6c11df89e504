"""Responses to requests with an `Idempotency-Key`: the same request again gets the same response, and costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import TTLCache

from sfm2.errors import IdempotencyConflictError, RequestInProgressError

_OVERHEAD = 1_000  # bytes of a response besides its body, about
_AGAIN = 1.0  # seconds after which to ask for what is in progress


@dataclass(frozen=True)
class WholeResponse:
    """A response as it was sent."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True)
class _Given:
    request: str
    response: WholeResponse


class Replays:
    """By the client and its key. At most `size` bytes are kept, each response for `ttl` seconds, by `clock`."""

    def __init__(self, size: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._running: dict[tuple[str, str], str] = {}
        self._given: TTLCache[tuple[str, str], _Given] = TTLCache(
            size, ttl, timer=clock, getsizeof=lambda given: _OVERHEAD + len(given.response.body)
        )

    def begin(self, client: str, key: str, request: str) -> WholeResponse | None:
        """The response to this request, if it was given before; None: it begins now, and must `end`.

        `request` tells requests apart. Raises `IdempotencyConflictError` if another came with this key, and
        `RequestInProgressError` while this one is being answered.
        """
        name = (client, key)
        given = self._given.get(name)
        before = self._running.get(name) or (given and given.request)
        if before and before != request:
            raise IdempotencyConflictError("this Idempotency-Key came with another request before")
        if name in self._running:
            raise RequestInProgressError("the request with this Idempotency-Key is being answered", retry_after=_AGAIN)
        if given is not None:
            return given.response
        self._running[name] = request
        return None

    def keep(self, client: str, key: str, response: WholeResponse) -> None:
        """The request that has begun has this response, which is kept from now on, if there is room for so much."""
        name = (client, key)
        if _OVERHEAD + len(response.body) <= self._given.maxsize:
            self._given[name] = _Given(self._running[name], response)
        self.end(client, key)

    def end(self, client: str, key: str) -> None:
        """It is over: without a response that is kept, it may be sent again. Calling it again is harmless."""
        self._running.pop((client, key), None)
