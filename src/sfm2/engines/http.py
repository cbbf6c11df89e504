"""What clients of engines share of HTTP: the connection, and our errors in place of the library's."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from sfm2.engines.client import EngineAddress
from sfm2.errors import BackendError, BackendTimeoutError

T = TypeVar("T")
CONNECT_TIMEOUT = 5.0
"""Seconds that an engine has to accept a connection"""
KEEP_ALIVE = 1.0
"""Seconds that an idle connection is kept: much less than uvicorn's 5, as a busy engine may close it under a request."""


def connected(address: EngineAddress, timeout: float) -> httpx.AsyncClient:
    """`timeout` is in seconds, for each wait on the connection."""
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=KEEP_ALIVE)
    return httpx.AsyncClient(
        base_url=address.url,
        headers={**headers, "Content-Type": "application/json"},
        timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
        limits=limits,
        transport=httpx.AsyncHTTPTransport(uds=address.file, limits=limits) if address.file else None,
        trust_env=False,  # a proxy has no business between us and the engine
        verify=_certificates(),
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Reading them takes longer than an engine takes to say who it is."""
    return httpx.create_ssl_context(trust_env=False)


@asynccontextmanager
async def translated_errors(protocol: str) -> AsyncIterator[None]:
    """Raises our errors in place of httpx's, and for an answer that is not in `protocol`, which is its name for people."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise BackendError("the engine cannot be reached: it accepts no connection") from error
    except httpx.TimeoutException as error:
        raise BackendTimeoutError("the engine did not answer in time") from error
    except httpx.HTTPError as error:
        raise BackendError(f"the engine cannot be reached or died: {_why(error)}") from error
    except ValidationError as error:
        raise _not_in(protocol, error) from error


def _why(error: BaseException) -> str:
    """Its kind, and the words of the first cause that has any: httpx's own errors may have none."""
    found: BaseException | None = error
    while found is not None and not str(found):
        found = found.__cause__ or found.__context__
    return f"{type(error).__name__}: {found}".rstrip(".") if found else type(error).__name__


def parsed(content: bytes, kind: TypeAdapter[T], protocol: str) -> T:
    """What `content` says. Raises `BackendError` when it is not in `protocol`."""
    try:
        return kind.validate_json(content)
    except ValidationError as error:
        raise _not_in(protocol, error) from error


def _not_in(protocol: str, error: ValidationError) -> BackendError:
    return BackendError(f"the engine does not speak {protocol}: {error.errors()[0]['msg']}")
