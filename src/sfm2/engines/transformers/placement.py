"""Where transformers' engine runs, and how much of that device's memory its keys and values get."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch

from sfm2.engines.transformers.spec import TransformersSpec
from sfm2.errors import ConfigError
from sfm2.models.facts import ModelFacts

# Bytes beyond weights and cache: CUDA's context, activations of `BATCH` tokens, and the logits of 32 requests with what
# drawing from them takes.
OVERHEAD = 1_200_000_000
BATCH = 512
"""Tokens of a step: of prompts that are read, and one of each request that writes."""
PAGE = 32
"""Tokens of a page of the cache; what two prompts have in common is read once, page by page."""
DEFAULT_TOKENS = {"cuda": 65_536, "cpu": 16_384}
"""Whose keys and values each pipeline keeps when no `max_memory` is set."""
_ROOM = 0.95  # of the memory that is free on a GPU: other programs have some of it, too
_TYPES = {"cuda": torch.bfloat16, "cpu": torch.float32}  # most CPUs are slower with bfloat16


@dataclass(frozen=True)
class TorchDevice:
    """What the model is put on."""

    device: torch.device
    name: str
    """For people."""
    free: int | None
    """Bytes of its memory that are free; None: it is the CPU."""

    @property
    def dtype(self) -> torch.dtype:
        """Of weights, keys and values."""
        return _TYPES[self.device.type]


def device_for(wanted: str) -> TorchDevice:
    """The device to run on. Raises `ConfigError` for one that is unknown or can't be used, with the reason."""
    wanted = wanted.lower()
    if wanted == "cpu" or (wanted == "auto" and why_no_cuda() is not None):
        return TorchDevice(torch.device("cpu"), "CPU", None)
    kind, _, number = wanted.partition(":")
    if kind not in ("auto", "cuda") or not (number or "0").isdigit():
        raise ConfigError(
            f'models.sfm2.device: with transformers one of "auto", "cpu", "cuda" or "cuda:0", not {wanted!r}'
        )
    if reason := why_no_cuda():
        raise ConfigError(
            f"models.sfm2.device is {wanted!r}, and PyTorch can't use it: {reason}",
            suggestion='Set models.sfm2.device to "auto" or "cpu", or install what is missing',
        )
    if int(number or 0) >= torch.cuda.device_count():
        raise ConfigError(f"models.sfm2.device is {wanted!r}; this machine has {torch.cuda.device_count()} GPUs")
    device = torch.device("cuda", int(number or 0))
    return TorchDevice(device, torch.cuda.get_device_name(device), torch.cuda.mem_get_info(device)[0])


def why_no_cuda() -> str | None:
    """Why PyTorch has no CUDA here; None: it has."""
    if torch.version.cuda is None:
        return f"PyTorch {torch.__version__} was built without CUDA"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if torch.cuda.is_available():
            return None
    told = " ".join(str(one.message).split(" (Triggered")[0] for one in said)  # such as that the driver is too old
    return told or f"there is no NVIDIA GPU, or no driver for it (PyTorch was built for CUDA {torch.version.cuda})"


def blocks(spec: TransformersSpec, facts: ModelFacts, weights: int, place: TorchDevice) -> int:
    """How many pages of `PAGE` tokens the cache of each pipeline has. `weights`: their bytes on the device.

    Raises `ConfigError` when `max_memory`, or the GPU's memory that is free, is too little for one window.
    """
    size = place.dtype.itemsize
    token = facts.kv_bytes_per_token(8 * size) + BATCH * size  # attention has a mask of `BATCH` times all tokens
    window = min(spec.context, facts.context_length)
    needed = weights + OVERHEAD + (window + BATCH) * token * spec.max_pipelines
    said = f"{spec.name} with a window of {window:,} tokens needs {needed / 1e9:.1f} GB"
    if place.free is not None and needed > place.free * _ROOM:
        raise ConfigError(
            f"{said}, there are {place.free / 1e9:.1f} free on {place.name}",
            suggestion="Free some of it, set models.sfm2.context to a smaller window or models.sfm2.max_adapters to 1, "
            "or choose smaller weights",
        )
    if spec.max_memory is not None and needed > spec.max_memory:
        raise ConfigError(
            f"models.sfm2.max_memory is {spec.max_memory / 1e9:.2f} GB; {said}",
            suggestion=f'Set models.sfm2.max_memory to at least "{-(-needed // 10**8) / 10:g}GB", '
            "or models.sfm2.context to a smaller window",
        )
    tokens = max(window, DEFAULT_TOKENS[place.device.type]) + BATCH
    if spec.max_memory is not None:
        tokens = (spec.max_memory - weights - OVERHEAD) // spec.max_pipelines // token
    if place.free is not None:
        tokens = min(tokens, int(place.free * _ROOM - weights - OVERHEAD) // spec.max_pipelines // token)
    most = spec.max_requests * window  # more would never be used
    return -(-max(min(tokens, most), window + BATCH) // PAGE)
