"""One engine of several: what is known of its health, what it has to do, and how it is doing with each request."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import TypeVar

from sfm2.breaker import CircuitBreaker, Permit
from sfm2.engines.base import Engine, EngineFacts, EngineHealth, EngineLoad, Phase
from sfm2.engines.pool.faults import another_may_answer
from sfm2.engines.supervision.standstill import Wait
from sfm2.errors import BackendError

_log = logging.getLogger(__name__)
T = TypeVar("T")
_EVERY = 2.0  # seconds between two looks
_LOOK = 5.0  # seconds that it has to say how it is doing


class Member:
    """`name` tells it apart, such as its URL. `silence`: seconds without any sign of life after which a request that has not
    begun is taken away from it."""

    def __init__(self, name: str, engine: Engine, breaker: CircuitBreaker, silence: float) -> None:
        self.name = name
        self.engine = engine
        self.breaker = breaker
        self.running = 0
        """Requests that it has from us"""
        self.health = EngineHealth(Phase.LOADING, "not asked yet")
        self.facts: EngineFacts | None = None
        """As of the last look; None where it did not say"""
        self.since: float | None = None
        """When it began to answer, by `time.monotonic`"""
        self._silence = silence
        self._waits: set[Wait] = set()
        self._look_now = asyncio.Event()
        self._sign_at = -math.inf

    async def look(self) -> None:
        """Ask how it is doing. Who waits for it is told when it is not well."""
        was_ready, asked_at = self.health.phase is Phase.READY, time.monotonic()
        self._look_now.clear()
        health, facts = await self._asked()
        if health.phase is Phase.FAILED and was_ready and self._sign_at >= asked_at:
            return  # too busy to say so, but it has answered somebody in the meantime
        self.health, self.facts = health, facts
        if self.health.phase is not Phase.READY:
            self._give_up(self.health.reason)
        elif not was_ready:
            self.since = time.monotonic()
            self.breaker.renewed(self.since)

    async def next_look(self) -> None:
        """Wait until it is time for one: regularly, and at once after a failure."""
        try:
            async with asyncio.timeout(_EVERY):
                await self._look_now.wait()
        except TimeoutError:
            return

    async def load(self) -> EngineLoad:
        """What it has to do, as far as it says; else what it has from us."""
        return await self.engine.load() or EngineLoad(self.running, 0)

    async def stream(self, permit: Permit, chunks: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """`chunks` of its engine; the breaker learns how it went. Raises `BackendError`, also when it stands still."""
        begun = False
        with permit, self._counted(), self._waiting() as wait:
            silence = asyncio.get_running_loop().call_later(self._silence, self._silent, wait, permit)
            try:
                async with aclosing(chunks):
                    while (chunk := await wait.until(anext(chunks, None))) is not None:
                        begun = True
                        silence.cancel()
                        self._alive(permit)
                        yield chunk
                permit.succeeded()
            except BackendError as error:
                if another_may_answer(error):
                    self._failed(permit, error)
                raise
            except GeneratorExit:  # the reader has enough; an engine that has answered works
                if begun:
                    permit.succeeded()
                raise
            finally:
                silence.cancel()

    def _alive(self, permit: Permit) -> None:
        permit.alive()
        self._sign_at = time.monotonic()

    def _failed(self, permit: Permit, error: BackendError) -> None:
        if error.counts:
            permit.failed(error)
        self._look_now.set()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    @contextmanager
    def _waiting(self) -> Iterator[Wait]:
        """Yields a wait that ends when it is not well."""
        wait = Wait()
        self._waits.add(wait)
        try:
            yield wait
        finally:
            self._waits.discard(wait)

    def _silent(self, wait: Wait, permit: Permit) -> None:
        if permit.others_served:
            return
        reason = f"it has sent nobody anything for {self._silence:g} s"
        permit.failed(BackendError(reason))
        wait.end(reason)

    def _give_up(self, reason: str) -> None:
        for wait in self._waits:
            wait.end(reason)

    async def _asked(self) -> tuple[EngineHealth, EngineFacts | None]:
        try:
            async with asyncio.timeout(_LOOK):
                health = await self.engine.health()
                if health.phase is not Phase.READY:
                    return health, None
                return health, await self.engine.facts_anew()
        except TimeoutError:
            return EngineHealth(Phase.FAILED, f"it did not say within {_LOOK:g} s how it is doing"), None
        except BackendError as error:
            return EngineHealth(Phase.FAILED, error.message), None
        except Exception:  # noqa: BLE001 - a bug must not end the watch; it is logged
            _log.exception("could not ask %s how it is doing", self.name)
            return EngineHealth(Phase.FAILED, "it could not be asked how it is doing; the log has the cause"), None
