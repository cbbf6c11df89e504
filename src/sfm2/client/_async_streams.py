"""The SDK's streams for asyncio.

The blocking ones are generated from this file: run `python -m tools.unasync` after a change.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Generic, Self

from sfm2.client._events import Streamed
from sfm2.types import Chunk, Completion, Explanation


class AsyncClosing:
    """Is closed at the end of `async with`."""

    async def aclose(self) -> None:
        """Let go of what it holds. Calling it again is harmless."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncAnswerStream(AsyncClosing, Generic[Streamed]):
    """Iterates over the chunks of an answer as they arrive; `result` is the whole answer after the last one.

    Closing it early stops the work on the server. Iterating raises the classes of `sfm2.errors`, `StreamInterruptedError`
    if the stream ends before the answer is done.
    """

    def __init__(self, items: AsyncGenerator[Chunk | Streamed, None]) -> None:
        self.result: Streamed | None = None
        self._items = items

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    async def __anext__(self) -> Chunk:
        item = await anext(self._items)
        if isinstance(item, Chunk):
            return item
        self.result = item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop the work and release the connection. Calling it again is harmless."""
        await self._items.aclose()


class AsyncGenerationStream(AsyncAnswerStream[Completion]):
    """The stream of a `Completion`."""


class AsyncExplanationStream(AsyncAnswerStream[Explanation]):
    """The stream of an `Explanation`."""
