"""Rate limits: an exact moving window, counted in our store, or by the `limits` library in Valkey or Redis."""

from __future__ import annotations

import ipaddress
import math
import time
from typing import NamedTuple, Protocol, cast

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from sfm2.config import Settings
from sfm2.errors import ConfigError, RateLimitError
from sfm2.server.usage.store import AsyncStore, Store

DEFAULT_RATE = "100/minute"
"""The rate of a server that other machines can reach, unless `limits.rate` sets another"""


class RateWindow(NamedTuple):
    """The state of a client's rate limit."""

    limit: int
    """Requests at most"""
    remaining: int
    """Requests that are left"""
    reset: float
    """Unix time when the oldest counted request leaves the window"""


class RateCounter(Protocol):
    """Counts requests in moving windows."""

    async def hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        """Count a request if the rate allows it: whether it does, and the window then."""
        ...


class StoreCounter:
    """Counts in our own store, one row a request; all workers share it. One transaction a request."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        return await self._store.run(lambda store: _hit(store, rate, client))


class LimitsCounter:
    """Counts in a storage of `limits`: a round trip to count, and one to read the window."""

    def __init__(self, storage: Storage) -> None:
        self._limiter = MovingWindowRateLimiter(storage)

    async def hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        allowed = await self._limiter.hit(rate, client)
        reset, remaining = await self._limiter.get_window_stats(rate, client)
        return allowed, RateWindow(rate.amount, remaining, reset)


class RateLimiter:
    """Limits how often clients may call. `default` is the rate of clients without their own; None: unlimited."""

    def __init__(self, default: RateLimitItem | None, counter: RateCounter) -> None:
        self.default = default
        self._counter = counter

    @classmethod
    def from_settings(cls, settings: Settings, store: AsyncStore) -> RateLimiter:
        """Raises `ConfigError` for a rate or a storage that `limits` does not know."""
        rate = settings.limits.rate or (None if settings.on_loopback else DEFAULT_RATE)
        return cls(parse_rate(rate) if rate else None, _counter(settings.limits.rate_storage, store))

    async def hit(self, client: str, rate: str | None = None) -> tuple[RateWindow | None, RateLimitError | None]:
        """Count a request of `client`: its window (None: unlimited), and the error if the rate is exceeded.

        `rate` is the client's own, such as "5/second".
        """
        item = parse_rate(rate) if rate else self.default
        if item is None:
            return None, None
        allowed, window = await self._counter.hit(item, client)
        if allowed:
            return window._replace(remaining=max(0, window.remaining)), None
        return window._replace(remaining=0), _refusal(window.reset - time.time())


def parse_rate(text: str) -> RateLimitItem:
    """A rate such as "100/minute". Raises `ConfigError`."""
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(
            f'"{text}" is not a rate: expected a form such as "100/minute" or "5 per 10 seconds"',
            suggestion="Correct limits.rate, or --rate of `sfm2 keys create`",
        ) from error


def address_group(host: str) -> str:
    """The client that an address belongs to: the address itself, but its /64 network with IPv6, which one customer has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))


def _refusal(seconds: float) -> RateLimitError:
    wait = max(1, math.ceil(seconds))
    unit = "second" if wait == 1 else "seconds"
    return RateLimitError(f"Rate limit exceeded. Try again in {wait} {unit}", retry_after=wait)


def _hit(store: Store, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
    name, span = rate.key_for(client), rate.get_expiry()
    with store.transaction() as connection:
        now = time.time()
        connection.execute("DELETE FROM rate_hits WHERE expires_at <= ?", (now,))
        oldest, count = connection.execute(
            "SELECT min(at), count(*) FROM rate_hits WHERE name = ? AND at > ?", (name, now - span)
        ).fetchone()
        allowed = count < rate.amount
        if allowed:
            connection.execute("INSERT INTO rate_hits VALUES (?, ?, ?)", (name, now, now + span))
            count += 1
    return allowed, RateWindow(rate.amount, rate.amount - count, (now if oldest is None else oldest) + span)


def _counter(uri: str | None, store: AsyncStore) -> RateCounter:
    if uri is None:
        return StoreCounter(store)
    try:
        storage = storage_from_string(uri if uri.startswith("async+") else f"async+{uri}")
    except ConfigurationError as error:
        scheme = uri.split(":")[0].removeprefix("async+")
        raise ConfigError(
            f"limits.rate_storage: {error}", suggestion=f"Is it installed? pip install 'limits[async-{scheme}]'"
        ) from error
    return LimitsCounter(cast("Storage", storage))  # "async+" names asynchronous storages only
