"""Whether a machine has the memory for a training: better no training than a machine that swaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sfm2.errors import SFM2Error

_SPARE = 0.05  # of all memory; below it a run stops, with a checkpoint
# Numbers of 2 bytes that a layer keeps of a token for its gradient: of hidden and inner width.
_KEPT_WIDTHS, _KEPT_INNER = 20, 6
_LOGIT_BYTES = 12  # a logit in bfloat16, in 32 bits, its gradient, and a copy on the way
_ADAPTER_BYTES = 16  # a weight of the adapter in 32 bits, its gradient, and Adam's two averages
_OVERHEAD = 1_500_000_000  # bytes for Python, torch, and what its allocator does not give back


@dataclass(frozen=True)
class Room:
    """In bytes."""

    needed: int
    free: int
    total: int

    def check(self) -> None:
        """Raises SFM2Error, with the numbers."""
        if self.needed > self.free:
            raise SFM2Error(
                f"training needs about {self.needed / 1e9:.1f} GB of memory, {self.free / 1e9:.1f} GB are free",
                suggestion="Make the rows shorter (--row), stop other programs, or train on another machine",
            )


def room_for(model: Any, adapter_weights: int, row: int, learnt: int) -> Room:
    """`row`: tokens of a row, `learnt`: of those that are predicted, at most. Where the model is: on a GPU, or here."""
    free, total = _memory_beside(model)
    config = model.config
    inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size  # GPT-2 does not name it
    kept = config.num_hidden_layers * (_KEPT_WIDTHS * config.hidden_size + _KEPT_INNER * inner) * 2
    needed = (
        _loaded(model)
        + adapter_weights * _ADAPTER_BYTES
        + row * kept
        + learnt * config.vocab_size * _LOGIT_BYTES
        + _OVERHEAD
    )
    return Room(needed, free + _loaded(model), total)


def is_scarce() -> bool:
    """Whether so little is left that the machine would begin to swap."""
    free, total = _memory()
    return free < _SPARE * total


def _loaded(model: Any) -> int:
    """What is there already is no longer free."""
    return sum(weight.numel() * weight.element_size() for weight in model.parameters())


def _memory_beside(model: Any) -> tuple[int, int]:
    device = next(model.parameters()).device
    if device.type != "cuda":
        return _memory()
    import torch

    free, total = torch.cuda.mem_get_info(device)
    return int(free), int(total)


def _memory() -> tuple[int, int]:
    """Free and all."""
    import psutil

    found = psutil.virtual_memory()
    return found.available, found.total
