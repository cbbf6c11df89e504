"""The header of a GGUF file: its metadata, and the offset of each tensor.

Format: ggml's docs/gguf.md, versions 2 and 3, little-endian. The `gguf` package reads it too, but takes 8 s for a vocabulary
of 150,000 tokens where this module takes 0.3 s. Tensor types and dequantisation are still left to that package.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfm2.errors import WeightsError

MAGIC = b"GGUF"
DEFAULT_ALIGNMENT = 32
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_MOST_ITEMS = 10_000_000  # a larger count is a damaged header
_MOST_DIMENSIONS = 4  # ggml's own limit


@dataclass(frozen=True)
class TensorInfo:
    """Where a tensor is in the file, and what it holds."""

    name: str
    shape: tuple[int, ...]
    """Its dimensions as in the file: the fastest-varying first, the reverse of NumPy's order."""
    type: int
    """A number of `gguf.GGMLQuantizationType`."""
    offset: int
    """Bytes from the beginning of the file."""


@dataclass(frozen=True)
class GGUFHeader:
    """What comes before the tensor data."""

    path: Path
    metadata: dict[str, Any]
    """All key-value pairs."""
    value_offsets: dict[str, int]
    """By key, where its value begins: bytes from the beginning of the file."""
    metadata_end: int
    """Where the key-value pairs end: bytes from the beginning of the file."""
    tensors: tuple[TensorInfo, ...]

    @property
    def architecture(self) -> str:
        """The model's architecture as GGUF names it, such as "qwen2"."""
        return str(self.metadata.get("general.architecture", "unknown"))

    def of_architecture(self, key: str, default: Any = None) -> Any:
        """The value of a key that is prefixed with the architecture's name: "context_length" for "qwen2.context_length"."""
        return self.metadata.get(f"{self.architecture}.{key}", default)


def read_header(path: Path) -> GGUFHeader:
    """The header of the GGUF file `path`.

    Raises WeightsError when it is not a GGUF file, has an unsupported version, or ends within its header, and OSError when
    it can't be read.
    """
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
        if start != MAGIC:
            raise WeightsError(f"{path} is not a GGUF file: it begins with {start!r}, expected {MAGIC!r}")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Cursor(data).header(path)
            except (struct.error, IndexError, OverflowError) as error:
                raise WeightsError(f"{path} is truncated: it ends within its header") from error


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(MAGIC)

    def header(self, path: Path) -> GGUFHeader:
        version, tensor_count, pair_count = self._scalar("<I"), self._count(), self._count()
        if version not in _VERSIONS:
            raise WeightsError(f"{path} is GGUF version {version}; expected one of {_VERSIONS}")
        metadata, offsets = {}, {}
        for _ in range(pair_count):
            key = self._string()
            kind = self._scalar("<I")
            offsets[key] = self._at
            metadata[key] = self._value(kind)
        metadata_end = self._at
        infos = [self._tensor() for _ in range(tensor_count)]
        alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment <= 0:
            raise WeightsError(f"damaged GGUF header: the alignment is {alignment!r}")
        start = -(-self._at // alignment) * alignment
        tensors = tuple(TensorInfo(name, shape, kind, start + offset) for name, shape, kind, offset in infos)
        return GGUFHeader(path, metadata, offsets, metadata_end, tensors)

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name, dimensions = self._string(), self._scalar("<I")
        if dimensions > _MOST_DIMENSIONS:
            raise WeightsError(f"damaged GGUF header: the tensor {name!r} has {dimensions:,} dimensions")
        shape = tuple(self._scalar("<Q") for _ in range(dimensions))
        return name, shape, self._scalar("<I"), self._scalar("<Q")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array()
        if kind not in _SCALARS:
            raise WeightsError(f"damaged GGUF header: unknown value type {kind} at byte {self._at}")
        return self._scalar(_SCALARS[kind])

    def _array(self) -> list[Any]:
        kind, count = self._scalar("<I"), self._count()
        if kind in _SCALARS:
            form = f"<{count}{_SCALARS[kind][1:]}"
            values = list(struct.unpack_from(form, self._data, self._at))
            self._at += struct.calcsize(form)
            return values
        if kind != _STRING:  # arrays of arrays too: they don't occur, and a damaged header could nest them endlessly
            raise WeightsError(f"damaged GGUF header: an array of type {kind} at byte {self._at}")
        return [self._value(kind) for _ in range(count)]

    def _string(self) -> str:
        (length,) = struct.unpack_from("<Q", self._data, self._at)
        start, end = self._at + 8, self._at + 8 + length
        if end > len(self._data):
            raise IndexError(end)
        self._at = end
        return self._data[start:end].decode("utf-8", "replace")

    def _count(self) -> int:
        count = self._scalar("<Q")
        if count > _MOST_ITEMS:
            raise WeightsError(f"damaged GGUF header: it claims {count:,} items at byte {self._at}")
        return int(count)

    def _scalar(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return value
