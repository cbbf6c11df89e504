"""An event loop in which time passes only while all tasks wait, and then at once; work on threads takes none of it."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack
from unittest.mock import patch

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class NobodyWakesError(Exception):
    """Every task waits, and for nothing that will ever come."""


class _Selector(selectors.SelectSelector):
    now = 0.0
    on_threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.on_threads:
            return super().select(None if timeout != 0 else 0)
        if timeout is None:
            raise NobodyWakesError
        self.now += timeout
        return []  # nothing but threads ever writes to it


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector: _Selector) -> None:
        super().__init__(selector)
        self._virtual = selector

    def time(self) -> float:
        return self._virtual.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        self._virtual.on_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _: asyncio.Future[Any]) -> None:
        self._virtual.on_threads -= 1


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. What asks `time.monotonic` gets the loop's time."""
    selector = _Selector()
    with (
        patch.object(time, "monotonic", lambda: selector.now),
        asyncio.Runner(loop_factory=lambda: _Loop(selector)) as runner,
    ):
        return runner.run(work)
