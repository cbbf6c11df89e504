"""Where llama.cpp's server runs, and how many requests it works on at once."""

from __future__ import annotations

from dataclasses import dataclass

from sfm2.config import Sfm2Settings
from sfm2.engines.llama_server.binary import Binary
from sfm2.engines.supervision.memory import too_little
from sfm2.errors import ConfigError
from sfm2.models.gguf import GGUFHeader

# Bytes of resident memory beyond the weights and their keys and values. Measured with Qwen2.5-Coder-0.5B Q4_K_M and its
# adapter on a CPU, nine slots, while it filled holes: 0.18 GB (VmHWM); with room for what is larger.
OVERHEAD = 500_000_000
DEFAULT_CACHE = 1_000_000_000  # bytes for keys and values when no `max_memory` is set
MOST_SLOTS = 16
"""More at once would make each too slow to be of use while somebody types"""
_BYTES = 2  # of a key's or value's number
_DEVICES = ("auto", "cpu", "gpu", "cuda")


@dataclass(frozen=True)
class LlamaDevice:
    """What the model is put on."""

    devices: tuple[str, ...] | None
    """As `LlamaSpec.devices`."""
    name: str
    """For people."""
    note: str = ""
    """Why it is not the one that was asked for, if so."""


def device_for(wanted: str, binary: Binary) -> LlamaDevice:
    """The device to run on. Raises `ConfigError` for one that is unknown, or that no GPU of this machine is.

    Without CUDA the CPU serves instead and says so, since an answer is worth more than a setting.
    """
    wanted = wanted.lower()
    if wanted == "cpu":
        return LlamaDevice((), "CPU")
    if wanted == "auto":
        return LlamaDevice(None, binary.devices[0] if binary.devices else "CPU")
    if wanted.startswith("cuda"):
        cuda = tuple(one for one in binary.devices if one.startswith("CUDA"))
        note = f"{binary.path} was not built for CUDA, or finds no device, so it runs on the CPU"
        return LlamaDevice(cuda, ", ".join(cuda)) if cuda else LlamaDevice((), "CPU", note)
    if wanted != "gpu":
        raise ConfigError(f"models.sfm2.device: with llama.cpp one of {', '.join(_DEVICES)}, not {wanted!r}")
    if not binary.devices:
        raise ConfigError(
            f"models.sfm2.device: {binary.path} finds no GPU here; it may not have been built for one",
            suggestion='Install a llama-server that was, or set models.sfm2.device to "auto"',
        )
    return LlamaDevice(binary.devices, ", ".join(binary.devices))


def window(settings: Sfm2Settings, header: GGUFHeader) -> int:
    """Tokens that a request may have."""
    return min(settings.context, int(header.of_architecture("context_length", settings.context)))


def slots_for(settings: Sfm2Settings, header: GGUFHeader, name: str, weights: int) -> int:
    """As many as memory allows; `weights` is their bytes. Raises `ConfigError` when `max_memory` is too small for one."""
    bytes_each = window(settings, header) * bytes_per_token(header)
    room = max(bytes_each, DEFAULT_CACHE)
    if settings.max_memory is not None:
        room = settings.max_memory - weights - OVERHEAD
        if room < bytes_each:
            raise too_little(settings, name, weights, OVERHEAD, bytes_each)
    return max(1, min(room // max(1, bytes_each), settings.max_requests, MOST_SLOTS))


def bytes_per_token(header: GGUFHeader) -> int:
    """Of keys and values over all layers. Where a layer has fewer than another, as if it had as many."""
    heads = _most(header.of_architecture("attention.head_count", 1))
    kv_heads = _most(header.of_architecture("attention.head_count_kv", heads))
    width = _most(header.of_architecture("embedding_length", 0)) // heads
    key = int(header.of_architecture("attention.key_length", width))
    value = int(header.of_architecture("attention.value_length", width))
    return int(header.of_architecture("block_count", 0)) * kv_heads * (key + value) * _BYTES


def _most(found: int | list[int]) -> int:
    """Some architectures have a number for each layer."""
    return max(1, *found) if isinstance(found, list) else max(1, int(found))
