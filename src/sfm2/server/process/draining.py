"""What SIGTERM and Ctrl-C do: running requests finish, `/health/ready` reports it, then uvicorn stops.

uvicorn alone closes its listening socket at once, so that no load balancer could read the readiness. Here it gets the signal
only when the last request is done, or the time is over. A second Ctrl-C ends what still runs.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sfm2.server.process.in_flight import InFlight

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def draining_on_signals(in_flight: InFlight, timeout: float) -> Iterator[None]:
    """Within this context, the signals drain `in_flight` for at most `timeout` seconds, then reach their earlier handlers.

    Outside the main thread (a server inside another program), signals belong to that program and are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    drain = _Drain(in_flight, timeout)
    try:
        yield
    finally:
        drain.restore()


class _Drain:
    """Handles the signals while it exists, until `restore`."""

    def __init__(self, in_flight: InFlight, timeout: float) -> None:
        self._in_flight = in_flight
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._interrupts = 0
        self._previous = {number: signal.signal(number, self._received) for number in _SIGNALS}

    def restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _received(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._begin, number, frame)

    def _begin(self, number: int, frame: FrameType | None) -> None:
        # A worker gets one Ctrl-C from the terminal and a SIGTERM from its parent: only a second Ctrl-C means "now".
        self._interrupts += number == signal.SIGINT
        if self._interrupts > 1:
            self._in_flight.abort()
        if self._task is None:
            self._in_flight.drain()
            self._task = self._loop.create_task(self._finish(number, frame))

    async def _finish(self, number: int, frame: FrameType | None) -> None:
        await self._in_flight.finish(self._timeout)
        handler = self._previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        else:  # No handler was set before us: the default action.
            self.restore()
            signal.raise_signal(number)


def stop_with_parent() -> None:
    """In a worker process: shut down as on SIGTERM when the parent process dies."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="sfm2-parent", daemon=True).start()
