"""llama.cpp's server, as a supervisor keeps it."""

from __future__ import annotations

import asyncio

from sfm2.config import Settings
from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.llama_server import adapters, binary, placement
from sfm2.engines.llama_server.client import LlamaServerClient
from sfm2.engines.llama_server.spec import LlamaSpec, LlamaTask
from sfm2.engines.supervision.place import Serving, ServingPlace
from sfm2.engines.supervision.program import EngineProgram, ProgressReport, Task, gguf_of
from sfm2.models.adapters import AdapterStore
from sfm2.models.gguf import read_header
from sfm2.models.weights import WeightsFile


class LlamaServer(EngineProgram):
    """A GGUF as it is, in llama.cpp's own server."""

    name = "llama"
    module = "sfm2.engines.llama_server"
    serving = Serving.BINDS

    def __init__(self, settings: Settings, note: str = "") -> None:
        super().__init__(settings, note)
        self._store = AdapterStore(settings.storage.data_dir)
        self._seen = ""
        self._weights: WeightsFile | None = None
        self._loaded: tuple[str, ...] = ()

    async def prepare(self, report: ProgressReport) -> Task:
        spec = await asyncio.to_thread(self._spec, report)

        def task(place: ServingPlace) -> str:
            return LlamaTask(spec=spec, port=place.port, key=place.key).model_dump_json()

        return task

    def client(self, address: EngineAddress) -> EngineClient:
        return LlamaServerClient(address, self.settings)

    async def outdated(self) -> str | None:
        """The server loads adapters only when it starts."""
        if self._store.state() == self._seen or self._weights is None:
            return None
        files = await asyncio.to_thread(self._adapters, self._weights)
        return None if set(files) <= set(self._loaded) else "there is a new adapter"

    def _spec(self, report: ProgressReport) -> LlamaSpec:
        wanted = self.settings.models.sfm2
        found = binary.inspect(wanted)
        device = placement.device_for(wanted.device, found)
        self._weights = weights = gguf_of(self.settings, report, "llama.cpp")
        header = read_header(weights.path)
        slots = placement.slots_for(wanted, header, weights.name, weights.path.stat().st_size)
        report("looking at the adapters", None)
        self._loaded = self._adapters(weights)
        used = self._store.in_use(weights.sha256)
        return LlamaSpec(
            binary=found.path,
            weights=weights.path.resolve(),
            name=weights.name,
            context=placement.window(wanted, header),
            slots=slots,
            devices=device.devices,
            device=device.name,
            note=device.note,
            folder=adapters.folder_for(self.settings, weights) if self._loaded else None,
            adapters=self._loaded,
            adapter=used.name if used and adapters.file_name(used.digest) in self._loaded else None,
        )

    def _adapters(self, weights: WeightsFile) -> tuple[str, ...]:
        self._seen = self._store.state()
        return adapters.installed(self._store, weights, adapters.folder_for(self.settings, weights))
