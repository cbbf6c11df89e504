"""One engine for several worker processes: their parent runs it, on its own thread."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sfm2.config import Settings
from sfm2.core.loop_thread import LoopThread
from sfm2.engines.registry import program_for, shared_environment
from sfm2.engines.supervision.supervisor import Supervisor


@contextmanager
def shared_engine(settings: Settings) -> Iterator[dict[str, str]]:
    """Run the engine within this context. Yields the environment variables by which workers find it.

    They are none if the settings need no engine here.
    """
    if "sfm2" not in settings.fallback.chain or settings.models.sfm2.url is not None:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="sfm2-") as folder:
        state_file = Path(folder) / "engine.json"
        thread = LoopThread("sfm2-engine")
        supervisor = thread.run(_started(settings, state_file))
        try:
            yield shared_environment(supervisor, state_file)
        finally:
            thread.run(supervisor.aclose())
            thread.close()


async def _started(settings: Settings, state_file: Path) -> Supervisor:
    supervisor = Supervisor(program_for(settings), state_file=state_file)
    await supervisor.start()
    return supervisor
