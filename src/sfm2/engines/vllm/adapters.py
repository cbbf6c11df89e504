"""Installed adapters as vLLM loads them: PEFT's folders with all the fields that it wants, named after their content."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from sfm2.atomic import replacing_folder
from sfm2.config import Settings
from sfm2.errors import AdapterError
from sfm2.models import adapter_gguf
from sfm2.models.adapters import CONFIG, WEIGHTS, Adapter, AdapterStore
from sfm2.models.gguf import read_header
from sfm2.models.store import converted
from sfm2.models.weights import WeightsFile

RANKS = (8, 16, 32, 64, 128, 256, 512)
"""What vLLM can be told to have room for"""
_LEAST = 16


def folder_for(settings: Settings, weights: WeightsFile) -> Path:
    """Where those of these weights are."""
    prefix = converted(settings.storage.cache_dir, weights.sha256)
    return prefix.with_name(f"{prefix.name}-vllm-lora")


def room_for(ranks: list[int]) -> int:
    """The rank to start vLLM with. One that is larger than all that it knows is refused when it is asked for."""
    wanted = max([_LEAST, *ranks])
    return next((one for one in RANKS if one >= wanted), RANKS[-1])


def ranks_of(store: AdapterStore, weights: WeightsFile) -> list[int]:
    """Of all adapters that were trained on these weights."""
    return [one.rank for one in store.list() if one.base == weights.sha256]


def prepared(adapter: Adapter, weights: WeightsFile, folder: Path) -> Path:
    """Its own folder in `folder`, written if it is not there. Raises AdapterError when it does not fit the weights."""
    place = folder / adapter.digest
    if (place / CONFIG).is_file():
        return place
    if not weights.is_folder:
        adapter_gguf.check_fits(adapter, read_header(weights.path))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing_folder(place) as partial:
            shutil.copyfile(adapter.path, partial / WEIGHTS)
            (partial / CONFIG).write_text(json.dumps(_config(adapter)), encoding="utf-8")
    except OSError as error:
        raise AdapterError(
            f"the adapter {adapter.name} can't be written to {place}: {error.strerror or error}",
            suggestion="Free some disk space, or set storage.cache_dir to a larger disk",
        ) from error
    return place


def _config(adapter: Adapter) -> dict[str, object]:
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": adapter.rank,
        "lora_alpha": adapter.scale * adapter.rank,
        "bias": "none",
        "target_modules": _modules(adapter.path),
        "base_model_name_or_path": adapter.base_name,
    }


def _modules(path: Path) -> list[str]:
    """The names of the matrices that it changes, without their layers: `q_proj` of `...self_attn.q_proj.lora_A.weight`."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return sorted({name.split(".")[-3] for name in file.keys()})  # noqa: SIM118 - it is no dict
