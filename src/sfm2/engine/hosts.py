"""Engines that others keep running: a llama.cpp server by URL, or the one that our parent process supervises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sfm2.config import Settings
from sfm2.engine.client import EngineClient
from sfm2.engine.state import Address, Host, Phase, State
from sfm2.engine.supervisor import Supervisor
from sfm2.errors import BackendError, BackendLoadingError

# How a parent process tells its workers of the engine that they share.
SHARED_URL, SHARED_KEY, SHARED_STATE = "SFM2_ENGINE_URL", "SFM2_ENGINE_KEY", "SFM2_ENGINE_STATE"


class Remote:
    """A running server of somebody else."""

    def __init__(self, url: str) -> None:
        self.address = Address(url.rstrip("/"))
        self._client = EngineClient(self.address, timeout=5.0)

    async def start(self) -> None: ...

    async def state(self) -> State:
        try:
            await self._client.check()
        except BackendLoadingError as error:
            return State(Phase.LOADING, error.message)
        except BackendError as error:
            return State(Phase.FAILED, f"no engine answers at {self.address.url}: {error.message}; is it running?")
        return State(Phase.READY, f"the server at {self.address.url}")

    async def settled(self) -> None: ...

    async def aclose(self) -> None:
        await self._client.aclose()


class Shared:
    """The engine of our parent process, which writes its state to a file."""

    def __init__(self, address: Address, state_file: Path) -> None:
        self.address = address
        self._state_file = state_file

    async def start(self) -> None: ...

    async def state(self) -> State:
        try:
            return State.from_json(json.loads(self._state_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return State(Phase.STOPPED, "the process that keeps the engine has ended")

    async def settled(self) -> None: ...

    async def aclose(self) -> None: ...


def environment_for(host: Supervisor, state_file: Path) -> dict[str, str]:
    """What a worker needs in its environment to share `host`."""
    return {SHARED_URL: host.address.url, SHARED_KEY: host.address.key, SHARED_STATE: str(state_file)}


def host_for(settings: Settings, environment: Mapping[str, str]) -> Host:
    """A server by URL when the settings name one, the parent's engine in a worker, else an engine of our own."""
    if settings.models.sfm2.url:
        return Remote(settings.models.sfm2.url)
    if url := environment.get(SHARED_URL):
        return Shared(Address(url, environment[SHARED_KEY]), Path(environment[SHARED_STATE]))
    return Supervisor(settings)
