"""Rate limits: the `limits` library's exact moving window, counted in our store or in Valkey or Redis."""

from __future__ import annotations

import ipaddress
import time
from typing import NamedTuple, TypeAlias

from limits import RateLimitItem, parse
from limits.aio.storage import MovingWindowSupport, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from sfm2.config import Settings
from sfm2.errors import ConfigError, RateLimitError
from sfm2.server.rate_store import StoredRates
from sfm2.server.store import AsyncStore

DEFAULT_RATE = "100/minute"  # where not only this machine can reach the server
Counted: TypeAlias = Storage | MovingWindowSupport


class Window(NamedTuple):
    """Requests: how many at most, how many still. `reset` is the Unix time when the oldest is forgotten."""

    limit: int
    remaining: int
    reset: float


class Rates:
    """`default` is the rate of those who have none of their own; None does not limit them."""

    def __init__(self, default: RateLimitItem | None, storage: Storage) -> None:
        self.default = default
        self._limiter = MovingWindowRateLimiter(storage)

    @classmethod
    def configured(cls, settings: Settings, store: AsyncStore) -> Rates:
        """Raises `ConfigError` for a rate or a storage that `limits` does not know."""
        rate = settings.limits.rate or (None if settings.on_loopback else DEFAULT_RATE)
        return cls(parse_rate(rate) if rate else None, _storage(settings.limits.rate_storage, store))

    async def hit(self, who: str, rate: str | None = None) -> tuple[Window | None, RateLimitError | None]:
        """Count a request of `who`: what is left (None: all they want), and the error when nothing was."""
        item = parse_rate(rate) if rate else self.default
        if item is None:
            return None, None
        allowed = await self._limiter.hit(item, who)
        reset, remaining = await self._limiter.get_window_stats(item, who)
        window = Window(item.amount, max(0, remaining) if allowed else 0, reset)
        return window, None if allowed else _refusal(reset - time.time())


def headers(window: Window) -> dict[str, str]:
    """As the API reference has them."""
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(_ceil(window.reset)),
    }


def parse_rate(text: str) -> RateLimitItem:
    """Raises `ConfigError`."""
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(
            f'"{text}" is no rate: expected a form such as "100/minute" or "5 per 10 seconds"',
            suggestion="Correct limits.rate, or --rate of `sfm2 keys create`",
        ) from error


def address_group(host: str) -> str:
    """Whom a client address stands for: with IPv6, one customer has a whole /64."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))


def _refusal(seconds: float) -> RateLimitError:
    wait = max(1, _ceil(seconds))
    unit = "second" if wait == 1 else "seconds"
    return RateLimitError(f"Rate limit exceeded. Try again in {wait} {unit}", retry_after=wait)


def _ceil(value: float) -> int:
    return -int(-value // 1)


def _storage(uri: str | None, store: AsyncStore) -> Storage:
    if uri is None:
        return StoredRates(store)
    try:
        found = storage_from_string(uri if uri.startswith("async+") else f"async+{uri}")
    except ConfigurationError as error:
        scheme = uri.split(":")[0].removeprefix("async+")
        raise ConfigError(
            f"limits.rate_storage: {error}", suggestion=f"Is it installed? pip install 'limits[async-{scheme}]'"
        ) from error
    assert isinstance(found, Storage)
    return found
