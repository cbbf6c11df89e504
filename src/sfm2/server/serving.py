"""uvicorn, in this process or over several workers."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from sfm2.config import Settings
from sfm2.server import handover
from sfm2.server.app import create_app
from sfm2.server.logs import log_config
from sfm2.server.rates import Rates
from sfm2.server.shared_engine import shared_engine
from sfm2.server.store import AsyncStore, Store

# Seconds for last bytes to leave. Running requests have had `api.shutdown_timeout` before: see `draining`.
_LAST_BYTES = 3
_FACTORY = "sfm2.server.app:from_environment"


def build(settings: Settings) -> uvicorn.Config:
    """What `run` serves: the app itself, or where workers find it. Raises `ConfigError` before anything starts."""
    log = log_config(settings.log.level)
    if settings.api.workers == 1:
        return configure(create_app(settings), settings, log)
    Rates.configured(settings, AsyncStore(Store.in_folder(settings.storage.data_dir)))
    return configure(_FACTORY, settings, log)


def run(config: uvicorn.Config, settings: Settings, listener: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C; both end it well. Raises `SystemExit` when it could not start."""
    with suppress(KeyboardInterrupt), _ending_well():
        if settings.api.workers == 1:
            uvicorn.Server(config).run(sockets=[listener])
        else:
            _run_workers(config, settings, listener)


def _run_workers(config: uvicorn.Config, settings: Settings, listener: socket.socket) -> None:
    with shared_engine(settings) as engine, _exported({handover.VARIABLE: handover.encode(settings), **engine}):
        workers = Multiprocess(config, sockets=[listener])
        workers.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
        raise SystemExit(STARTUP_FAILURE)


def configure(app: FastAPI | str, settings: Settings, log: dict[str, Any] | None) -> uvicorn.Config:
    """uvicorn's options. X-Forwarded-For is not trusted: it is anybody's claim."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.api.workers,
        log_config=log,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_BYTES,
    )


@contextmanager
def _ending_well() -> Iterator[None]:
    """uvicorn raises the signal that ended it once more: to whom we set here, so that SIGTERM exits with 0."""
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


@contextmanager
def _exported(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables for child processes started meanwhile."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
