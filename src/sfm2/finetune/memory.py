"""Whether a machine has the memory for a training run: a run that is refused is better than a machine that swaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sfm2.errors import SFM2Error

_SPARE = 0.05  # share of all memory; a run with less free stops, after a checkpoint
# 16-bit vectors that a layer keeps per token for the backward pass: of the hidden size and of the inner size.
_KEPT_HIDDEN, _KEPT_INNER = 20, 6
_LOGIT_BYTES = 12  # per logit: in bfloat16, in 32 bits, its gradient, and a temporary copy
_ADAPTER_BYTES = 16  # per adapter weight: 32 bits each for itself, its gradient, and Adam's two averages
_OVERHEAD = 1_500_000_000  # bytes for Python, torch, and memory that its allocator keeps


@dataclass(frozen=True)
class MemoryNeed:
    """What a training run needs, against what the device has. All in bytes."""

    needed: int
    """An estimate for the whole process, with the model that is loaded already."""
    free: int
    """What the process may use: what is free now and what the loaded model takes."""
    total: int

    def check(self) -> None:
        """Raise SFM2Error, with both numbers, when more is needed than is free."""
        if self.needed > self.free:
            raise SFM2Error(
                f"training needs about {self.needed / 1e9:.1f} GB of memory, {self.free / 1e9:.1f} GB are free",
                suggestion="Make the rows shorter (--row), stop other programs, or train on another machine",
            )


def estimate_memory(model: Any, adapter_weights: int, row: int, learnt: int) -> MemoryNeed:
    """What a training step needs on the model's device: the GPU's memory, or the machine's.

    `adapter_weights` is the number of trainable weights, `row` the number of tokens in the longest row, and `learnt` the
    largest number of tokens of a row that count in the loss.
    """
    free, total = _memory_beside(model)
    config = model.config
    inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size  # GPT-2 does not name it
    kept = config.num_hidden_layers * (_KEPT_HIDDEN * config.hidden_size + _KEPT_INNER * inner) * 2
    needed = (
        _loaded(model)
        + adapter_weights * _ADAPTER_BYTES
        + row * kept
        + learnt * config.vocab_size * _LOGIT_BYTES
        + _OVERHEAD
    )
    return MemoryNeed(needed, free + _loaded(model), total)


def is_scarce() -> bool:
    """Whether so little of the machine's memory is free that it may begin to swap."""
    free, total = _memory()
    return free < _SPARE * total


def _loaded(model: Any) -> int:
    """The bytes of the model's weights, which are allocated already."""
    return sum(weight.numel() * weight.element_size() for weight in model.parameters())


def _memory_beside(model: Any) -> tuple[int, int]:
    device = next(model.parameters()).device
    if device.type != "cuda":
        return _memory()
    import torch

    free, total = torch.cuda.mem_get_info(device)
    return int(free), int(total)


def _memory() -> tuple[int, int]:
    """The machine's free memory and all of it, in bytes."""
    import psutil

    found = psutil.virtual_memory()
    return found.available, found.total
