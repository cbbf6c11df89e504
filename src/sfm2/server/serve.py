"""uvicorn, in this process or over several workers."""

from __future__ import annotations

import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from starlette.types import ASGIApp

from sfm2.config import Settings
from sfm2.errors import ConfigError
from sfm2.server.app import create_app
from sfm2.server.process.connections import Guarded, allow_many_files
from sfm2.server.process.logs import log_config
from sfm2.server.process.proxies import TrustedProxies
from sfm2.server.process.python_lock import share_the_lock
from sfm2.server.process.shared_engine import shared_engine
from sfm2.server.process.workers import Workers
from sfm2.server.usage.opening import store_of
from sfm2.server.usage.rates import RateLimiter
from sfm2.server.usage.store import AsyncStore

# Seconds for the last bytes to be sent. Running requests have had `api.shutdown_timeout` before: see `draining`.
_LAST_BYTES = 3
_FACTORY = "sfm2.server.app:from_environment"
_log = logging.getLogger(__name__)


def build(settings: Settings) -> uvicorn.Config:
    """uvicorn's configuration for `run`: with the app, or with its factory for workers. Raises `ConfigError`."""
    log = log_config(settings.log)
    if settings.api.workers == 1:
        return configure(create_app(settings), settings, log)
    # Else each worker would report a wrong rate, after the start.
    RateLimiter.from_settings(settings, AsyncStore(store_of(settings.storage)))
    return _for_workers(settings)


def run(config: uvicorn.Config, settings: Settings, listener: socket.socket, reload: Callable[[], Settings]) -> None:
    """Serve until SIGTERM or Ctrl-C; both are a clean end. Raises `SystemExit` if the server can't start.

    On SIGHUP several workers are replaced, with the settings that `reload` gives. A single one goes on as it is.
    """
    allow_many_files()
    share_the_lock()
    with suppress(KeyboardInterrupt), _sigterm_exits_cleanly():
        if settings.api.workers == 1:
            signal.signal(signal.SIGHUP, _stays)
            uvicorn.Server(config).run(sockets=[listener])
        else:
            _run_workers(settings, reload, listener)


def _run_workers(settings: Settings, reload: Callable[[], Settings], listener: socket.socket) -> None:
    with shared_engine(settings) as engine, _exported(engine):
        Workers(settings, _for_workers, reload, listener).run()


def _for_workers(settings: Settings) -> uvicorn.Config:
    return configure(_FACTORY, settings, log_config(settings.log))


def configure(app: ASGIApp | str, settings: Settings, log: dict[str, Any] | None) -> uvicorn.Config:
    """uvicorn's configuration. It trusts no proxies: that is done where a request comes in, by `proxies`.

    Raises `ConfigError` for a certificate that can't be used.
    """
    tls = settings.api.tls
    if tls.certificate:
        _check(tls.certificate, tls.key)
    http: Any = Guarded(settings.limits, TrustedProxies(settings.api))  # in place of a class
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.api.workers,
        log_config=log,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=http,
        ssl_certfile=tls.certificate,
        ssl_keyfile=tls.key,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_BYTES,
    )


def _check(certificate: Path, key: Path | None) -> None:
    for name, path in (("certificate", certificate), ("key", key)):
        if path is not None and not path.is_file():
            raise ConfigError(f"api.tls.{name}: there is no file {path}")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigError(
            f"api.tls: certificate and key can't be used: {error}",
            suggestion="Give a certificate and its private key in PEM, without a password",
        ) from error


def _no_password() -> NoReturn:
    raise ValueError("the key has a password")


@contextmanager
def _sigterm_exits_cleanly() -> Iterator[None]:
    """Exit with 0 on SIGTERM: uvicorn raises the signal that ended it again, and this handles it."""
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _stays(number: int, frame: FrameType | None) -> None:
    _log.warning("SIGHUP: with one worker the settings are read at a restart only (`api.workers`)")


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
