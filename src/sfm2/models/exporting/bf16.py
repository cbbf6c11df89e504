"""Numbers as bfloat16, which NumPy does not know, in a safetensors file that is written tensor by tensor.

The format: the length of the header in 8 bytes, the header as JSON, then the numbers. The library `safetensors` would want
all tensors in memory at once.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

_ALIGNMENT = 8
_CHUNK = 2**24  # numbers


def rounded(values: np.ndarray) -> np.ndarray:
    """The bits of `values`, which are finite, as bfloat16: the upper half of a float32, rounded to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def write(path: Path, shapes: Mapping[str, tuple[int, ...]], tensors: Iterable[tuple[str, np.ndarray]]) -> None:
    """`tensors` come in the order of `shapes`. Raises OSError."""
    header, offset = {"__metadata__": {"format": "pt"}} | {}, 0
    for name, shape in shapes.items():
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, end]}  # type: ignore[dict-item]
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, (expected, values) in zip(shapes, tensors, strict=True):
            assert (name, shapes[name]) == (expected, values.shape)
            flat = values.reshape(-1)
            for start in range(0, flat.size, _CHUNK):
                file.write(rounded(flat[start : start + _CHUNK]).data)
