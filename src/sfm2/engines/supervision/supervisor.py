"""Keeps an engine process running: prepares it, starts it, replaces it when it dies or stands still, stops it.

The child ends when the pipe to its standard input closes, that is when we end, in whatever way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from sfm2.atomic import write_json
from sfm2.engines.base import EngineHealth, Phase
from sfm2.engines.supervision.place import HeldPlace
from sfm2.engines.supervision.program import EngineProgram, Task
from sfm2.engines.supervision.pulse import LOOK, Pulse, wants_to_run
from sfm2.engines.supervision.reports import VARIABLE, FailedLine, ReadyLine, ReportLine, StepLine, read_line
from sfm2.errors import ConfigError, SFM2Error

_log = logging.getLogger(__name__)
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 8.0  # seconds before a restart
_STEADY = 30.0  # seconds of work after which a death counts as a first one
_MOST_DEATHS = 5  # in a row; then we say so
_LOOK_AGAIN = 5.0  # seconds after which we look whether what was wrong has been fixed
_STALLED, _REPLACED = 3.0, 20.0  # seconds that it stands still until we say so, and until it is replaced
_LAST_REQUESTS = 30.0  # seconds for the requests of one that is to be replaced
_STOP_PATIENCE = 5.0  # seconds from SIGTERM to SIGKILL

_NOT_STARTED = EngineHealth(Phase.STOPPED, "the engine has not been started")
_STOPPED = EngineHealth(Phase.STOPPED, "the engine has been stopped")


class _OutdatedError(Exception):
    """The child was stopped to be prepared anew."""


class Supervisor:
    """`on_change` is called with every health; `state_file` gets it as JSON, for other processes."""

    def __init__(
        self,
        program: EngineProgram,
        *,
        on_change: Callable[[EngineHealth], None] | None = None,
        state_file: Path | None = None,
    ) -> None:
        self.program = program
        self._on_change = on_change
        self._state_file = state_file
        self._place = HeldPlace(program.serving)
        self.address = self._place.address
        self._health = _NOT_STARTED
        self._step = ""
        self._lives = 0
        self._ended_by = ""  # what ended the life before this one, until this one is ready
        self._outdated = False
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._child: Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the running child."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Begin, in the background. Again is harmless."""
        if self._task is None:
            self._set(EngineHealth(Phase.LOADING, "starting"))
            self._task = asyncio.create_task(self._supervise())
            self._task.add_done_callback(self._ended)

    @property
    def health(self) -> EngineHealth:
        """What the engine is doing now."""
        return self._health

    async def settled(self) -> None:
        """Wait until loading has ended, well or badly."""
        await self._settled.wait()

    async def aclose(self) -> None:
        """Stop the child; it gets some seconds to end by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._place.close()
        self._set(_STOPPED)

    async def _supervise(self) -> None:
        while True:
            try:
                task = await self.program.prepare(self._loading)
                reason = await self._keep_running(task)
            except _OutdatedError:
                self._lives -= 1  # it did not fail
                continue
            except SFM2Error as error:
                reason = f"{error.message}. {error.suggestion}"
            except OSError as error:
                reason = f"{error.filename or 'a file'} can't be used: {error.strerror or error}"
            if (self._health.phase, self._health.reason) != (Phase.FAILED, reason):
                _log.error("engine: %s", reason)
                self._set(EngineHealth(Phase.FAILED, reason))
            await asyncio.sleep(_LOOK_AGAIN)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Supervision ends when it is cancelled; any other end is a bug, which must not look like loading."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("engine: supervision met a bug", exc_info=error)
            self._set(EngineHealth(Phase.FAILED, f"supervision met a bug: {error!r}"))

    async def _keep_running(self, task: Task) -> str:
        """Life after life, until it dies too often in a row; returns why."""
        deaths, reason = 0, ""
        while deaths < _MOST_DEATHS:
            began = time.monotonic()
            reason = await self._run_child(task)
            deaths = 1 if time.monotonic() - began > _STEADY else deaths + 1
            delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (deaths - 1))
            _log.warning("engine: %s; starting it again in %.1f s", reason, delay)
            self._ended_by = reason
            self._set(EngineHealth(Phase.LOADING, f"{reason}; it is being started again"))
            await asyncio.sleep(delay)
        return f"the engine died {deaths} times in a row: {reason}"

    async def _run_child(self, task: Task) -> str:
        """One life of the child; returns how it ended."""
        self._lives += 1
        self._loading("loading weights", None)
        child = self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", self.program.module),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, VARIABLE: task(self._place.serving)},
            pass_fds=self._place.inherited,
            start_new_session=True,  # a Ctrl-C is for us; the child ends when we say so, with what it started
        )
        failure, last_words = "", asyncio.create_task(_last_line(child, self.program.plain))
        worker = child.pid
        pulse, watch = Pulse(lambda: wants_to_run(worker)), None
        try:
            async for line in _lines(child):
                pulse.beat()
                if isinstance(line, ReadyLine):
                    worker = line.pid or child.pid
                    self._became_ready(line)
                    watch = asyncio.create_task(self._watch(child, pulse, self._health))
                elif isinstance(line, FailedLine):
                    failure = line.failed
                    if line.final:
                        raise ConfigError(failure)
                elif isinstance(line, StepLine):
                    self._loading(line.step, line.share)
            status = await child.wait()
        finally:
            if watch is not None:
                watch.cancel()
            await _stop(child)
            self._child = None
            said = await last_words
        if failure:
            return f"the engine could not load: {failure}"
        if self._outdated:
            self._outdated = False
            raise _OutdatedError
        if watch is not None and watch.done() and not watch.cancelled():
            return watch.result()
        return f"the engine died (status {status})" + (f": {said}" if said else "")

    async def _watch(self, child: Process, pulse: Pulse, ready: EngineHealth) -> str:
        """Says when the child stands still and when it moves again; kills it when it stands for good, and returns why.

        Also stops one that is outdated.
        """
        while (still := pulse.still_for()) < _REPLACED:
            if still >= _STALLED and self._health.phase is Phase.READY:
                reason = f"the engine (process {child.pid}) stands still; it is replaced after {_REPLACED:g} s"
                _log.error("engine: %s", reason)
                self._set(replace(ready, phase=Phase.STALLED, reason=reason, since=None))
            elif still < _STALLED and self._health.phase is Phase.STALLED:
                _log.warning("engine: it moves again")
                self._set(replace(ready, since=time.monotonic()))
            elif outdated := await self.program.outdated():
                self._loading(f"{outdated}: the engine is started again once its requests have been answered", None)
                await self._until_idle()
                self._outdated = True
                await _stop(child)
            await asyncio.sleep(LOOK)
        _kill(child)  # it would not hear anything gentler
        return f"the engine stood still for {still:.0f} s and was killed"

    async def _until_idle(self) -> None:
        """Until it has no more requests, or it has had time enough for them. None come: it counts as loading."""
        client = self.program.client(self.address)
        with contextlib.suppress(TimeoutError, SFM2Error):
            async with asyncio.timeout(_LAST_REQUESTS):
                while (work := await client.work()) and work.running:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK)
        await client.aclose()

    def _became_ready(self, line: ReadyLine) -> None:
        if line.warning:
            _log.warning("engine: %s", line.warning)
        self._ended_by = ""
        reason = f"{line.ready}{self.program.note}"
        _log.info("engine: ready, %s", reason)
        self._set(
            EngineHealth(
                Phase.READY,
                reason,
                model=line.model,
                device=line.device,
                adapter=line.adapter,
                since=time.monotonic(),
            )
        )

    def _loading(self, step: str, share: float | None) -> None:
        if step != self._step:
            self._step = step
            _log.info("engine: %s", step)
        percent = "" if share is None else f" ({share:.0%})"
        again = f"; again, since {self._ended_by}" if self._ended_by else ""
        self._set(EngineHealth(Phase.LOADING, f"{step}{percent}{again}", share))

    def _set(self, health: EngineHealth) -> None:
        self._health = health = replace(health, restarts=max(0, self._lives - 1))
        if health.phase in (Phase.READY, Phase.FAILED):
            self._settled.set()
        elif health.phase in (Phase.LOADING, Phase.STALLED):
            self._settled.clear()
        if self._state_file is not None:
            write_json(self._state_file, health.as_json())
        if self._on_change is not None:
            self._on_change(health)


async def _lines(child: Process) -> AsyncIterator[ReportLine]:
    assert child.stdout is not None
    async for line in child.stdout:
        yield read_line(line)


async def _last_line(child: Process, plain: Callable[[str], str]) -> str:
    """What the child said last on standard error: when it dies, often the cause."""
    assert child.stderr is not None
    tail = b""
    while data := await child.stderr.read(4096):
        tail = (tail + data)[-2000:]
        _log.debug("engine says: %r", data)
    lines = [line for line in plain(tail.decode(errors="replace")).splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


async def _stop(child: Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        await asyncio.wait_for(asyncio.shield(child.wait()), _STOP_PATIENCE)
    except TimeoutError:
        _kill(child)
        await child.wait()


def _kill(child: Process) -> None:
    """With what it started: it is the first of a session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
