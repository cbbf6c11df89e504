"""Finding a GGUF file, and checking that it is complete.

Only the header is read and the size compared. Altered bytes are found by comparing digests, which is done elsewhere.
"""

from __future__ import annotations

import math
from pathlib import Path

from sfm2.errors import MissingExtraError, WeightsError
from sfm2.models.gguf import GGUFHeader, TensorInfo, read_header


def find(path: Path) -> Path:
    """`path` itself, or the only GGUF file in the folder `path`.

    Raises WeightsError when nothing is there, or when the folder does not hold exactly one.
    """
    if path.is_dir():
        return _only_one(path)
    if not path.exists():
        raise WeightsError(
            f"there are no weights at {path}",
            suggestion="Correct models.sfm2.path (SFM2_MODEL_PATH), or leave it out: `sfm2 models pull` fetches the default",
        )
    return path


def check(path: Path) -> GGUFHeader:
    """The header of the GGUF file `path`, once its size has been checked.

    Raises WeightsError when the file is missing, unreadable, empty, not a GGUF file, or shorter than its header says; the
    message then has the expected and the actual size.
    """
    try:
        size = find(path).stat().st_size
        if size == 0:
            raise WeightsError(f"{path} is empty; expected a GGUF file")
        header = read_header(path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from error
    expected = max((_end(path, tensor) for tensor in header.tensors), default=header.metadata_end)
    if size < expected:
        raise truncated(path, expected, size)
    return header


def truncated(path: Path, expected: int, size: int) -> WeightsError:
    """The error for a file of `size` bytes that should have `expected`."""
    return WeightsError(f"{path} is truncated: expected {expected:,} bytes, it has {size:,}")


def _only_one(folder: Path) -> Path:
    found = sorted(path for path in folder.glob("*.gguf") if path.is_file())
    if len(found) == 1:
        return found[0]
    names = f" ({', '.join(path.name for path in found[:3])}{', ...' if len(found) > 3 else ''})" if found else ""
    raise WeightsError(
        f"{folder} holds {len(found)} files ending in .gguf{names}; expected exactly one",
        suggestion="Name the file itself in models.sfm2.path (SFM2_MODEL_PATH); a Hugging Face folder has a config.json",
    )


def _end(path: Path, tensor: TensorInfo) -> int:
    """The offset of the first byte after the tensor."""
    try:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    except ImportError as error:
        raise MissingExtraError("reading weights", "engine") from error
    try:
        block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.type)]
    except (ValueError, KeyError) as error:
        raise WeightsError(f"{path}: the tensor {tensor.name} has the unknown type {tensor.type}") from error
    return tensor.offset + math.prod(tensor.shape) // int(block) * int(block_bytes)
