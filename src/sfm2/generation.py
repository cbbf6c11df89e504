"""What backends are asked for, and what they stream back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sfm2.types import ConversationMessage, FinishReason, SamplingParams

_NEUTRAL = SamplingParams()


class Priority(IntEnum):
    """Who is served first where not everybody can be at once."""

    TYPING = 0
    """Somebody types on, and does not wait long."""
    ANSWER = 1
    """Somebody waits for it."""
    BATCH = 2
    """Nobody waits for this one alone."""


@dataclass(frozen=True)
class Excerpt:
    """Code of another file, which helps to understand the hole."""

    text: str
    path: str = ""
    first: int | None = None
    """The number of its first line in the file, from 1, where known."""
    last: int | None = None
    """The number of its last line."""


@dataclass(frozen=True)
class GenerationRequest:
    """One completion to generate: the parts of the prompt, the sampling parameters, and the adapter.

    With `messages`, the next message of that conversation; else the code that continues `prefix`, up to `suffix`.
    """

    prefix: str = ""
    """Code before the hole."""
    suffix: str = ""
    """Code after the hole. Backends that cannot fill holes ignore it."""
    language: str | None = None
    """A name of the language table; None: unknown."""
    language_is_guess: bool = False
    """The language was guessed from the code: nobody named it, and the guard must not trust its grammar's refusal."""
    path: str | None = None
    """The file's name, where known."""
    name_file: bool = False
    """The prompt must tell the file's name, for its code does not tell the language."""
    context: tuple[Excerpt, ...] = ()
    """Code of other files, the most relevant last. Backends may read less of it, or none. Backends: sfm2."""
    context_tokens: int = 0
    """Approximate number of tokens of it that are to be read, more than a backend would by itself."""
    messages: tuple[ConversationMessage, ...] = ()
    """A conversation to continue, in place of code. Backends: sfm2, openai (chat mode), echo."""
    sampling: SamplingParams = _NEUTRAL
    adapter: str | None = None
    """An adapter's name, or "none"; None takes the one in use. Backends: sfm2."""
    truncate: bool = False
    """Cut a prefix or suffix that is too long to what fits; otherwise such a prompt raises `PromptTooLongError`."""
    retry: bool = False
    """Ask in another form: the first completion was of no use. Backends: sfm2."""
    streaming: bool = False
    """Someone is watching: send token by token. Otherwise a backend may send line by line, which costs less."""
    priority: Priority = Priority.ANSWER
    deadline: float | None = None
    """When the whole answer must be there, by the event loop's clock; None: the server's own limits are all."""
    owner: str | None = None
    """The id of the API key that it came with: others are not to find out what was asked with it. Backends: sfm2."""
    by_line: bool = False
    """Nobody sees a part of a line before its end, so that a backend may send line by line all the same."""

    @property
    def is_chat(self) -> bool:
        return bool(self.messages)


@dataclass(frozen=True)
class TokenChunk:
    """A piece of a stream: text and the tokens behind it. The last one has a `finish_reason`, and may have no text."""

    text: str
    logprobs: tuple[float, ...] = ()
    """Natural log-probabilities of the tokens, as far as the backend reports them."""
    tokens: int = 0
    """Number of tokens generated for this chunk."""
    finish_reason: FinishReason | None = None
    prompt_tokens: int | None = None
    """Tokens of the prompt, where the backend reports them."""
    prompt_seconds: float | None = None
    """Seconds from the beginning of the work to the first token, where the backend reports them."""
    wait_seconds: float | None = None
    """Seconds before that in which the request waited for its turn, where the backend reports them."""
    token_texts: tuple[str, ...] = ()
    """The text of each token in `logprobs`, where the backend knows it. They may run ahead of `text`."""
    healed: int = 0
    """Characters of all `token_texts` so far that no `text` will have: token healing took them off."""
    weights: str | None = None
    """SHA-256 of the weights, where known; with an adapter, + and the adapter's digest. The first chunk is enough."""
    adapter: str | None = None
    """The adapter that is answering. The first chunk is enough."""
    excerpts: int | None = None
    """How many of the request's excerpts were read, the last ones. The first chunk is enough."""
    backend: str | None = None
    """Set by the chain on the first chunk of each backend: it answers from here on, and what came before is void."""
