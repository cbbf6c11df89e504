"""Where an engine runs: folder of the converted weights, device, memory."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sfm2.config import Settings
from sfm2.engines.openvino.conversion import FORMAT
from sfm2.engines.openvino.presets import Preset
from sfm2.engines.supervision.memory import too_little
from sfm2.errors import ConfigError
from sfm2.models.facts import ModelFacts
from sfm2.models.store import converted

# Bytes of resident memory beyond the weights and the KV cache: code, and buffers for 256 tokens' activations and logits.
# Measured with Qwen2.5-Coder-0.5B int4, two pipelines and full caches (benchmarks/LOG.md): 0.42 GB; with some room.
OVERHEAD = 450_000_000
# Tokens whose keys and values each pipeline keeps when no `max_memory` is set: what eight people have around their cursors.
# One who types alone has eight places in it; all of it is in use after an hour, since what is kept is not dropped before.
DEFAULT_TOKENS = 16_384
_DEVICES = {"auto": "CPU", "cpu": "CPU", "gpu": "GPU", "npu": "NPU"}


@dataclass(frozen=True)
class Device:
    """An OpenVINO device."""

    name: str
    note: str = ""
    """Why it is this one, where the settings leave it open, or ask for another."""


def folder_for(settings: Settings, digest: str, preset: Preset) -> Path:
    """Where the converted form of weights with this SHA-256 lies. Another OpenVINO or preset has another folder."""
    release = ".".join(version("openvino-genai").split(".")[:2])
    prefix = converted(settings.storage.cache_dir, digest)
    return prefix.with_name(f"{prefix.name}-{preset.compression}-ov{release}-f{FORMAT}")


def device_for(wanted: str, present: list[str]) -> Device:
    """The device to run on. `present`: OpenVINO's devices of this machine. Raises `ConfigError` for an unknown name.

    CUDA is no device of OpenVINO: the CPU serves instead and says so, since an answer is worth more than a setting.
    """
    wanted = wanted.lower()
    if wanted.startswith("cuda"):
        note = "OpenVINO has no CUDA, so it runs on the CPU; for CUDA: vLLM, a llama-server built for it, or the extra cuda"
        return Device("CPU", note)
    if wanted not in _DEVICES:
        raise ConfigError(f'models.sfm2.device: expected one of {", ".join(_DEVICES)} or "cuda", not {wanted!r}')
    name = _DEVICES[wanted]
    if not any(device.split(".")[0] == name for device in present):
        raise ConfigError(
            f"models.sfm2.device: this machine has no {name} that OpenVINO can use; it has {', '.join(present)}",
            suggestion='Set models.sfm2.device to "auto"',
        )
    return Device(name, _why_cpu(present) if wanted == "auto" else "")


def _why_cpu(present: list[str]) -> str:
    others = [device for device in present if device.split(".")[0] != "CPU"]
    if not others:
        return "auto: OpenVINO has no other device here"
    return f"auto: what SFM-2 is measured on; models.sfm2.device chooses another: {', '.join(others)}"


@dataclass(frozen=True)
class Memory:
    """What the memory limit allows."""

    pipelines: int
    """Loaded at most, each with the whole model."""
    cache_bytes: int
    """For the keys and values of each."""


def memory(settings: Settings, facts: ModelFacts, weights: int, kv_bits: int) -> Memory:
    """As many pipelines as are wanted and fit. Raises `ConfigError` when `max_memory` is too small for one.

    `weights`: their bytes. `kv_bits`: bits of a number of the keys and values.
    """
    limit, wanted = settings.models.sfm2.max_memory, settings.models.sfm2.max_adapters
    token = facts.kv_bytes_per_token(kv_bits)
    window = min(settings.models.sfm2.context, facts.context_length) * token
    if limit is None:
        return Memory(wanted, max(window, DEFAULT_TOKENS * token))
    needed = weights + OVERHEAD + window
    if limit < needed:
        raise too_little(settings.models.sfm2, facts.name, weights, OVERHEAD, window)
    pipelines = min(wanted, (limit - OVERHEAD) // (weights + window))
    return Memory(pipelines, (limit - OVERHEAD) // pipelines - weights)
