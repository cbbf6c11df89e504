"""How well training an adapter uses the machine: `python benchmarks/training.py DATA [--row 512]`.

DATA is a folder from `sfm2 finetune data`. Prints tokens per second; model FLOPs utilisation, which is the floating-point
operations that the model's mathematics needs as a share of what this machine's matrix multiplication reaches in the same
precision, measured in the same run; and the time by kind of operation, from PyTorch's profiler.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from sfm2.config import load
from sfm2.finetune.base import load_served
from sfm2.finetune.job import examples_of, rows_of
from sfm2.finetune.packing import PackedRow, batch
from sfm2.finetune.training import TrainingSettings, middle_loss, with_adapter

ROUNDS = 4
GROUPS = {
    "matrix multiplication": ("aten::mm", "aten::addmm", "aten::bmm", "aten::linear"),
    "attention": ("scaled_dot_product", "_flash_attention", "_efficient_attention"),
    "loss": ("log_softmax", "nll_loss"),
    "copies and casts": ("aten::copy_", "aten::_to_copy", "aten::cat", "aten::clone"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--row", type=int, default=512)
    arguments = parser.parse_args()
    base = load_served(load().settings)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = with_adapter(base.model, TrainingSettings()).to(device)
    rows = rows_of(examples_of(arguments.data), base, arguments.row, 0)[0][: ROUNDS + 1]
    step(model, rows[0])
    peak = reached(model.config.hidden_size, model.config.intermediate_size, arguments.row, device)
    seconds = [timed(model, row) for row in rows[1:]]
    learnt = sum(sequence.learnt for row in rows[1:] for sequence in row.sequences)
    tokens, flops = sum(map(len, rows[1:])), sum(operations(model, row) for row in rows[1:])
    print(f"{tokens / sum(seconds):.0f} tokens/s, {learnt / tokens:.0%} of them learnt")
    print(
        f"{flops / sum(seconds) / 1e12:.3f} of {peak / 1e12:.3f} TFLOP/s: utilisation {flops / sum(seconds) / peak:.0%}"
    )
    for name, share in where(model, rows[1]).items():
        print(f"{share:6.1%}  {name}")


def step(model: Any, row: PackedRow) -> None:
    inputs = {name: value.to(model.device) for name, value in batch([row]).items()}
    with torch.autocast(model.device.type, torch.bfloat16):
        loss, _ = middle_loss(model, inputs)
    loss.backward()
    model.zero_grad(set_to_none=True)
    if model.device.type == "cuda":
        torch.cuda.synchronize()


def timed(model: Any, row: PackedRow) -> float:
    started = time.perf_counter()
    step(model, row)
    return time.perf_counter() - started


def operations(model: Any, row: PackedRow) -> float:
    """The floating-point operations that a row needs, two for each multiplication with its addition.

    Counted are the frozen matrices, forward and once backward (their weights have no gradient); the adapter's, forward and
    twice backward; the head, at positions that count in the loss; and causal attention within each sequence, rather than
    what a dense mask takes.
    """
    frozen = adapter = 0
    for name, weight in model.named_parameters():
        if weight.dim() == 2 and ".layers." in name:
            adapter += weight.numel() if weight.requires_grad else 0
            frozen += 0 if weight.requires_grad else weight.numel()
    config = model.config
    learnt = sum(sequence.learnt for sequence in row.sequences)
    attended = sum(len(sequence) ** 2 / 2 for sequence in row.sequences)
    width = config.hidden_size
    attention = 3 * 4 * attended * width * config.num_hidden_layers  # scores and sums, forward and twice back
    head = 4 * learnt * config.vocab_size * config.hidden_size
    return float(len(row) * (4 * frozen + 6 * adapter) + head + attention)


def reached(width: int, inner: int, rows: int, device: str) -> float:
    """Operations per second in the model's largest matrix multiplication, the best of 30 tries."""
    left = torch.randn(rows, width, dtype=torch.bfloat16, device=device)
    right = torch.randn(inner, width, dtype=torch.bfloat16, device=device)
    best = float("inf")
    for _ in range(30):
        started = time.perf_counter()
        left @ right.T
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return float(2 * rows * width * inner / best)


def where(model: Any, row: PackedRow) -> dict[str, float]:
    """The share of time by kind of operation, the largest first."""
    activities = [ProfilerActivity.CUDA] if model.device.type == "cuda" else [ProfilerActivity.CPU]
    with profile(activities=activities) as found:
        step(model, row)
    spent: Counter[str] = Counter()
    for event in found.key_averages():
        group = next((group for group, names in GROUPS.items() if any(name in event.key for name in names)), "other")
        spent[group] += event.self_device_time_total if model.device.type == "cuda" else event.self_cpu_time_total
    return {name: time / spent.total() for name, time in spent.most_common()}


if __name__ == "__main__":
    main()
