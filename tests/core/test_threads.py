"""Threads that are started before they are needed."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from sfm2.core.threads import started


def test_all_threads_of_a_pool_run_and_none_is_busy() -> None:
    async def scenario(pool: ThreadPoolExecutor) -> None:
        await started(pool, 4)
        before = threading.active_count()
        loop = asyncio.get_running_loop()
        names = [await loop.run_in_executor(pool, lambda: threading.current_thread().name) for _ in range(8)]
        assert threading.active_count() == before
        assert all(name.startswith("early") for name in names)

    with ThreadPoolExecutor(4, "early") as pool:
        asyncio.run(scenario(pool))
        assert len([thread for thread in threading.enumerate() if thread.name.startswith("early")]) == 4
