"""Everything before the engine's process can start: pull the weights, watch their conversion, choose device and memory."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from importlib.util import find_spec
from pathlib import Path

from sfm2.config import Settings
from sfm2.engines.base import AdapterFile
from sfm2.engines.openvino import placement
from sfm2.engines.openvino.conversion import is_converted
from sfm2.engines.openvino.presets import DEFAULT_PRESET, Preset, preset
from sfm2.engines.openvino.spec import EngineSpec
from sfm2.engines.supervision.program import ProgressReport, gguf_of
from sfm2.errors import MissingExtraError, WeightsError
from sfm2.models.adapters import AdapterStore
from sfm2.models.facts import ModelFacts


async def prepare(settings: Settings, report: ProgressReport) -> EngineSpec:
    """Raises `WeightsError`, `ConfigError` or `MissingExtraError`, each with what to do about it."""
    if find_spec("openvino_genai") is None:
        raise MissingExtraError("running the model", "engine")
    chosen = preset(DEFAULT_PRESET)
    weights = await asyncio.to_thread(gguf_of, settings, report, "OpenVINO")
    folder = placement.folder_for(settings, weights.sha256, chosen)
    if not is_converted(folder):
        await _convert(weights.path, folder, chosen, report)
    facts = ModelFacts.read(folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    memory = placement.memory(settings, facts, size, chosen.kv_bits)
    adapter = await asyncio.to_thread(AdapterStore(settings.storage.data_dir).in_use, weights.sha256)
    return EngineSpec(
        folder=folder,
        name=weights.name,
        weights=weights.sha256,
        preset=chosen.name,
        device=settings.models.sfm2.device,
        cache_bytes=memory.cache_bytes,
        context=settings.models.sfm2.context,
        max_requests=settings.models.sfm2.max_requests,
        prompt_form=weights.entry.completion.form if weights.entry else None,
        adapter=AdapterFile.of(adapter) if adapter else None,
        base_too=bool(adapter and adapter.holes_only and memory.pipelines > 1),
        max_pipelines=memory.pipelines,
    )


async def _convert(source: Path, folder: Path, chosen: Preset, report: ProgressReport) -> None:
    command = (sys.executable, "-P", "-m", "sfm2.engines.openvino.convert", str(source), str(folder), chosen.name)
    child = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    said = asyncio.create_task(_stream(child.stderr).read())
    try:
        async for line in _stream(child.stdout):
            progress = json.loads(line)
            if "message" in progress:
                raise WeightsError(progress["message"], suggestion=progress["suggestion"])
            report(f"converting {source.name}, once: {progress['step']}", progress["share"])
        if await child.wait() != 0:
            raise WeightsError(
                f"converting {source.name} ended with status {child.returncode}: {_tail(await said)}",
                suggestion="A negative status is a signal; -9 often means that memory ran out",
            )
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
        said.cancel()


def _stream(pipe: asyncio.StreamReader | None) -> asyncio.StreamReader:
    assert pipe is not None  # it was asked for
    return pipe


def _tail(output: bytes) -> str:
    return output[-500:].decode(errors="replace").strip()
