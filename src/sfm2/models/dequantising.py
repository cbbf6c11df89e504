"""The tensors of a GGUF file, dequantised to 16-bit floats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sfm2.errors import WeightsError
from sfm2.models.gguf import GGUFHeader, TensorInfo

F32, F16 = 0, 1  # ggml's tensor types
_THREADS = 2


def parameter_count(header: GGUFHeader) -> int:
    """The number of parameters of all tensors."""
    return sum(math.prod(tensor.shape) for tensor in header.tensors)


def target_type(tensor: TensorInfo) -> int:
    """The type that it is dequantised to: F32 stays, all else becomes F16."""
    return F32 if tensor.type == F32 else F16


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
        values = np.ascontiguousarray(values, np.float32 if target_type(tensor) == F32 else np.float16)
    _check(tensor, values)
    return values


def _check(tensor: TensorInfo, values: np.ndarray) -> None:
    """Damaged blocks have scales at random, which few weights survive; a download that stopped early may leave zeros."""
    if not np.isfinite(values).all():
        raise WeightsError(f"the weights are damaged: {tensor.name} holds values that are no numbers")
    if len(tensor.shape) > 1 and not values[0].any() and not values.any():
        raise WeightsError(f"the weights are damaged: {tensor.name} is all zeros")
