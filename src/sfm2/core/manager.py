"""ModelManager, without asyncio: the async one on a thread of its own."""

from __future__ import annotations

import atexit
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from sfm2.backends.base import Backend
from sfm2.completer import Answer, Question, Streamable
from sfm2.config import Settings
from sfm2.core.async_manager import AsyncModelManager
from sfm2.core.loop_thread import LoopThread
from sfm2.types import (
    Batch,
    BatchRequest,
    ChatRequest,
    Chunk,
    CompleteRequest,
    Completion,
    ErrorBody,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    Health,
    Reply,
)

T = TypeVar("T")


class ModelManager:
    """Models in this process, without a server. Weights load in the background; the first request waits for them.

    `close()` it, or use it in `with`; what runs for it also ends with this process. Methods raise `sfm2.errors` classes.
    """

    def __init__(self, settings: Settings | None = None, backends: Sequence[Backend] | None = None) -> None:
        self._async = AsyncModelManager(settings, backends, patient=True)
        self._thread: LoopThread | None = LoopThread("sfm2-models")
        self._run(self._async.start())
        atexit.register(self.close)

    def close(self) -> None:
        """Stop what runs. Again is harmless."""
        if self._thread is not None:
            self._run(self._async.aclose())
            self._thread.close()
            self._thread = None
            atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @overload
    def submit(self, request: GenerateRequest | CompleteRequest) -> Completion: ...
    @overload
    def submit(self, request: ExplainRequest) -> Explanation: ...
    @overload
    def submit(self, request: BatchRequest) -> Batch: ...
    @overload
    def submit(self, request: Question) -> Answer: ...

    def submit(self, request: Question) -> Answer:
        """The answer to a request. With `n`, the completion with the highest confidence has the others as `alternatives`."""
        return self._run(self._async.submit(request))

    @overload
    def stream(self, request: GenerateRequest | CompleteRequest) -> Generator[Chunk | Completion, None, None]: ...
    @overload
    def stream(self, request: ExplainRequest) -> Generator[Chunk | Explanation, None, None]: ...
    @overload
    def stream(self, request: Streamable) -> Generator[Chunk | Completion | Explanation, None, None]: ...

    def stream(self, request: Streamable) -> Generator[Any, None, None]:
        """Chunks, then the whole answer. Closing it stops the work."""
        return self._iterate(self._async.stream(request))

    def chat_stream(self, request: ChatRequest) -> Generator[Chunk | Reply, None, None]:
        """Chunks of the next message of a conversation, then the whole `Reply`. Closing it stops the work."""
        return self._iterate(self._async.chat_stream(request))

    def health(self) -> Health:
        return self._run(self._async.health())

    def check_health(self) -> dict[str, str]:
        """The status of each backend by name: available, loading, unavailable, configured or not_configured."""
        return self._run(self._async.check_health())

    def generate(self, prompt: str, **settings: Any) -> Completion:
        """A completion of `prompt`; the settings are the fields of `GenerateRequest`."""
        return self._run(self._async.generate(prompt, **settings))

    def generate_with_sfm2(self, prompt: str, **settings: Any) -> Completion:
        """As `generate`, by SFM-2 or not at all."""
        return self._run(self._async.generate_with_sfm2(prompt, **settings))

    def generate_stream(self, prompt: str, **settings: Any) -> Generator[Chunk, None, None]:
        """The completion in chunks, as it is made."""
        return self._iterate(self._async.generate_stream(prompt, **settings))

    def generate_batch(self, prompts: Sequence[str], **settings: Any) -> list[Completion | ErrorBody]:
        """Answers in the order of the prompts; a prompt that fails has an `ErrorBody` in its place."""
        return self._run(self._async.generate_batch(prompts, **settings))

    def complete(self, prefix: str, suffix: str = "", **settings: Any) -> Completion:
        """What belongs between `prefix` and `suffix`; the settings are the fields of `CompleteRequest`."""
        return self._run(self._async.complete(prefix, suffix, **settings))

    def complete_stream(self, prefix: str, suffix: str = "", **settings: Any) -> Generator[Chunk, None, None]:
        """As `complete`, in chunks as they are made."""
        return self._iterate(self._async.complete_stream(prefix, suffix, **settings))

    def explain(self, code: str, **settings: Any) -> Explanation:
        """What `code` does, in words; the settings are the fields of `ExplainRequest`."""
        return self._run(self._async.explain(code, **settings))

    def explain_stream(self, code: str, **settings: Any) -> Generator[Chunk, None, None]:
        """As `explain`, in chunks as they are made."""
        return self._iterate(self._async.explain_stream(code, **settings))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._thread is None:
            work.close()
            raise RuntimeError("this ModelManager is closed")
        return self._thread.run(work)

    def _iterate(self, stream: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        async def following() -> T | None:
            return await anext(stream, None)

        try:
            while (item := self._run(following())) is not None:
                yield item
        finally:
            self._run(stream.aclose())
