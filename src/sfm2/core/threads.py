"""Threads that run before they are needed.

To start one, Python waits until it runs. On a machine whose processors are all busy that may take a tenth of a second, and
it is the event loop that waits, for each thread of a pool that grows under the first crowd.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

_PATIENCE = 5.0  # seconds; what has not started by then starts when it is needed


async def started(pool: ThreadPoolExecutor, count: int) -> None:
    """Start `count` threads of `pool`, which has that many and nothing to do."""
    together = threading.Barrier(count)
    loop = asyncio.get_running_loop()
    waits = [loop.run_in_executor(pool, _meet, together) for _ in range(count)]
    await asyncio.gather(*waits)


def _meet(together: threading.Barrier) -> None:
    """As long as not all are here, none is free to do the work of another."""
    try:
        together.wait(_PATIENCE)
    except threading.BrokenBarrierError:
        return
