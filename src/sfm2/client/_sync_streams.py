"""The SDK for blocking code. Generated from `_async_streams` by `python -m tools.unasync`: do not edit."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from types import TracebackType
from typing import Generic, Self

from sfm2.client._events import Streamed
from sfm2.types import Chunk, Completion, Explanation


class Closing:
    """Is closed at the end of `with`."""

    def close(self) -> None:
        """Let go of what it holds. Calling it again is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AnswerStream(Closing, Generic[Streamed]):
    """Iterates over the chunks of an answer as they arrive; `result` is the whole answer after the last one.

    Closing it early stops the work on the server. Iterating raises the classes of `sfm2.errors`, `StreamInterruptedError`
    if the stream ends before the answer is done.
    """

    def __init__(self, items: Generator[Chunk | Streamed, None, None]) -> None:
        self.result: Streamed | None = None
        self._items = items

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        item = next(self._items)
        if isinstance(item, Chunk):
            return item
        self.result = item
        raise StopIteration

    def close(self) -> None:
        """Stop the work and release the connection. Calling it again is harmless."""
        self._items.close()


class GenerationStream(AnswerStream[Completion]):
    """The stream of a `Completion`."""


class ExplanationStream(AnswerStream[Explanation]):
    """The stream of an `Explanation`."""
