"""A client of llama.cpp's own server, which knows adapters by numbers, and of its weights only what we told it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import PurePath

from sfm2.config import Settings
from sfm2.engines.base import AdapterFile, EngineFacts
from sfm2.engines.client import LOOK, EngineAddress, EngineWork
from sfm2.engines.llama_cpp.client import LlamaCppClient
from sfm2.engines.llama_cpp.wire import LoraScale
from sfm2.engines.llama_server import adapters
from sfm2.engines.supervision.own_server import RequestPlaces, facts_named, weights_named
from sfm2.errors import (
    AdapterError,
    BackendAdapterError,
    BackendError,
    BackendLoadingError,
)
from sfm2.generation import Priority, TokenChunk
from sfm2.models.adapters import read_adapter
from sfm2.types import SamplingParams

_METRIC = re.compile(r"^llamacpp:requests_(processing|deferred) (\S+)$", re.MULTILINE)


class LlamaServerClient(LlamaCppClient):
    """The weights are those that the settings name."""

    def __init__(self, address: EngineAddress, settings: Settings) -> None:
        super().__init__(address, settings.generation.timeout)
        self._settings = settings
        self._places = RequestPlaces(settings.models.sfm2.max_requests)
        self._loaded: tuple[float | None, dict[str, int]] = None, {}

    async def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        with self._places.one():
            chunks = super().generate(
                prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience, owner=owner
            )
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    async def facts(self) -> EngineFacts:
        return await asyncio.to_thread(facts_named, self._settings)

    async def work(self) -> EngineWork:
        said = dict(_METRIC.findall((await self._get("/metrics", LOOK)).decode()))
        waiting = int(float(said.get("deferred", 0)))
        return EngineWork(int(float(said.get("processing", 0))) + waiting, waiting)

    async def _loras(self, adapter: AdapterFile | None) -> list[LoraScale]:
        """Each, with how much of it is applied: who doesn't say gets all of them, and what is cached of others."""
        loaded = await self._numbers()
        wanted = adapters.file_name(adapter.digest) if adapter else None
        if adapter and wanted not in loaded:
            raise await asyncio.to_thread(self._why_not, adapter)
        return [LoraScale(id=number, scale=float(name == wanted)) for name, number in loaded.items()]

    async def _numbers(self) -> dict[str, int]:
        """By their files. Asked for once in a life: the server answers between two steps of its work, which may be long."""
        life = self.life
        if life is None or self._loaded[0] != life:
            said = await self._server_loras()
            self._loaded = life, {PurePath(one.path).name: one.id for one in said}
        return self._loaded[1]

    def _why_not(self, adapter: AdapterFile) -> BackendError:
        """Why an adapter is not loaded: it is new, or does not work."""
        folder = adapter.path.parent
        try:
            weights = weights_named(self._settings)
            adapters.convert(read_adapter(folder, folder.name), weights, adapters.folder_for(self._settings, weights))
        except AdapterError as error:
            return BackendAdapterError(error.message)
        return BackendLoadingError(f"the adapter {folder.name} is new; the engine is being started again with it")
