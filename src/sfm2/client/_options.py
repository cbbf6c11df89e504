"""The options of a client, checked once. Both clients use them."""

from __future__ import annotations

import math
import os
import weakref
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

import httpx

import sfm2
from sfm2.client._cache import Cache
from sfm2.client._requests import Call
from sfm2.client._retry import RetryPolicy
from sfm2.config import is_loopback
from sfm2.errors import InvalidRequestError
from sfm2.headers import API_KEY, IDEMPOTENCY_KEY, REQUEST_TIMEOUT

DEFAULT_URL = "http://localhost:8000"
CONNECT_TIMEOUT = 5.0  # seconds
LONGEST_WAY = 1.0  # seconds of `timeout` that an answer may need on its way, or a tenth of it
_KEEP_ALIVE = 4.0  # seconds that an idle connection is kept: less than uvicorn's 5, which may close it under a request


@dataclass(frozen=True)
class Options:
    """Valid options. The key and the address, which may hold a password, are left out of `repr`: that ends up in logs."""

    url: str = field(repr=False)
    api_key: str | None = field(repr=False)
    timeout: float
    """Seconds to wait for the next byte"""
    policy: RetryPolicy
    cache: Cache | None = field(repr=False)
    """None: answers are not cached"""
    max_connections: int
    keep_alive: bool
    """Whether idle connections are kept for the next request"""

    @classmethod
    def build(
        cls,
        api_url: str | None,
        api_key: str | None,
        timeout: float,
        max_retries: int,
        enable_cache: bool,
        cache_ttl: float,
        cache_size: int,
        max_connections: int,
        keep_alive: bool,
    ) -> Options:
        """From a client's arguments and the environment. Raises `InvalidRequestError` that names the argument."""
        return cls(
            url=_address(api_url or os.environ.get("SFM2_API_URL") or DEFAULT_URL),
            api_key=_key(api_key or os.environ.get("SFM2_API_KEY") or ""),
            timeout=_seconds("timeout", timeout),
            policy=RetryPolicy(_at_least(0, "max_retries", max_retries)),
            cache=Cache(_seconds("cache_ttl", cache_ttl), _at_least(1, "cache_size", cache_size))
            if enable_cache
            else None,
            max_connections=_at_least(1, "max_connections", max_connections),
            keep_alive=keep_alive,
        )

    def with_limits(self, timeout: float | None, max_retries: int | None) -> Self:
        """A copy with other limits; None keeps the current one. Raises `InvalidRequestError`."""
        policy = self.policy if max_retries is None else RetryPolicy(_at_least(0, "max_retries", max_retries))
        return replace(self, timeout=self.timeout if timeout is None else _seconds("timeout", timeout), policy=policy)

    @property
    def shown(self) -> str:
        """The address for messages: without user and password."""
        url = httpx.URL(self.url)
        return str(url.copy_with(username=None, password=None)) if url.userinfo else self.url

    def headers(self) -> dict[str, str]:
        """The headers of every request. They are not set on the connection pool, which may be the caller's."""
        agent = {"User-Agent": f"sfm2-python/{sfm2.__version__}"}
        if not self.api_key:
            return agent
        if httpx.URL(self.url).userinfo:  # these are a proxy's, and take the header Authorization
            return {**agent, API_KEY: self.api_key}
        return {**agent, "Authorization": f"Bearer {self.api_key}"}

    def headers_of(self, call: Call) -> dict[str, str]:
        """The headers of one call, the same for each try.

        A call that waits for a model tells the server how long: a little less than we do, so that what is there by then
        comes in time. And it has a key by which the server knows it again, so that no try costs a model's work twice.
        """
        headers = self.headers() | call.headers()
        if call.waits:
            headers[REQUEST_TIMEOUT] = f"{self.timeout - min(LONGEST_WAY, self.timeout / 10):g}"
            headers[IDEMPOTENCY_KEY] = uuid4().hex
        return headers

    def httpx_timeout(self) -> httpx.Timeout:
        """`timeout` for httpx, with at most 5 seconds to connect."""
        return httpx.Timeout(self.timeout, connect=min(CONNECT_TIMEOUT, self.timeout))

    def pool(self) -> dict[str, Any]:
        """Arguments of httpx's clients. Redirects are not followed: the key must not go to another host."""
        idle = self.max_connections if self.keep_alive else 0
        limits = httpx.Limits(
            max_connections=self.max_connections, max_keepalive_connections=idle, keepalive_expiry=_KEEP_ALIVE
        )
        return {"limits": limits, "follow_redirects": False, "mounts": self._without_proxy()}

    def _without_proxy(self) -> dict[str, None]:
        """No proxy for this machine, even where the environment names one."""
        host = httpx.URL(self.url).host
        shown = f"[{host}]" if ":" in host else host
        return {f"all://{shown}": None} if is_loopback(host) else {}


def close_with(owner: object, pool: httpx.Client | httpx.AsyncClient) -> None:
    """Close `pool` when `owner` is garbage-collected, for callers who forget to. Asyncio's needs its loop, and is left."""
    if isinstance(pool, httpx.Client):
        weakref.finalize(owner, pool.close)


def _address(text: str) -> str:
    wanted = "api_url: expected http://HOST or https://HOST, perhaps with a port and a path"
    try:
        url = httpx.URL(text.strip())
        url.raw_host.decode("ascii").encode("idna")  # as the resolver will
        known = url.scheme in ("http", "https") and url.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InvalidRequestError(f"{wanted} ({error})") from error
    if not known or url.query or url.fragment:
        raise InvalidRequestError(f"{wanted}, not {url!r}")
    return str(url).rstrip("/")


def _key(text: str) -> str | None:
    """The key without the line end that files have. One that no header can carry is refused here, as httpx's error would
    show it."""
    key = text.strip()
    if not (key.isascii() and key.isprintable()):
        raise InvalidRequestError("api_key: expected printable ASCII characters")
    return key or None


def _seconds(name: str, value: float) -> float:
    if not (isinstance(value, int | float) and value > 0 and math.isfinite(value)):
        raise InvalidRequestError(f"{name}: expected seconds, more than 0, not {value!r}")
    return value


def _at_least(least: int, name: str, value: int) -> int:
    if not isinstance(value, int) or value < least:
        raise InvalidRequestError(f"{name}: expected a whole number from {least}, not {value!r}")
    return value
