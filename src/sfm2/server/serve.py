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
from sfm2.server.app import create_app
from sfm2.server.process import worker_settings
from sfm2.server.process.shared_engine import shared_engine
from sfm2.server.usage.rates import RateLimiter
from sfm2.server.usage.store import AsyncStore, Store

# Seconds for the last bytes to be sent. Running requests have had `api.shutdown_timeout` before: see `draining`.
_LAST_BYTES = 3
_FACTORY = "sfm2.server.app:from_environment"


def build(settings: Settings) -> uvicorn.Config:
    """uvicorn's configuration for `run`: with the app, or with its factory for workers. Raises `ConfigError`."""
    log = log_config(settings.log.level)
    if settings.api.workers == 1:
        return configure(create_app(settings), settings, log)
    # Else each worker would report a wrong rate, after the start.
    RateLimiter.from_settings(settings, AsyncStore(Store.in_folder(settings.storage.data_dir)))
    return configure(_FACTORY, settings, log)


def run(config: uvicorn.Config, settings: Settings, listener: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C; both are a clean end. Raises `SystemExit` if the server can't start."""
    with suppress(KeyboardInterrupt), _sigterm_exits_cleanly():
        if settings.api.workers == 1:
            uvicorn.Server(config).run(sockets=[listener])
        else:
            _run_workers(config, settings, listener)


def _run_workers(config: uvicorn.Config, settings: Settings, listener: socket.socket) -> None:
    own = {worker_settings.VARIABLE: worker_settings.encode(settings)}
    with shared_engine(settings) as engine, _exported(own | engine):
        workers = Multiprocess(config, sockets=[listener])
        workers.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
        raise SystemExit(STARTUP_FAILURE)


def configure(app: FastAPI | str, settings: Settings, log: dict[str, Any] | None) -> uvicorn.Config:
    """uvicorn's configuration. X-Forwarded-For is not trusted: anyone can send it."""
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


def log_config(level: str) -> dict[str, Any]:
    """Logging to standard error, for `logging.config.dictConfig`. Other libraries log from WARNING on, or all with DEBUG."""
    others = "DEBUG" if level == "DEBUG" else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": others, "handlers": ["stderr"]},
        "loggers": {"sfm2": {"level": level}},
    }


@contextmanager
def _sigterm_exits_cleanly() -> Iterator[None]:
    """Exit with 0 on SIGTERM: uvicorn raises the signal that ended it again, and this handles it."""
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


@contextmanager
def _exported(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables for child processes that start within this context."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
