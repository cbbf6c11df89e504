"""vLLM, as a supervisor keeps it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sfm2.config import Settings
from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.supervision.place import Serving, ServingPlace
from sfm2.engines.supervision.program import EngineProgram, ProgressReport, Task, weights_of
from sfm2.engines.vllm import adapters, executable, placement
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.engines.vllm.own_client import OwnVLLMClient
from sfm2.engines.vllm.source import facts_of_folder
from sfm2.engines.vllm.spec import VLLMSpec, VLLMTask
from sfm2.models.adapters import AdapterStore
from sfm2.models.exporting.folder import exported
from sfm2.models.weights import WeightsFile


class VLLM(EngineProgram):
    """A Hugging Face folder, which is made of the GGUF, in vLLM's own server."""

    name = "vllm"
    module = "sfm2.engines.vllm"
    serving = Serving.FILE

    def __init__(self, settings: Settings, note: str = "") -> None:
        super().__init__(settings, note)
        self._store = AdapterStore(settings.storage.data_dir)
        self._seen = ""
        self._weights: WeightsFile | None = None
        self._rank = 0

    async def prepare(self, report: ProgressReport) -> Task:
        spec = await asyncio.to_thread(self._spec, report)

        def task(place: ServingPlace) -> str:
            assert place.file is not None
            return VLLMTask(spec=spec, file=place.file, key=place.key).model_dump_json()

        return task

    def client(self, address: EngineAddress) -> EngineClient:
        return OwnVLLMClient(address, self.settings)

    async def outdated(self) -> str | None:
        """Adapters are loaded while it runs, up to the rank that it was started with."""
        if self._weights is None or (state := self._store.state()) == self._seen:
            return None
        needed = await asyncio.to_thread(self._needed_rank, self._weights)
        self._seen = state
        return None if needed <= self._rank else "there is an adapter of a higher rank"

    def _spec(self, report: ProgressReport) -> VLLMSpec:
        wanted = self.settings.models.sfm2
        report("looking at vLLM", None)
        found = executable.inspect(wanted)
        device = placement.device_for(wanted.device, found)
        self._weights = weights = weights_of(self.settings, report)
        folder = exported(weights, self.settings.storage.cache_dir, report)
        self._seen, self._rank = self._store.state(), self._needed_rank(weights)
        facts = facts_of_folder(folder)
        memory = placement.memory_for(wanted, found, facts, weights.name)
        used = self._store.in_use(weights.sha256)
        return VLLMSpec(
            command=_command(found, folder),
            weights=folder,
            name=weights.name,
            context=placement.window(wanted, facts),
            requests=placement.requests_at_once(wanted, found),
            adapters=wanted.max_adapters,
            rank=self._rank,
            device=device.name,
            on_cpu=not found.on_gpu,
            gpu=device.number,
            share=memory.of_gpu,
            cache=memory.cache,
            note=device.note,
            adapter=used.name if used else None,
        )

    def _needed_rank(self, weights: WeightsFile) -> int:
        return adapters.room_for(adapters.ranks_of(self._store, weights))


def _command(program: VLLMProgram, weights: Path) -> tuple[str, ...]:
    if program.has_command:
        return str(program.path), "serve", str(weights)
    return str(program.python), "-P", "-m", "vllm.entrypoints.openai.api_server", "--model", str(weights)
