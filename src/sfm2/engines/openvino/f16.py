"""A GGUF dequantised to 16-bit floats: the metadata copied as it is, the tensors rewritten."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sfm2.errors import WeightsError
from sfm2.models.gguf import DEFAULT_ALIGNMENT, MAGIC, GGUFHeader, TensorInfo

_F32, _F16 = 0, 1  # ggml's tensor types
_FILE_TYPE_F16 = 1  # `general.file_type`: mostly F16
_THREADS = 2


def parameter_count(header: GGUFHeader) -> int:
    """The number of parameters of all tensors."""
    return sum(math.prod(tensor.shape) for tensor in header.tensors)


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
        kind = _target_type(tensor)
        shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        yield struct.pack("<Q", len(name)) + name + shape + struct.pack("<IQ", kind, offset)
        size = math.prod(tensor.shape) * (4 if kind == _F32 else 2)
        offset += size + (-size % alignment)


def dequantised(header: GGUFHeader) -> Iterator[tuple[TensorInfo, np.ndarray]]:
    """Each tensor in order, F32 where it was and else F16, the slowest dimension first. A few ahead: numpy lets go of the
    lock, so threads help. Raises `WeightsError` for a truncated or damaged file."""
    source = np.memmap(header.path, np.uint8, "r")
    tensors = list(header.tensors)
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(tensors), _THREADS):
            group = tensors[start : start + _THREADS]
            yield from zip(group, pool.map(lambda tensor: _plain(source, tensor), group), strict=True)


def _plain(source: np.ndarray, tensor: TensorInfo) -> np.ndarray:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    try:
        kind = GGMLQuantizationType(tensor.type)
    except ValueError as error:
        raise WeightsError(f"the weights are damaged: {tensor.name} has the unknown type {tensor.type}") from error
    block, block_bytes = GGML_QUANT_SIZES[kind]
    row_bytes = tensor.shape[0] // block * block_bytes
    rows = math.prod(tensor.shape[1:])
    raw = source[tensor.offset : tensor.offset + rows * row_bytes]
    if raw.size < rows * row_bytes:
        raise WeightsError(f"the weights are truncated: {tensor.name} ends after the end of the file")
    with np.errstate(all="ignore"):  # what overflows is found below
        values = dequantize(raw.reshape(rows, row_bytes), kind).reshape(tensor.shape[::-1])
        values = np.ascontiguousarray(values, np.float32 if _target_type(tensor) == _F32 else np.float16)
    _check(tensor, values)
    return values


def _check(tensor: TensorInfo, values: np.ndarray) -> None:
    """Damaged blocks have scales at random, which few weights survive; a download that stopped early may leave zeros."""
    if not np.isfinite(values).all():
        raise WeightsError(f"the weights are damaged: {tensor.name} holds values that are no numbers")
    if len(tensor.shape) > 1 and not values[0].any() and not values.any():
        raise WeightsError(f"the weights are damaged: {tensor.name} is all zeros")


def _target_type(tensor: TensorInfo) -> int:
    return _F32 if tensor.type == _F32 else _F16


def _alignment(header: GGUFHeader) -> int:
    return int(header.metadata.get("general.alignment", DEFAULT_ALIGNMENT))


def _pad(file: BinaryIO, alignment: int) -> None:
    file.write(b"\0" * (-file.tell() % alignment))
