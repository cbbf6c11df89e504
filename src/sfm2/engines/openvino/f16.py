"""A GGUF dequantised to 16-bit floats: the metadata copied as it is, the tensors rewritten."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from sfm2.models.dequantising import F32, dequantised, parameter_count, target_type
from sfm2.models.gguf import DEFAULT_ALIGNMENT, MAGIC, GGUFHeader

_FILE_TYPE_F16 = 1  # `general.file_type`: mostly F16


def write(header: GGUFHeader, target: Path, progress: Callable[[float], None]) -> None:
    """`progress` gets the share of the parameters written, in [0, 1]. Raises `WeightsError` as `dequantised` does."""
    total, done = parameter_count(header), 0
    with target.open("wb") as file:
        file.write(_head(header))
        for tensor, data in dequantised(header):
            _pad(file, _alignment(header))
            file.write(data.data)
            done += math.prod(tensor.shape)
            progress(done / total)


def _head(header: GGUFHeader) -> bytes:
    """Magic, counts, the source's metadata but for the file type, and the tensors' new types and places."""
    counts = struct.pack("<IQQ", 3, len(header.tensors), len(header.metadata))
    with header.path.open("rb") as source:
        metadata = bytearray(source.read(header.metadata_end)[len(MAGIC) + len(counts) :])
    if at := header.value_offsets.get("general.file_type"):
        struct.pack_into("<I", metadata, at - len(MAGIC) - len(counts), _FILE_TYPE_F16)
    head = MAGIC + counts + bytes(metadata) + b"".join(_infos(header))
    return head + b"\0" * (-len(head) % _alignment(header))


def _infos(header: GGUFHeader) -> Iterator[bytes]:
    offset, alignment = 0, _alignment(header)
    for tensor in header.tensors:
        name = tensor.name.encode()
        kind = target_type(tensor)
        shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        yield struct.pack("<Q", len(name)) + name + shape + struct.pack("<IQ", kind, offset)
        size = math.prod(tensor.shape) * (4 if kind == F32 else 2)
        offset += size + (-size % alignment)


def _alignment(header: GGUFHeader) -> int:
    return int(header.metadata.get("general.alignment", DEFAULT_ALIGNMENT))


def _pad(file: BinaryIO, alignment: int) -> None:
    file.write(b"\0" * (-file.tell() % alignment))
