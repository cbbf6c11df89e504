"""vLLM, as a supervisor keeps it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sfm2.config import Settings
from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.supervision.place import Serving, ServingPlace
from sfm2.engines.supervision.program import EngineProgram, ProgressReport, Task
from sfm2.engines.vllm import adapters, executable, placement
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.engines.vllm.own_client import OwnVLLMClient
from sfm2.engines.vllm.source import WeightsSource, facts_of_folder, prepared_source
from sfm2.engines.vllm.spec import VLLMSpec, VLLMTask
from sfm2.models.adapters import AdapterStore
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
        self._file: WeightsFile | None = None
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
        if self._file is None or (state := self._store.state()) == self._seen:
            return None
        needed = await asyncio.to_thread(self._needed_rank, self._file)
        self._seen = state
        return None if needed <= self._rank else "there is an adapter of a higher rank"

    def _spec(self, report: ProgressReport) -> VLLMSpec:
        wanted = self.settings.models.sfm2
        report("looking at vLLM", None)
        found = executable.inspect(wanted)
        device = placement.device_for(wanted.device, found)
        source, folder = prepared_source(self.settings, report)
        self._file, self._seen = source.file, self._store.state()
        self._rank = self._needed_rank(source.file) if source.file else adapters.room_for([])
        weights = facts_of_folder(folder)
        memory = placement.memory_for(wanted, found, weights, source.name)
        return VLLMSpec(
            command=_command(found, folder),
            weights=folder,
            name=source.name,
            context=placement.window(wanted, weights),
            requests=placement.requests_at_once(wanted, found),
            adapters=wanted.max_adapters,
            rank=self._rank,
            device=device.name,
            on_cpu=not found.on_gpu,
            gpu=device.number,
            share=memory.of_gpu,
            cache=memory.cache,
            note=device.note,
            adapter=self._used(source),
        )

    def _needed_rank(self, file: WeightsFile) -> int:
        return adapters.room_for(adapters.ranks_of(self._store, file))

    def _used(self, source: WeightsSource) -> str | None:
        used = self._store.in_use(source.sha256) if source.sha256 else None
        return used.name if used else None


def _command(program: VLLMProgram, weights: Path) -> tuple[str, ...]:
    if program.has_command:
        return str(program.path), "serve", str(weights)
    return str(program.python), "-P", "-m", "vllm.entrypoints.openai.api_server", "--model", str(weights)
