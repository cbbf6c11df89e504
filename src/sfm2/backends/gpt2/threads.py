"""Blocking work in daemon threads, awaited from the event loop.

Daemon threads, because a download or a load can't be interrupted and must not hold up the end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


def run(work: Callable[[], T]) -> asyncio.Future[T]:
    """Begins `work` in a thread of its own. Cancelling the future does not stop the thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    future.add_done_callback(_seen)
    threading.Thread(target=_settle, args=(work, loop, future), daemon=True).start()
    return future


def _settle(work: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 (it is raised where the future is awaited)
        _call(loop, _fail, future, error)
    else:
        _call(loop, _succeed, future, result)


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    with suppress(RuntimeError):  # the loop is closed: the result is no longer awaited
        loop.call_soon_threadsafe(callback, *arguments)


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def _seen(future: asyncio.Future[T]) -> None:
    # Mark the error as retrieved: it stays in the future, for the next caller that awaits it.
    if not future.cancelled():
        future.exception()


class ThreadedIterator(Generic[T]):
    """The items of a blocking iterator, made in a thread that runs ahead of the reader.

    `done` settles when the thread has ended. After `stop` the thread ends with the item it is making.
    """

    def __init__(self, items: Callable[[], Iterator[T]]) -> None:
        self._items = items
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[T] | None] = asyncio.Queue()
        self._stopped = threading.Event()
        self.done = run(self._work)
        self.done.add_done_callback(lambda _: self._queue.put_nowait(None))

    def __aiter__(self) -> ThreadedIterator[T]:
        return self

    async def __anext__(self) -> T:
        item = await self._queue.get()
        if item is None:
            await self.done
            raise StopAsyncIteration
        return item[0]

    def stop(self) -> None:
        """End the thread after the item it is making."""
        self._stopped.set()

    def _work(self) -> None:
        for item in self._items():
            if self._stopped.is_set():
                return
            _call(self._loop, self._queue.put_nowait, (item,))
