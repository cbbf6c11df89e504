"""A supervised engine for blocking tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfm2.config import Settings
from sfm2.core.loop_thread import LoopThread
from sfm2.engines.llama_cpp.client import EngineAddress
from sfm2.engines.openvino.supervisor import Supervisor


@contextmanager
def running_engine(settings: Settings) -> Iterator[EngineAddress]:
    """Its address, once it has loaded."""
    thread = LoopThread("engine")

    async def start() -> Supervisor:
        supervisor = Supervisor(settings)
        await supervisor.start()
        await supervisor.settled()
        return supervisor

    supervisor = thread.run(start())
    try:
        yield supervisor.address
    finally:
        thread.run(supervisor.aclose())
        thread.close()
