"""Work that several wait for: it is done once, for as long as anybody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Work(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class SharedWork(Generic[T]):
    """By the names of what is to be done: works with the same name give the same."""

    def __init__(self) -> None:
        self._running: dict[str, _Work[T]] = {}

    def runs(self, name: str) -> bool:
        """Whether work with this name is under way, so that `result` only waits for it."""
        return name in self._running

    async def result(self, name: str, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the work with this name gives, which `begin` begins unless it runs already; raises what it raises.

        Who is cancelled waits no longer. When nobody does, the work is cancelled, and has ended when this returns.
        """
        work = self._running.get(name) or self._begun(name, begin)
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if not work.waiting and not work.task.done():
                self._forget(name, work)
                work.task.cancel()
                await asyncio.gather(work.task, return_exceptions=True)

    def _begun(self, name: str, begin: Callable[[], Coroutine[Any, Any, T]]) -> _Work[T]:
        work = _Work(asyncio.create_task(begin()))
        self._running[name] = work
        work.task.add_done_callback(lambda _: self._forget(name, work))
        return work

    def _forget(self, name: str, work: _Work[T]) -> None:
        if self._running.get(name) is work:
            del self._running[name]
