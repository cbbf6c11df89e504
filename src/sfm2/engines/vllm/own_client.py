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
from sfm2.engines.vllm import adapters
from sfm2.engines.vllm.client import ServedWeights, VLLMClient
from sfm2.engines.vllm.refusals import UnknownModelError
from sfm2.engines.vllm.wire import LoadAdapterCall
from sfm2.errors import (
    AdapterError,
    BackendAdapterError,
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    BackendTimeoutError,
    WeightsError,
)
from sfm2.generation import Priority, TokenChunk
from sfm2.models.adapters import read_adapter
from sfm2.models.store import ModelStore
from sfm2.models.weights import WeightsFile, resolve
from sfm2.types import SamplingParams

_BUSY_WAIT = 1.0  # seconds that a client is asked to wait when there are as many requests as the settings allow
_NAME_LENGTH = 32  # of a digest


class OwnVLLMClient(VLLMClient):
    """The weights are those that the settings name."""

    def __init__(self, address: EngineAddress, settings: Settings) -> None:
        super().__init__(address, settings.generation.timeout)
        self._settings = settings
        self._running = 0
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
        most = self._settings.models.sfm2.max_requests
        if self._running >= most:  # the server itself would let any number wait
            raise BackendOverloadedError(f"the engine has {most} requests already", retry_after=_BUSY_WAIT)
        self._running += 1
        try:
            stream = super().generate(
                prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience, owner=owner
            )
            async with aclosing(stream) as chunks:
                async for chunk in chunks:
                    yield chunk
        except UnknownModelError:
            self._loaded = None, set()
            raise
        finally:
            self._running -= 1

    async def facts(self) -> EngineFacts:
        weights = await asyncio.to_thread(self._weights_named)
        form = weights.entry.completion.form if weights.entry else None
        return EngineFacts(weights.name, weights.sha256, form)

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
        folder, weights = adapter.path.parent, self._weights_named()
        try:
            place = adapters.folder_for(self._settings, weights)
            return adapters.prepared(read_adapter(folder, folder.name), weights, place)
        except AdapterError as error:
            raise BackendAdapterError(error.message) from error

    def _weights_named(self) -> WeightsFile:
        try:
            return resolve(self._settings.models.sfm2, ModelStore(self._settings.storage.cache_dir))
        except WeightsError as error:
            raise BackendError(error.message) from error
