"""Packing sequences of different lengths into rows of one length, so that little computation is spent on padding.

Each position attends to its own sequence only, and positions count from the beginning of the sequence (Krell et al. 2021,
"Efficient sequence packing without cross-contamination").
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfm2.finetune.encoding import TokenSequence

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""The label of a position without a loss: the default `ignore_index` of torch's cross entropy."""


@dataclass
class PackedRow:
    """Sequences that share a row, one after another. Its length is the number of tokens."""

    sequences: list[TokenSequence] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.sequences))


def pack(sequences: Iterable[TokenSequence], length: int) -> Iterator[PackedRow]:
    """Rows of at most `length` tokens; sequences longer than that are left out.

    Best-fit decreasing: the longest sequence first, each into the row that it fills best.
    """
    free: list[tuple[int, int]] = []  # free tokens and number of each row, sorted
    rows: list[PackedRow] = []
    for sequence in sorted((one for one in sequences if len(one) <= length), key=len, reverse=True):
        at = bisect_left(free, (len(sequence), -1))
        if at < len(free):
            tokens, number = free.pop(at)
        else:
            tokens, number = length, len(rows)
            rows.append(PackedRow())
        rows[number].sequences.append(sequence)
        insort(free, (tokens - len(sequence), number))
    yield from rows


def batch(rows: list[PackedRow]) -> dict[str, torch.Tensor]:
    """The inputs of a causal language model in transformers.

    `input_ids`, `labels` and `position_ids` are int64 of shape (rows, length), where length is that of the longest row;
    `attention_mask` is bool of shape (rows, 1, length, length), True where the query (third axis) attends to the key.
    """
    import torch

    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full_like(ids, IGNORED)
    positions, members = torch.zeros_like(ids), torch.zeros_like(ids)
    for number, row in enumerate(rows):
        start = 0
        for member, sequence in enumerate(row.sequences, 1):
            end = start + len(sequence)
            ids[number, start:end] = torch.tensor(sequence.ids)
            labels[number, end - sequence.learnt : end] = ids[number, end - sequence.learnt : end]
            positions[number, start:end] = torch.arange(len(sequence))
            members[number, start:end] = member
            start = end
    same = members[:, :, None] == members[:, None, :]
    causal = torch.ones(width, width, dtype=torch.bool).tril()
    return {
        "input_ids": ids,
        "labels": labels,
        "position_ids": positions,
        "attention_mask": (same & causal)[:, None],
    }
