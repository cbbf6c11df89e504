"""transformers' process, as a supervisor keeps it, and everything before it can start."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec

from sfm2.engines.base import AdapterFile
from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.llama_cpp.client import LlamaCppClient
from sfm2.engines.supervision.place import Serving, ServingPlace
from sfm2.engines.supervision.program import EngineProgram, ProgressReport, Task, weights_of
from sfm2.engines.transformers.spec import TransformersSpec, TransformersTask
from sfm2.errors import MissingExtraError
from sfm2.models.adapters import AdapterStore
from sfm2.models.exporting.folder import exported

PACKAGES = ("torch", "transformers", "peft", "tokenizers")


class Transformers(EngineProgram):
    """A Hugging Face folder, or a GGUF exported to one, in a process of ours that speaks llama.cpp's protocol."""

    name = "transformers"
    module = "sfm2.engines.transformers"
    serving = Serving.INHERITS

    async def prepare(self, report: ProgressReport) -> Task:
        spec = await asyncio.to_thread(self._spec, report)

        def task(place: ServingPlace) -> str:
            return TransformersTask(engine=spec, socket=place.socket, key=place.key).model_dump_json()

        return task

    def client(self, address: EngineAddress) -> EngineClient:
        return LlamaCppClient(address, self.settings.generation.timeout)

    def _spec(self, report: ProgressReport) -> TransformersSpec:
        """Raises `WeightsError` or `MissingExtraError`, each with what to do about it."""
        if any(find_spec(package) is None for package in PACKAGES):
            raise MissingExtraError("running the model with PyTorch", "cuda")
        wanted, storage = self.settings.models.sfm2, self.settings.storage
        weights = weights_of(self.settings, report)
        folder = weights.path.resolve() if weights.is_folder else exported(weights, storage.cache_dir, report)
        adapter = AdapterStore(storage.data_dir).in_use(weights.sha256)
        return TransformersSpec(
            folder=folder,
            name=weights.name,
            weights=weights.sha256,
            device=wanted.device,
            max_memory=wanted.max_memory,
            context=wanted.context,
            max_requests=wanted.max_requests,
            prompt_form=weights.entry.completion.form if weights.entry else None,
            adapter=AdapterFile.of(adapter) if adapter else None,
            base_too=bool(adapter and adapter.holes_only and wanted.max_adapters > 1),
            max_pipelines=wanted.max_adapters,
        )
