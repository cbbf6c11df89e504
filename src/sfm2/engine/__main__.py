"""The engine's process: `python -m sfm2.engine`. Started by the supervisor, with its task as JSON in the environment.

It serves on a listening socket that it inherits, tells on standard output what becomes of loading, and ends when its
standard input closes: that is how it notices that its parent has died.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import traceback
from typing import Any

import openvino
import uvicorn

from sfm2.engine.app import Engine, create_app
from sfm2.engine.conversion import ModelFacts
from sfm2.engine.pipeline import Plan
from sfm2.engine.plan import device_for
from sfm2.engine.presets import preset
from sfm2.engine.task import VARIABLE, Launch, Task
from sfm2.engine.worker import Worker
from sfm2.errors import ConfigError


def main() -> None:
    launch = Launch.model_validate_json(os.environ.pop(VARIABLE))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(launch))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


async def _serve(launch: Launch) -> None:
    task = launch.task
    engine = Engine(task)
    config = uvicorn.Config(create_app(engine, launch.key), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_work, args=(engine, task, loop), daemon=True).start()
    await server.serve(sockets=[socket.socket(fileno=launch.socket)])
    # The worker may be in the middle of a step, which cannot be interrupted; nothing is left to save.
    sys.stdout.flush()
    os._exit(0)


def _work(engine: Engine, task: Task, loop: asyncio.AbstractEventLoop) -> None:
    """Load, then work. Without it the process is of no use, so it ends with it."""
    status = 1
    try:
        device = device_for(task.device, openvino.Core().available_devices)
        worker = engine.worker = Worker(_plan(task, device.name), task.adapter, task.most_pipelines, task.base_too)
        _tell(ready=f"{task.name} on {device.name}" + (f"; {device.note}" if device.note else ""))
        worker.run(lambda seconds: _give_way(loop, seconds))
        status = 0
    except ConfigError as error:
        _tell(failed=f"{error.message}. {error.suggestion}", final=True)
    except RuntimeError as error:  # what OpenVINO raises
        _tell(failed=str(error), final=False)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def _plan(task: Task, device: str) -> Plan:
    facts = ModelFacts.read(task.folder)
    context = min(task.context, facts.context_length)
    return Plan(task.folder, facts, preset(task.preset), device, task.cache_bytes, context)


def _give_way(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Wait until the loop has gone round twice: once to take the tokens, once to write them out."""
    written = threading.Event()
    loop.call_soon_threadsafe(loop.call_soon, written.set)
    written.wait(seconds)


def _tell(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
