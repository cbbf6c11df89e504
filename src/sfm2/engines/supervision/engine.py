"""Engines whose process is supervised: by us, or by the parent process that several workers share one with."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from sfm2.engines.base import AdapterFile, EngineFacts, EngineHealth, EngineLoad, Phase
from sfm2.engines.client import ClientEngine, EngineClient
from sfm2.engines.supervision.program import EngineProgram
from sfm2.engines.supervision.standstill import while_it_moves
from sfm2.engines.supervision.supervisor import Supervisor
from sfm2.errors import BackendError
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams


class _WatchedEngine(ClientEngine):
    """One whose supervisor tells when it stands still."""

    async def facts(self) -> EngineFacts:
        async with while_it_moves(self.health) as wait:
            return await wait.until(super().facts())

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        async with while_it_moves(self.health) as wait:
            return await wait.until(super().tokenize(text, parse_special=parse_special))

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        async with while_it_moves(self.health) as wait:
            return await wait.until(super().apply_chat_template(messages))

    async def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        affinity: str | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        self.client.life = await self.began()
        chunks = super().generate(
            prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience, owner=owner
        )
        async with while_it_moves(self.health) as wait, aclosing(chunks):
            while (chunk := await wait.until(anext(chunks, None))) is not None:
                yield chunk

    async def load(self) -> EngineLoad | None:
        health = await self.health()
        if health.phase is not Phase.READY:
            return EngineLoad(0, 0, None, health.restarts)
        try:
            said = await self.client.work()
        except BackendError:
            said = None
        if said is None:
            return None
        return EngineLoad(said.running - said.waiting, said.waiting, said.cache_use, health.restarts)

    async def began(self) -> float | None:
        return (await self.health()).since


class SupervisedEngine(_WatchedEngine):
    """A child process under our own supervision."""

    def __init__(self, program: EngineProgram) -> None:
        self._supervisor = Supervisor(program)
        super().__init__(program.client(self._supervisor.address))

    async def start(self) -> None:
        await self._supervisor.start()

    async def ready(self) -> None:
        await self._supervisor.settled()

    async def health(self) -> EngineHealth:
        return self._supervisor.health

    async def aclose(self) -> None:
        await super().aclose()
        await self._supervisor.aclose()


class SharedEngine(_WatchedEngine):
    """The engine of our parent process, which writes its health to a file."""

    def __init__(self, client: EngineClient, state_file: Path) -> None:
        super().__init__(client)
        self._state_file = state_file

    async def health(self) -> EngineHealth:
        try:
            return EngineHealth.from_json(json.loads(self._state_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return EngineHealth(Phase.STOPPED, "the process that keeps the engine has ended")
