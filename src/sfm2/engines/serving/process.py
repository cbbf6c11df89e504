"""The engine's process itself. The supervisor starts it, with a task in the environment.

It serves on a listening socket that it inherits, reports on standard output how loading went, and ends when its
standard input closes: that is how it notices that its parent has died.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn

from sfm2.engines.serving.app import create_app
from sfm2.engines.serving.jobs import JobRunner
from sfm2.engines.serving.runtime import Runtime
from sfm2.engines.serving.spec import ServingSpec, ServingTask
from sfm2.engines.serving.worker import Worker
from sfm2.engines.supervision.reports import FailedLine, Heartbeat, ReadyLine, report
from sfm2.errors import ConfigError


@dataclass(frozen=True)
class Library:
    """How the process gets its runtime."""

    name: str
    """For people."""
    open: Callable[[], tuple[Runtime, str, str]]
    """The runtime, its device's name, and why it is this one where there is something to say. Raises `ConfigError` for
    settings that will never do, and one of `errors`."""
    errors: tuple[type[Exception], ...]
    """What it raises that may not happen the next time."""
    plain: Callable[[BaseException], str]
    """What such an error says, for users."""


def serve(spec: ServingSpec, task: ServingTask, library: Library) -> None:
    """Load and serve until standard input closes."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(spec, task, library))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


async def _serve(spec: ServingSpec, task: ServingTask, library: Library) -> None:
    runner = JobRunner(spec)
    config = uvicorn.Config(create_app(runner, task.key), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_work, args=(runner, loop, library), daemon=True).start()
    await server.serve(sockets=[socket.socket(fileno=task.socket)])
    # The worker may be in the middle of a step, which cannot be interrupted; nothing is left to save.
    sys.stdout.flush()
    os._exit(0)


def _work(runner: JobRunner, loop: asyncio.AbstractEventLoop, library: Library) -> None:
    """Load, then work. Without the worker the process is of no use, so it ends with it."""
    spec, status = runner.spec, 1
    try:
        runtime, device, note = library.open()
        worker = Worker(runtime, spec.adapter, spec.max_pipelines, spec.base_too, runner.pace)
        runner.worker = worker
        report(_ready(spec, f"{device}, by {library.name}" + (f"; {note}" if note else ""), device, worker))
        worker.run(lambda seconds: _give_way(loop, seconds), Heartbeat())
        status = 0
    except ConfigError as error:
        report(FailedLine(failed=f"{error.message}. {error.suggestion}", final=True))
    except library.errors as error:
        report(FailedLine(failed=library.plain(error), final=False))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def _ready(spec: ServingSpec, where: str, device: str, worker: Worker) -> ReadyLine:
    failure = worker.first_failure
    return ReadyLine(
        ready=f"{spec.name} on {where}",
        model=spec.name,
        device=device,
        adapter=spec.adapter.path.parent.name if spec.adapter and failure is None else None,
        warning=None if failure is None else f"the adapter in use cannot be loaded: {failure}",
    )


def _give_way(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Wait until the loop has gone round twice: once to take the tokens, once to write them out."""
    written = threading.Event()
    loop.call_soon_threadsafe(loop.call_soon, written.set)
    written.wait(seconds)
