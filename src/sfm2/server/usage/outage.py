"""While a storage can't be used: requests are told so at once, and one of them a second tries it again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar

from sfm2.errors import StorageUnavailableError

T = TypeVar("T")

WAIT = 1.0
"""Seconds that a request waits for a storage at most"""
RETRY_AFTER = 2.0
"""Seconds after which clients may ask again"""
_PAUSE = 1.0  # Seconds between two tries while it can't be used.
_log = logging.getLogger(__name__)


class Outage:
    """Whether a storage can be used, as the last try found it. Logs once when that ends, and once when it is back.

    `name` stands for the storage in the log.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.error: StorageUnavailableError | None = None
        """Why it can't be used; None: it can, as far as is known"""
        self._next_try = 0.0

    def check(self) -> None:
        """Raise the error that is known, unless it is time to try again."""
        if self.error is None:
            return
        now = time.monotonic()
        if now < self._next_try:
            raise fresh(self.error)
        self._next_try = now + _PAUSE

    def failed(self, error: StorageUnavailableError) -> None:
        """Note that a try failed."""
        if self.error is None or self.error.message != error.message:
            _log.warning("%s: %s; %s", self.name, error.message, error.suggestion)
        self.error = error
        self._next_try = time.monotonic() + _PAUSE

    def worked(self) -> None:
        """Note that a try succeeded."""
        if self.error is not None:
            _log.warning("%s: it can be used again", self.name)
        self.error = None


def unavailable(cause: str, suggestion: str | None = None) -> StorageUnavailableError:
    """The error for a store that can't be used because of `cause`, in words. It names no path: strangers may read it."""
    return StorageUnavailableError(
        f"the server's store can't be used: {cause}", suggestion=suggestion, retry_after=RETRY_AFTER
    )


def fresh(error: StorageUnavailableError) -> StorageUnavailableError:
    """The same error to be raised once more: an exception gathers a traceback each time it is raised."""
    return StorageUnavailableError(error.message, suggestion=error.suggestion, retry_after=error.retry_after)


async def within_wait(work: Awaitable[T]) -> T:
    """The result of `work`, which has `WAIT` seconds and is cancelled then. Raises `StorageUnavailableError`.

    What is done when the time is up counts, even if this task was kept from noticing for long.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait([task], timeout=WAIT)
        if not done:
            raise unavailable(f"it did not answer within {WAIT:.0f} s", "Look at the load of the disk and the machine")
        return task.result()
    finally:
        task.cancel()
