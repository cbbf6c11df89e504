"""Both clients behind one blocking face, so that one suite runs over both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sfm2 import AsyncSFM2Client, Chunk, Completion, Explanation, SFM2Client


class Stream(Protocol):
    @property
    def result(self) -> Completion | Explanation | None: ...

    def __iter__(self) -> Iterator[Chunk]: ...

    def close(self) -> None: ...


class Blocking:
    """An `AsyncSFM2Client` on an event loop of its own."""

    def __init__(self, client: AsyncSFM2Client, runner: asyncio.Runner) -> None:
        self.client = client
        self.runner = runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return self.runner.run(result) if inspect.iscoroutine(result) else result

        return call

    def __repr__(self) -> str:
        return repr(self.client)

    def generate_stream(self, *args: Any, **kwargs: Any) -> Stream:
        return BlockingStream(self.client.generate_stream(*args, **kwargs), self.runner)

    def complete_stream(self, *args: Any, **kwargs: Any) -> Stream:
        return BlockingStream(self.client.complete_stream(*args, **kwargs), self.runner)

    def explain_stream(self, *args: Any, **kwargs: Any) -> Stream:
        return BlockingStream(self.client.explain_stream(*args, **kwargs), self.runner)

    def with_options(self, **options: Any) -> Blocking:
        return Blocking(self.client.with_options(**options), self.runner)

    def close(self) -> None:
        self.runner.run(self.client.aclose())


class BlockingStream:
    def __init__(self, stream: Any, runner: asyncio.Runner) -> None:
        self._stream = stream
        self._runner = runner

    @property
    def result(self) -> Completion | Explanation | None:
        result: Completion | Explanation | None = self._stream.result
        return result

    def __iter__(self) -> Iterator[Chunk]:
        while True:
            try:
                yield self._runner.run(self._next())
            except StopAsyncIteration:
                return

    async def _next(self) -> Chunk:
        chunk: Chunk = await anext(self._stream)
        return chunk

    def close(self) -> None:
        self._runner.run(self._stream.aclose())


Connect = Callable[..., Any]


def connectors(close: Callable[[Callable[[], None]], object]) -> dict[str, Connect]:
    """For each kind of client, what builds one that is closed by `close`'s callback."""

    def blocking(*args: Any, **kwargs: Any) -> SFM2Client:
        client = SFM2Client(*args, **kwargs)
        close(client.close)
        return client

    def asynchronous(*args: Any, **kwargs: Any) -> Blocking:
        runner = asyncio.Runner()
        close(runner.close)
        client = Blocking(AsyncSFM2Client(*args, **kwargs), runner)
        close(client.close)
        return client

    return {"sync": blocking, "async": asynchronous}
