"""Waiting for what happens elsewhere: in another thread, another process, on a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE = 0.02  # seconds between two looks


def until(condition: Callable[[], T], seconds: float = 10.0, what: str | Callable[[], str] = "") -> T:
    """The first true value of `condition`, which is called again and again.

    Raises `AssertionError` after `seconds`; it says `what` was waited for, and the last value.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(_failure(condition, seconds, what, value))
        time.sleep(_PAUSE)
    return value


async def until_async(
    condition: Callable[[], T | Awaitable[T]], seconds: float = 10.0, what: str | Callable[[], str] = ""
) -> T:
    """As `until`, without blocking the event loop; `condition` may be a coroutine function."""
    deadline = time.monotonic() + seconds
    while not (value := await _called(condition)):
        if time.monotonic() > deadline:
            raise AssertionError(_failure(condition, seconds, what, value))
        await asyncio.sleep(_PAUSE)
    return value


async def _called(condition: Callable[[], T | Awaitable[T]]) -> T:
    value = condition()
    return await value if isinstance(value, Awaitable) else value


def _failure(condition: Callable[[], object], seconds: float, what: str | Callable[[], str], value: object) -> str:
    described = what if isinstance(what, str) else what()
    name = described or getattr(condition, "__qualname__", repr(condition))
    return f"not within {seconds:g} s: {name}; the last value was {value!r}"
