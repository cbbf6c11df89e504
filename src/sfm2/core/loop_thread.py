"""An event loop on a daemon thread, for blocking callers. It never keeps the interpreter from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for blocking callers, from any thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`. Interrupted (Ctrl-C), it cancels the work and waits for its end first."""
        tasks: list[asyncio.Task[T]] = []
        outcome: Future[T] = Future()
        ended = threading.Event()

        def start() -> None:
            tasks.append(self._loop.create_task(work))
            tasks[0].add_done_callback(partial(_pass_on, outcome, ended))

        def stop() -> None:
            if tasks:
                tasks[0].cancel()
            else:  # interrupted before it began
                work.close()
                ended.set()

        try:
            self._loop.call_soon_threadsafe(start)
            return outcome.result()
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


def _pass_on(outcome: Future[T], ended: threading.Event, task: asyncio.Task[T]) -> None:
    if task.cancelled():
        outcome.cancel()
    elif error := task.exception():
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())
    ended.set()
