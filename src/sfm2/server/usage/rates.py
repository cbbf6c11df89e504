"""Rate limits: an exact moving window, counted in our store, or by the `limits` library in Valkey or Redis.

While neither can be asked, each process counts for itself.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import deque
from typing import NamedTuple, Protocol, cast

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from sfm2.config import Settings
from sfm2.errors import ConfigError, RateLimitError, StorageUnavailableError
from sfm2.installation import command_for
from sfm2.server.usage.outage import Outage, unavailable, within_wait
from sfm2.server.usage.store import AsyncStore

DEFAULT_RATE = "100/minute"
"""The rate of a server that other machines can reach, unless `limits.rate` sets another"""
_MAX_CLIENTS = 10_000  # That a process counts by itself at the same time.


class RateWindow(NamedTuple):
    """The state of a client's rate limit."""

    limit: int
    """Requests at most"""
    remaining: int
    """Requests that are left"""
    reset: float
    """Unix time when the oldest counted request leaves the window"""


class RateCounter(Protocol):
    """Counts requests in moving windows. Raises `StorageUnavailableError`."""

    async def hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        """Count a request if the rate allows it: whether it does, and the window then."""
        ...


class StoreCounter:
    """Counts in our own store; all workers share it, and all machines that the store is for."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        name, span = rate.key_for(client), rate.get_expiry()
        found = await self._store.run(lambda store: store.rates.hit(name, rate.amount, span))
        return found.allowed, RateWindow(rate.amount, rate.amount - found.used, time.time() + found.reset)


class LimitsCounter:
    """Counts in a storage of `limits`: a round trip to count, and one to read the window."""

    def __init__(self, storage: Storage) -> None:
        self._limiter = MovingWindowRateLimiter(storage)
        self._outage = Outage("limits.rate_storage")

    async def hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        self._outage.check()
        try:
            found = await within_wait(self._hit(rate, client))
        except StorageUnavailableError as error:
            self._outage.failed(error)
            raise
        self._outage.worked()
        return found

    async def _hit(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        try:
            return await self._asked(rate, client)
        except StorageError as error:
            raise unavailable(f"limits.rate_storage failed: {error.storage_error}") from error

    async def _asked(self, rate: RateLimitItem, client: str) -> tuple[bool, RateWindow]:
        allowed = await self._limiter.hit(rate, client)
        reset, remaining = await self._limiter.get_window_stats(rate, client)
        return allowed, RateWindow(rate.amount, remaining, reset)


class MemoryCounter:
    """Counts in this process: what is left when the storage can't be asked. It begins with an empty window."""

    def __init__(self) -> None:
        self._hits: dict[str, deque[float]] = {}

    def hit(self, rate: RateLimitItem, client: str, now: float) -> tuple[bool, RateWindow]:
        """As `RateCounter.hit`, at the Unix time `now`."""
        name, span = rate.key_for(client), rate.get_expiry()
        hits = self._hits.setdefault(name, deque())
        while hits and hits[0] <= now - span:
            hits.popleft()
        allowed = len(hits) < rate.amount
        if allowed:
            hits.append(now)
        if (
            len(self._hits) > _MAX_CLIENTS
        ):  # Those that came first; strangers with many addresses must not fill the memory.
            del self._hits[next(iter(self._hits))]
        return allowed, RateWindow(rate.amount, rate.amount - len(hits), (hits[0] if hits else now) + span)

    def forget(self) -> None:
        """Forget all hits: the storage counts again."""
        self._hits.clear()


class RateLimiter:
    """Limits how often clients may call. `default` is the rate of clients without their own; None: unlimited.

    A storage that can't be asked refuses nobody: each process counts for itself until the storage is back.
    """

    def __init__(self, default: RateLimitItem | None, counter: RateCounter) -> None:
        self.default = default
        self._counter = counter
        self._local = MemoryCounter()

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
        try:
            allowed, window = await self._counter.hit(item, client)
            self._local.forget()
        except StorageUnavailableError:
            allowed, window = self._local.hit(item, client, time.time())
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
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped:  # of a client with IPv4 where both are listened for
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _refusal(seconds: float) -> RateLimitError:
    wait = max(1, math.ceil(seconds))
    unit = "second" if wait == 1 else "seconds"
    return RateLimitError(f"Rate limit exceeded. Try again in {wait} {unit}", retry_after=wait)


def _counter(uri: str | None, store: AsyncStore) -> RateCounter:
    if uri is None:
        return StoreCounter(store)
    try:
        storage = storage_from_string(uri if uri.startswith("async+") else f"async+{uri}", wrap_exceptions=True)
    except ConfigurationError as error:
        scheme = uri.split(":")[0].removeprefix("async+")
        install = command_for("valkey") if scheme == "valkey" else f"pip install 'limits[async-{scheme}]'"
        raise ConfigError(f"limits.rate_storage: {error}", suggestion=f"Is it installed? {install}") from error
    return LimitsCounter(cast("Storage", storage))  # "async+" names asynchronous storages only
