"""What a client is made of, checked once and shared by both shells."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import httpx

import sfm2
from sfm2.client._cache import Cache
from sfm2.client._retry import RetryPolicy
from sfm2.errors import InvalidRequestError

DEFAULT_URL = "http://localhost:8000"
CONNECT_TIMEOUT = 5.0  # seconds
_KEEP_ALIVE = 30.0  # seconds that an idle connection is kept


@dataclass(frozen=True)
class Options:
    """`api_key` is kept out of the representation: those end up in logs."""

    url: str
    api_key: str | None = field(repr=False)
    timeout: float
    policy: RetryPolicy
    cache: Cache | None = field(repr=False)
    max_connections: int
    keep_alive: bool

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
        """Raises `InvalidRequestError` for an address that is none."""
        url = (api_url or os.environ.get("SFM2_API_URL") or DEFAULT_URL).rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise InvalidRequestError(f"api_url: expected http://... or https://..., not {url!r}")
        return cls(
            url=url,
            api_key=api_key or os.environ.get("SFM2_API_KEY") or None,
            timeout=timeout,
            policy=RetryPolicy(max_retries),
            cache=Cache(cache_ttl, cache_size) if enable_cache else None,
            max_connections=max_connections,
            keep_alive=keep_alive,
        )

    def headers(self) -> dict[str, str]:
        """Sent with each request, not set on the connection pool, which may be the caller's."""
        headers = {"User-Agent": f"sfm2-python/{sfm2.__version__}"}
        return {**headers, "Authorization": f"Bearer {self.api_key}"} if self.api_key else headers

    def httpx_timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self.timeout, connect=min(CONNECT_TIMEOUT, self.timeout))

    def pool(self) -> dict[str, Any]:
        """Arguments of httpx's clients. Redirects are not followed: a key must not go to another host."""
        idle = self.max_connections if self.keep_alive else 0
        limits = httpx.Limits(
            max_connections=self.max_connections, max_keepalive_connections=idle, keepalive_expiry=_KEEP_ALIVE
        )
        return {"limits": limits, "follow_redirects": False}
