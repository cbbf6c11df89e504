"""The OpenVINO engine: a child process of ours, or the one that our parent process supervises."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Self

from sfm2.config import Settings
from sfm2.engines.base import AdapterFile, EngineFacts, EngineHealth, EngineLoad, Phase
from sfm2.engines.llama_cpp.client import EngineAddress
from sfm2.engines.llama_cpp.engine import LlamaCppProtocolEngine
from sfm2.engines.openvino.standstill import while_it_moves
from sfm2.engines.openvino.supervisor import Supervisor
from sfm2.errors import BackendError
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams

# How a parent process passes the engine that its workers share on to them.
SHARED_URL, SHARED_KEY, SHARED_STATE = "SFM2_ENGINE_URL", "SFM2_ENGINE_KEY", "SFM2_ENGINE_STATE"


class _WatchedEngine(LlamaCppProtocolEngine):
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
    ) -> AsyncGenerator[TokenChunk, None]:
        chunks = super().generate(prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience)
        async with while_it_moves(self.health) as wait, aclosing(chunks):
            while (chunk := await wait.until(anext(chunks, None))) is not None:
                yield chunk

    async def load(self) -> EngineLoad | None:
        health = await self.health()
        if health.phase is not Phase.READY:
            return EngineLoad(0, 0, None, health.restarts)
        try:
            said = await self.client.properties()
        except BackendError:
            return None
        return EngineLoad(said.running - said.waiting, said.waiting, said.cache_use, health.restarts)

    async def began(self) -> float | None:
        return (await self.health()).since


class OpenVINOEngine(_WatchedEngine):
    """A child process under supervision."""

    def __init__(self, settings: Settings) -> None:
        self._supervisor = Supervisor(settings)
        super().__init__(self._supervisor.address, settings.generation.timeout)

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

    def __init__(self, address: EngineAddress, state_file: Path, timeout: float) -> None:
        super().__init__(address, timeout)
        self._state_file = state_file

    @classmethod
    def from_environment(cls, settings: Settings, environment: Mapping[str, str]) -> Self | None:
        """The engine that a parent has named in `environment`; None when there is none."""
        if not (url := environment.get(SHARED_URL)):
            return None
        address = EngineAddress(url, environment[SHARED_KEY])
        return cls(address, Path(environment[SHARED_STATE]), settings.generation.timeout)

    async def health(self) -> EngineHealth:
        try:
            return EngineHealth.from_json(json.loads(self._state_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return EngineHealth(Phase.STOPPED, "the process that keeps the engine has ended")


def shared_environment(supervisor: Supervisor, state_file: Path) -> dict[str, str]:
    """What a worker process needs in its environment to share the supervised engine."""
    address = supervisor.address
    return {SHARED_URL: address.url, SHARED_KEY: address.key, SHARED_STATE: str(state_file)}
