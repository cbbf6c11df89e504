"""A client of the vLLM that is a process of ours: it loads installed adapters, and knows the weights by their digest."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from sfm2.config import Settings
from sfm2.engines.base import AdapterFile, EngineFacts
from sfm2.engines.client import EngineAddress
from sfm2.engines.supervision.own_server import RequestPlaces, facts_named, weights_named
from sfm2.engines.vllm import adapters
from sfm2.engines.vllm.client import ServedWeights, VLLMClient
from sfm2.engines.vllm.refusals import UnknownModelError
from sfm2.engines.vllm.wire import LoadAdapterCall
from sfm2.errors import (
    AdapterError,
    BackendAdapterError,
    BackendError,
    BackendLoadingError,
    BackendTimeoutError,
)
from sfm2.generation import Priority, TokenChunk
from sfm2.models.adapters import read_adapter
from sfm2.types import SamplingParams

_NAME_LENGTH = 32  # of a digest


class OwnVLLMClient(VLLMClient):
    """The weights are those that the settings name."""

    def __init__(self, address: EngineAddress, settings: Settings) -> None:
        super().__init__(address, settings.generation.timeout)
        self._settings = settings
        self._places = RequestPlaces(settings.models.sfm2.max_requests)
        self._loaded: tuple[float | None, set[str]] = None, set()
        self._loading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

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
            stream = super().generate(
                prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience, owner=owner
            )
            try:
                async with aclosing(stream) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except UnknownModelError:
                self._loaded = None, set()
                raise

    async def facts(self) -> EngineFacts:
        return await asyncio.to_thread(facts_named, self._settings)

    async def _model(self, adapter: AdapterFile | None, served: ServedWeights) -> str:
        if adapter is None:
            return served.name
        name, life = adapter.digest[:_NAME_LENGTH], self.life
        if self._loaded[0] != life or life is None:
            self._loaded = life, set()
        async with self._loading[name]:
            loaded = self._loaded[1]
            if name not in loaded:
                await self._load(adapter, name)
                loaded.add(name)
        return name

    async def _load(self, adapter: AdapterFile, name: str) -> None:
        """Raises `BackendAdapterError`."""
        folder = await asyncio.to_thread(self._prepared, adapter)
        if any(one.id == name for one in await self._models()):
            return  # another process of ours has loaded it
        try:
            await self._send("/v1/load_lora_adapter", LoadAdapterCall(lora_name=name, lora_path=str(folder)))
        except (BackendLoadingError, BackendTimeoutError):
            raise
        except BackendError as error:
            if any(one.id == name for one in await self._models()):
                return  # at the same time
            raise BackendAdapterError(
                f"the adapter {adapter.path.parent.name} can't be loaded: {error.message}"
            ) from error

    def _prepared(self, adapter: AdapterFile) -> Path:
        folder, weights = adapter.path.parent, weights_named(self._settings)
        try:
            place = adapters.folder_for(self._settings, weights)
            return adapters.prepared(read_adapter(folder, folder.name), weights, place)
        except AdapterError as error:
            raise BackendAdapterError(error.message) from error
