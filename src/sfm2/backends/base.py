"""What a backend is: a name, a health, and one verb that streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from sfm2.types import BackendStatus, ConversationMessage, Mode, Snippet


@dataclass(frozen=True)
class Ask:
    """One completion to make. Settings are resolved: no None means "default" here.

    `kind` "code" continues `prefix` (and fills up to `suffix`); "chat" says the next of the `turns`.
    """

    prefix: str = ""
    suffix: str = ""
    kind: Literal["code", "chat"] = "code"
    language: str | None = None
    path: str | None = None
    turns: tuple[ConversationMessage, ...] = ()
    context: tuple[Snippet, ...] = ()
    """Code of other files, the most telling last. A backend may read less of it, or none."""
    max_length: int = 100
    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    mode: Mode = Mode.FREE
    guard: bool = True
    """Whether the completion is guarded. Backends don't care: they give what the model writes."""
    again: bool = False
    """Whether this asks once more, after a completion that was of no use: a backend may put the question differently."""
    seed: int | None = None
    adapter: str | None = None
    """The name of one, or "none"; None takes the one in use. For backends that have adapters."""
    trim: bool = False
    """Whether a prefix or suffix that is too long may be cut to what fits; else it raises `PromptTooLongError`."""
    interactive: bool = False
    """Whether somebody watches: send each token at once. Else a backend may send line by line, which costs less."""
    logprobs: bool = False
    """Whether the tokens are asked for. Backends don't care: they tell what they know."""
    time_limit: float | None = None
    """Seconds of writing after which the completion ends with its line. Backends don't care."""


@dataclass(frozen=True)
class Piece:
    """Some text of the stream, with the log-probabilities of the tokens behind it (empty when unknown).

    The last piece carries `finish_reason`; it may have no text.
    """

    text: str
    logprobs: tuple[float, ...] = ()
    tokens: int = 0
    finish_reason: Literal["stop", "length"] | None = None
    prompt_tokens: int | None = field(default=None, compare=False)
    weights: str | None = field(default=None, compare=False)
    """SHA-256 of the weights, where the backend knows it; behind a + that of the adapter."""
    adapter: str | None = field(default=None, compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)
    """The text of each token behind `logprobs`, where the backend knows it. They may run ahead of `text`."""
    skipped: int = field(default=0, compare=False)
    """Characters of all names so far that no `text` will have: the model wrote again what stands before the cursor."""
    prompt_seconds: float | None = field(default=None, compare=False)
    """Until the first token, where the backend tells."""


class Status(NamedTuple):
    """`reason` is written for somebody who wants to act on it."""

    status: BackendStatus
    reason: str


class Backend(Protocol):
    """A way to get tokens.

    `stream` raises `BackendError` when the next backend should try, `InvalidRequestError` when none should; before its
    first piece or after it. Closing the iterator cancels the work.
    """

    name: str

    def stream(self, ask: Ask) -> AsyncIterator[Piece]: ...

    async def status(self) -> Status: ...

    async def start(self) -> None:
        """Begin to load, without waiting for it."""
        ...

    async def ready(self) -> None:
        """Wait until it can answer, or can't for good. Raises nothing: `status` tells."""
        ...

    async def aclose(self) -> None: ...
