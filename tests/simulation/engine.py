"""An engine without weights, whose time is the loop's: real admission and waiting room, and jobs that write numbered words.
It can be killed and frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from random import Random

from sfm2.backends.base import Backend
from sfm2.engines.serving.admission import Admission, RefusedForLoadError
from sfm2.engines.serving.pace import Pace
from sfm2.engines.serving.waiting_room import WaitingRoom
from sfm2.errors import BackendError, BackendLoadingError, BackendOverloadedError
from sfm2.generation import GenerationRequest, Priority, TokenChunk
from sfm2.types import BackendHealth, BackendStatus

AT_ONCE = 6
MOST = 24


def words(writer: str, request: GenerationRequest) -> list[str]:
    """What `writer` makes of a request: as many words as it may, each with its own name, so that none is mistaken."""
    return [f" {writer}-{request.prefix}.{number}" for number in range(request.sampling.max_length)]


@dataclass(eq=False)
class Work:
    """A job: what it will write, and how far it is."""

    text: list[str]
    priority: Priority
    written: int = 0
    arrived: asyncio.Queue[str | BackendError | None] = field(default_factory=asyncio.Queue)


class SimulatedEngine(Backend):
    """`run` it beside the requests."""

    name = "sfm2"

    def __init__(self, random: Random, patience: float) -> None:
        clock = asyncio.get_running_loop().time
        self._random = random
        self._patience = patience
        self._clock = clock
        self._step = random.choice([0.05, 0.2, 1.0])
        self._admission = Admission(MOST, Pace(self._step))
        self._room: WaitingRoom[Work] = WaitingRoom(AT_ONCE, lambda work: work.priority, clock)
        self._running: list[Work] = []
        self._awaited: list[Work] = []
        self.lost: list[Work] = []
        """Work that somebody waited for, and that neither ran nor waited"""
        self._asked = asyncio.Event()
        self._began = clock()
        self._dead_until = 0.0
        self._frozen_until = 0.0

    @property
    def idle(self) -> bool:
        """Whether it remembers nobody's work."""
        return not self._running and not len(self._room) and not self._admission._inside

    async def run(self) -> None:
        """Steps, for as long as the task lives."""
        while True:
            if self.idle:
                self._asked.clear()
                await self._asked.wait()
            await asyncio.sleep(self._step)
            if self._clock() < max(self._dead_until, self._frozen_until):
                continue
            for work in self._room.too_many(self._running):
                self._running.remove(work)
                self._room.reenter(work)
            self._running += self._room.next(self._running)
            for work in list(self._running):
                self._write(work)
            ours = (*self._running, *self._room._waiting)
            self.lost += [work for work in self._awaited if work not in ours and work.arrived.empty()]

    def die(self, seconds: float) -> None:
        """All work is lost, and for so long it takes no more."""
        self._dead_until = self._began = self._clock() + seconds
        lost = [*self._running, *self._room._waiting]
        for work in lost:
            self._room.leave(work)
            work.arrived.put_nowait(BackendError("the engine has gone"))
        self._running = []

    def freeze(self, seconds: float) -> None:
        """For so long it takes work, and does none."""
        self._frozen_until = self._clock() + seconds

    def mend(self) -> None:
        """From now on all is well."""
        self._dead_until = self._frozen_until = 0.0

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        if self._clock() < self._dead_until:
            raise BackendLoadingError("starting again")
        try:
            ticket = self._admission.admit(10, request.sampling.max_length, request.priority, self._patience)
        except RefusedForLoadError as refusal:
            raise BackendOverloadedError(str(refusal), retry_after=refusal.wait) from refusal
        work = Work(words(self.name, request), request.priority)
        self._room.enter(work)
        self._awaited.append(work)
        self._asked.set()
        try:
            while (output := await work.arrived.get()) is not None:
                if isinstance(output, BackendError):
                    raise output
                yield TokenChunk(output, (-0.1,), tokens=1, token_texts=(output,))
            yield TokenChunk("", finish_reason="stop", prompt_tokens=10)
        finally:
            self._awaited.remove(work)
            self._admission.ended(ticket, work.written)
            self._room.leave(work)
            if work in self._running:
                self._running.remove(work)

    async def health(self) -> BackendHealth:
        alive = self._clock() >= self._dead_until
        status = BackendStatus.AVAILABLE if alive else BackendStatus.LOADING
        return BackendHealth(status=status, reason="simulated")

    async def works(self) -> bool:
        return self._clock() >= max(self._dead_until, self._frozen_until)

    async def began(self) -> float | None:
        return self._began if self._clock() >= self._dead_until else None

    def _write(self, work: Work) -> None:
        if work.written == len(work.text):
            self._running.remove(work)
            work.arrived.put_nowait(None)
        else:
            work.arrived.put_nowait(work.text[work.written])
            work.written += 1


class Wayward(Backend):
    """A backend somewhere else: it answers, is slow, refuses, or breaks off, as chance has it."""

    name = "openai"

    def __init__(self, random: Random) -> None:
        self._random = random
        self.well = False
        """From now on it answers everything at once"""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        mood = "well" if self.well else self._random.choice(["well", "well", "slow", "fails", "breaks off"])
        if mood == "fails":
            await asyncio.sleep(self._random.random())
            raise BackendError("500 from afar")
        text = words(self.name, request)
        for number, word in enumerate(text):
            await asyncio.sleep(self._random.expovariate(0.3) if mood == "slow" else 0.01)
            if mood == "breaks off" and number == len(text) // 2:
                raise BackendError("the stream was cut")
            yield TokenChunk(word, tokens=1)
        yield TokenChunk("", finish_reason="stop")

    async def health(self) -> BackendHealth:
        return BackendHealth(status=BackendStatus.CONFIGURED, reason="simulated")


class Steady(Wayward):
    """The last resort, which always answers."""

    name = "echo"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.well = True
