"""Several worker processes, kept alive and replaced without a refused request.

SIGHUP reads the settings again and replaces the workers one after another: the new one serves before the old one retires. A
retiring worker accepts no connections, serves those that it has, and asks their clients to connect anew. SIGTERM and Ctrl-C
end all of them: see `draining`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Process

from sfm2.config import Settings
from sfm2.errors import ConfigError
from sfm2.server.process import worker_settings
from sfm2.server.process.connections import Guarded

_ROUND = 0.25  # seconds between two looks at the workers
_STARTING = 60.0  # seconds that a worker has to begin to serve
_log = logging.getLogger(__name__)

Configure = Callable[[Settings], uvicorn.Config]


class WorkerServer(uvicorn.Server):
    """The server of a worker: SIGHUP retires it."""

    def __init__(self, config: uvicorn.Config, patience: float) -> None:
        super().__init__(config)
        self._patience = patience
        self._retiring: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._retire)

    def _retire(self) -> None:
        if self._retiring is None:
            self._retiring = asyncio.create_task(self._finish())

    async def _finish(self) -> None:
        for server in self.servers:
            server.close()
        guarded: object = self.config.http
        assert isinstance(guarded, Guarded)
        guarded.guests.send_away(self.server_state.connections)
        with suppress(TimeoutError):
            await asyncio.wait_for(guarded.guests.gone.wait(), self._patience)
        self.should_exit = True


class WorkerProcess(Process):
    """A worker process, seen from its parent."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], patience: float) -> None:
        self._patience = patience
        super().__init__(config, sockets)

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = WorkerServer(self.config, self._patience)
        return self._server

    def retire(self) -> None:
        """Let it serve what it has, and end."""
        if self.pid is not None and self.exitcode is None:
            os.kill(self.pid, signal.SIGHUP)


class Workers:
    """`reload` reads the settings again; raises `ConfigError` for wrong ones, which change nothing."""

    def __init__(
        self, settings: Settings, configure: Configure, reload: Callable[[], Settings], listener: socket.socket
    ) -> None:
        self._settings = settings
        self._configure = configure
        self._reload = reload
        self._sockets = [listener]
        self._workers: list[WorkerProcess] = []
        self._retired: list[WorkerProcess] = []
        self._ended = threading.Event()
        self._hung_up = False

    def run(self) -> None:
        """Until SIGTERM or Ctrl-C. Raises `SystemExit` when a worker can't start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._hang_up)
        self._workers = [self._started() for _ in range(self._settings.api.workers)]
        failed = False
        while not failed and not self._ended.wait(_ROUND):
            if self._hung_up:
                self._hung_up = False
                self._replace_all()
            failed = not self._keep_alive()
        for worker in (*self._workers, *self._retired):
            worker.terminate()
        for worker in (*self._workers, *self._retired):
            worker.join()
        if failed:
            raise SystemExit(STARTUP_FAILURE)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ended.set()

    def _hang_up(self, number: int, frame: FrameType | None) -> None:
        self._hung_up = True

    def _started(self) -> WorkerProcess:
        os.environ[worker_settings.VARIABLE] = worker_settings.encode(self._settings)
        worker = WorkerProcess(self._configure(self._settings), self._sockets, self._settings.api.shutdown_timeout)
        worker.start()
        return worker

    def _replace_all(self) -> None:
        """With the settings as they are now. A new worker that does not serve leaves the old ones as they were."""
        before = self._settings
        try:
            self._settings = self._reload()
        except ConfigError as error:
            _log.error(
                "SIGHUP: the settings are wrong, and nothing is changed: %s; %s", error.message, error.suggestion
            )
            return
        for name in _differing(before, self._settings):
            _log.warning("SIGHUP: %s takes effect with a restart only", name)
        old, new = self._workers, []
        for number in range(self._settings.api.workers):
            worker = self._started()
            if not worker.wait_until_ready(_STARTING, self._ended):
                worker.kill()
                worker.join()
                if not self._ended.is_set():
                    _log.error("SIGHUP: a new worker did not start; the old ones stay")
                self._settings = before
                break
            new.append(worker)
            self._retire(old[number : number + 1])
        else:
            self._retire(old[len(new) :])
            _log.info("SIGHUP: %d workers are new", len(new))
        self._workers = [*new, *(worker for worker in old[len(new) :] if worker not in self._retired)]

    def _retire(self, workers: Sequence[WorkerProcess]) -> None:
        for worker in workers:
            worker.retire()
            self._retired.append(worker)

    def _keep_alive(self) -> bool:
        """Replace what has died or hangs; whether that may help."""
        self._retired = [worker for worker in self._retired if worker.exitcode is None]
        for number, worker in enumerate(self._workers):
            if self._ended.is_set() or worker.is_alive(self._configure(self._settings).timeout_worker_healthcheck):
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE:
                return False
            _log.warning("a worker died (exit status %s); another one starts", worker.exitcode)
            self._workers[number] = self._started()
        return True


def _differing(before: Settings, after: Settings) -> list[str]:
    """The settings that differ and that a new worker can't take up: where the server listens, and what its engine runs."""
    fixed: dict[str, Callable[[Settings], object]] = {
        "api.host": lambda one: one.api.host,
        "api.port": lambda one: one.api.port,
        "models.sfm2": lambda one: one.models.sfm2,
        "storage": lambda one: one.storage,
    }
    return [name for name, value in fixed.items() if value(before) != value(after)]
