"""A load that runs once, in a thread, and whose failure is remembered until there is a point in trying again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from sfm2.backends.gpt2 import threads

T = TypeVar("T")
RETRY_AFTER = 30.0  # seconds


class LazyLoader(Generic[T]):
    """`mark` describes what `load` depends on (files and their times): a failure is forgotten when it changes, or after
    30 seconds. `clock` gives seconds.
    """

    def __init__(
        self, load: Callable[[], T], mark: Callable[[], Hashable], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._mark = mark
        self._clock = clock
        self._future: asyncio.Future[T] | None = None
        self._began: Hashable = None
        self._retry_at = 0.0

    def begin(self) -> asyncio.Future[T]:
        """The load under way or done; a new one when there is none, or when the last failure has gone stale."""
        if self._future is None or self._stale(self._future):
            self._began = self._mark()
            self._future = threads.run(self._load)
            self._future.add_done_callback(self._note)
        return self._future

    @property
    def running(self) -> bool:
        """Whether a load is under way."""
        return self._future is not None and not self._future.done()

    @property
    def result(self) -> T | None:
        """What was loaded; None while there is nothing."""
        if self._future is None or self.running or self._future.exception() is not None:
            return None
        return self._future.result()

    @property
    def failure(self) -> BaseException | None:
        """Why the last load failed; None if it did not."""
        return None if self._future is None or self.running else self._future.exception()

    def forget(self) -> None:
        """Let the result go; the next `begin` loads again."""
        self._future = None

    def _note(self, _: asyncio.Future[T]) -> None:
        self._retry_at = self._clock() + RETRY_AFTER

    def _stale(self, future: asyncio.Future[T]) -> bool:
        if not future.done() or future.exception() is None:
            return False
        return self._clock() >= self._retry_at or self._mark() != self._began
