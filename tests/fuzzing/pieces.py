"""The bytes of a fuzzer as what a function takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SEPARATOR = b"\xff"  # it is in no UTF-8


class Pieces:
    """Takes values from the front; when there are no more bytes, they are the first choice, 0 and ""."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self) -> int:
        """0 to 255."""
        first, self._data = self._data[:1], self._data[1:]
        return first[0] if first else 0

    def choice(self, values: Sequence[T]) -> T:
        """One of `values`."""
        return values[self.number() % len(values)]

    def text(self) -> str:
        """Up to the next separator."""
        return self.piece().decode("utf-8", "replace")

    def piece(self) -> bytes:
        """The same, as it is."""
        found, _, self._data = self._data.partition(SEPARATOR)
        return found

    def rest(self) -> bytes:
        """All that is left."""
        rest, self._data = self._data, b""
        return rest
