"""What can be asked for completions: an SFM-2 server through the SDK, or the models in this process.

`SFM2Client` and `ModelManager` are `Completer`s, `AsyncSFM2Client` and `AsyncModelManager` are `AsyncCompleter`s, so that
command line, notebook, language server and evaluation ask either one without an adapter in between.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import NamedTuple, Protocol, TypeAlias, overload

from sfm2.types import (
    Batch,
    BatchRequest,
    ChatRequest,
    Chunk,
    CompleteRequest,
    Completion,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    Health,
    Reply,
)

Question: TypeAlias = GenerateRequest | CompleteRequest | ExplainRequest | BatchRequest
Answer: TypeAlias = Completion | Explanation | Batch
Streamable: TypeAlias = GenerateRequest | CompleteRequest | ExplainRequest


class Asker(NamedTuple):
    """Who waits for an answer."""

    deadline: float | None = None
    """When the whole answer must be there, by the event loop's clock; None: the server's own limits are all"""
    key: str | None = None
    """The id of the API key that the request came with, whose holder may read some repositories; None: without one"""
    hears: Callable[[str, bool], None] | None = None
    """Gets what the model writes, before it is judged: a piece, and whether the model begins anew with it"""


ANYBODY = Asker()


class Completer(Protocol):
    """Answers requests; blocking. All methods raise classes of `sfm2.errors`."""

    @overload
    def submit(self, request: GenerateRequest | CompleteRequest) -> Completion: ...
    @overload
    def submit(self, request: ExplainRequest) -> Explanation: ...
    @overload
    def submit(self, request: BatchRequest) -> Batch: ...
    @overload
    def submit(self, request: Question) -> Answer: ...

    @overload
    def stream(self, request: GenerateRequest | CompleteRequest) -> Generator[Chunk | Completion, None, None]: ...
    @overload
    def stream(self, request: ExplainRequest) -> Generator[Chunk | Explanation, None, None]: ...
    @overload
    def stream(self, request: Streamable) -> Generator[Chunk | Completion | Explanation, None, None]: ...

    def stream(self, request: Streamable) -> Generator[Chunk | Completion | Explanation, None, None]:
        """Chunks as they arrive, then the whole answer. Closing the generator stops the work."""
        ...

    def chat_stream(self, request: ChatRequest) -> Generator[Chunk | Reply, None, None]:
        """The next message of a conversation, as `stream` gives an answer."""
        ...

    def health(self) -> Health:
        """The state of the service and its backends."""
        ...

    def close(self) -> None:
        """Release its resources. Calling it again is harmless."""
        ...


class AsyncCompleter(Protocol):
    """Answers requests, for asyncio. All methods raise classes of `sfm2.errors`."""

    @overload
    async def submit(self, request: GenerateRequest | CompleteRequest) -> Completion: ...
    @overload
    async def submit(self, request: ExplainRequest) -> Explanation: ...
    @overload
    async def submit(self, request: BatchRequest) -> Batch: ...
    @overload
    async def submit(self, request: Question) -> Answer: ...

    @overload
    def stream(self, request: GenerateRequest | CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]: ...
    @overload
    def stream(self, request: ExplainRequest) -> AsyncGenerator[Chunk | Explanation, None]: ...
    @overload
    def stream(self, request: Streamable) -> AsyncGenerator[Chunk | Completion | Explanation, None]: ...

    def stream(self, request: Streamable) -> AsyncGenerator[Chunk | Completion | Explanation, None]:
        """Chunks as they arrive, then the whole answer. Closing the generator stops the work."""
        ...

    async def health(self) -> Health:
        """The state of the service and its backends."""
        ...

    async def aclose(self) -> None:
        """Release its resources. Calling it again is harmless."""
        ...
