"""Sequences of different lengths -> rows of one length, so that little of the computation goes to padding.

Each position sees its own sequence only, and counts from that one's beginning (Krell et al. 2021, "Efficient sequence
packing without cross-contamination").
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfm2.finetune.encoding import Sequence

if TYPE_CHECKING:
    import torch

IGNORED = -100  # a label that costs nothing, as torch's cross entropy has it


@dataclass
class Row:
    """Sequences that stand one behind the other."""

    sequences: list[Sequence] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.sequences))


def pack(sequences: Iterable[Sequence], length: int) -> Iterator[Row]:
    """Best fit, longest first: each goes where the least room is left behind it. Longer ones than a row are left out."""
    rooms: list[tuple[int, int]] = []
    rows: list[Row] = []
    for sequence in sorted((one for one in sequences if len(one) <= length), key=len, reverse=True):
        at = bisect_left(rooms, (len(sequence), -1))
        if at < len(rooms):
            room, number = rooms.pop(at)
        else:
            room, number = length, len(rows)
            rows.append(Row())
        rows[number].sequences.append(sequence)
        insort(rooms, (room - len(sequence), number))
    yield from rows


def batch(rows: list[Row]) -> dict[str, torch.Tensor]:
    """What a causal model of transformers takes, each of shape (rows, length of the longest row); the mask is (rows, 1,
    length, length), true where a position is seen."""
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
