"""Where the work on syntax runs: not on the event loop, which answers everybody.

A thread for ordinary texts and one for long ones, so that they never wait for each other. Two are enough: Python runs one
at a time, and the more want to, the longer the loop waits for its turn (5 ms for each). A text that is long stays long, so
all work for a request is done by one thread, one piece after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from sfm2.core.threads import started
from sfm2.syntax.parsing.parsing_time import ParsingTime

LONG = 50_000
"""Characters. Of ordinary files nearly all are shorter, and take milliseconds."""

P = ParamSpec("P")
T = TypeVar("T")


class SyntaxThreads:
    """The threads of all requests; they start with the first of their work, or before."""

    def __init__(self) -> None:
        self._ordinary = ThreadPoolExecutor(1, "sfm2-syntax")
        self._long = ThreadPoolExecutor(1, "sfm2-syntax-long")

    async def start(self) -> None:
        """Start them now."""
        await asyncio.gather(started(self._ordinary, 1), started(self._long, 1))

    def close(self) -> None:
        """What runs is not waited for; what has not begun is dropped."""
        for pool in (self._ordinary, self._long):
            pool.shutdown(wait=False, cancel_futures=True)

    def for_text(self, characters: int, time: ParsingTime) -> SyntaxThread:
        """The thread for a request about so long a text, whose parsing may take `time`."""
        return SyntaxThread(self._long if characters > LONG else self._ordinary, time)


class SyntaxThread:
    """Does the work of one request, in the order in which it is given."""

    def __init__(self, pool: ThreadPoolExecutor, time: ParsingTime) -> None:
        self._pool = pool
        self._time = time

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns. To cancel it ends the request's parsing, within milliseconds."""
        job = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        try:
            return await job
        except asyncio.CancelledError:
            self._time.stop()
            raise
