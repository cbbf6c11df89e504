"""An event loop on a daemon thread, for blocking callers. It never keeps the interpreter from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_LOOK_AGAIN = 1.0  # seconds; an interrupt may swallow the wake-up


class LoopThread:
    """Runs coroutines for blocking callers, from any thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`. Interrupted (Ctrl-C), it cancels the work and waits for its end first."""
        tasks: list[asyncio.Task[T]] = []
        ended = _Latch()

        def start() -> None:
            tasks.append(self._loop.create_task(work))
            tasks[0].add_done_callback(lambda task: ended.open())

        def stop() -> None:
            if tasks:
                tasks[0].cancel()
            else:  # interrupted before it began
                work.close()
                ended.open()

        try:
            self._loop.call_soon_threadsafe(start)
            ended.wait()
            return tasks[0].result()
        except BaseException:
            self._loop.call_soon_threadsafe(stop)
            ended.wait()
            raise

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Latch:
    """Opened once, from another thread.

    `threading.Event` and `Future` share a lock between both sides: an interrupt just after the waiting one has taken it
    leaves it taken for good, and the other side waits for ever. Here the opening side never waits.
    """

    def __init__(self) -> None:
        self._is_open = False
        self._wake = threading.Lock()
        self._wake.acquire()

    def open(self) -> None:
        self._is_open = True
        self._wake.release()

    def wait(self) -> None:
        while not self._is_open:
            self._wake.acquire(timeout=_LOOK_AGAIN)
