"""The engine's process: `python -m sfm2.engines.openvino`. The supervisor starts it, with a spec in the environment.

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

import openvino
import uvicorn

from sfm2.engines.openvino.app import create_app
from sfm2.engines.openvino.complaints import plain
from sfm2.engines.openvino.jobs import JobRunner
from sfm2.engines.openvino.pipeline import PipelineConfig
from sfm2.engines.openvino.placement import Device, device_for
from sfm2.engines.openvino.presets import preset
from sfm2.engines.openvino.spec import EngineSpec, LaunchSpec
from sfm2.engines.openvino.worker import Worker
from sfm2.engines.supervision.reports import VARIABLE, FailedLine, Heartbeat, ReadyLine, report
from sfm2.errors import ConfigError
from sfm2.models.facts import ModelFacts


def main() -> None:
    launch = LaunchSpec.model_validate_json(os.environ.pop(VARIABLE))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(launch))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


async def _serve(launch: LaunchSpec) -> None:
    runner = JobRunner(launch.engine)
    config = uvicorn.Config(create_app(runner, launch.key), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_work, args=(runner, loop), daemon=True).start()
    await server.serve(sockets=[socket.socket(fileno=launch.socket)])
    # The worker may be in the middle of a step, which cannot be interrupted; nothing is left to save.
    sys.stdout.flush()
    os._exit(0)


def _work(runner: JobRunner, loop: asyncio.AbstractEventLoop) -> None:
    """Load, then work. Without the worker the process is of no use, so it ends with it."""
    spec, status = runner.spec, 1
    try:
        device = device_for(spec.device, openvino.Core().available_devices)
        worker = Worker(
            _pipeline_config(spec, device.name), spec.adapter, spec.max_pipelines, spec.base_too, runner.pace
        )
        runner.worker = worker
        report(_ready(spec, device, worker))
        worker.run(lambda seconds: _give_way(loop, seconds), Heartbeat())
        status = 0
    except ConfigError as error:
        report(FailedLine(failed=f"{error.message}. {error.suggestion}", final=True))
    except RuntimeError as error:  # what OpenVINO raises
        report(FailedLine(failed=plain(error), final=False))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def _ready(spec: EngineSpec, device: Device, worker: Worker) -> ReadyLine:
    failure = worker.first_failure
    return ReadyLine(
        ready=f"{spec.name} on {device.name}, by OpenVINO" + (f"; {device.note}" if device.note else ""),
        model=spec.name,
        device=device.name,
        adapter=spec.adapter.path.parent.name if spec.adapter and failure is None else None,
        warning=None if failure is None else f"the adapter in use cannot be loaded: {failure}",
    )


def _pipeline_config(spec: EngineSpec, device: str) -> PipelineConfig:
    facts = ModelFacts.read(spec.folder)
    context = min(spec.context, facts.context_length)
    return PipelineConfig(spec.folder, facts, preset(spec.preset), device, spec.cache_bytes, context)


def _give_way(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Wait until the loop has gone round twice: once to take the tokens, once to write them out."""
    written = threading.Event()
    loop.call_soon_threadsafe(loop.call_soon, written.set)
    written.wait(seconds)


if __name__ == "__main__":
    main()
