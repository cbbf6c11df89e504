"""The answers that the service gives."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sfm2.types.facts import CodeFacts
from sfm2.types.names import FinishReason, GuardAction, GuardReason
from sfm2.types.wire import Wire


class Attempt(Wire):
    """A backend that was tried and could not answer."""

    backend: str
    reason: str
    """One word: loading, unavailable, overloaded, timed_out, failed, circuit_open, ..."""
    message: str


class TokenUsage(Wire):
    """Tokens read and written."""

    prompt: int = 0
    """Tokens of the prompt, as far as the backend reports them"""
    completion: int = 0


class GuardReport(Wire):
    """What the syntax guard did to a completion, and why."""

    action: GuardAction = GuardAction.OFF
    reasons: list[GuardReason] = []
    parses: bool | None = None
    """Whether prefix + completion + suffix parses; null: not judged"""
    undefined: list[str] = []
    """Names that the completion uses and nothing defines"""
    unknown: list[str] = []
    """Modules, names out of them and packages that the completion uses and that the repository does not have"""
    dropped: int = 0
    """Characters of the model's output that were not kept"""


class TokenLogprob(Wire):
    """A token of a completion, or the part of it that was kept."""

    text: str
    logprob: float | None
    """Natural logarithm; null for what the guard wrote to close what was open"""


class Source(Wire):
    """Code of another file that the model was shown."""

    path: str
    """Relative to its repository, or as the request named it"""
    first: int | None = None
    """Its first line in that file, from 1; null: not known"""
    last: int | None = None
    """Its last line"""


class Choice(Wire):
    """One more completion of the same prompt (`n` > 1)."""

    brief = ("completion", "confidence", "finish_reason")

    completion: str
    confidence: float
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    guard: GuardReport = GuardReport()
    logprobs: list[TokenLogprob] | None = None


class Completion(Wire):
    """A completion, how sure the service is of it, and how it came about."""

    brief = ("completion", "confidence", "model_used", "finish_reason")

    id: str = ""
    """What `/feedback` refers to it by"""
    generated_code: str
    """prompt + completion"""
    completion: str
    """Empty when the guard abstained"""
    model_used: str
    """The backend that answered"""
    weights: str | None = None
    """SHA-256 of the weights that answered, where known; with an adapter, + and a digest of it and its strength"""
    adapter: str | None = None
    """The adapter that answered"""
    language: str | None = None
    """The language that it was judged in, named or guessed; null: unknown"""
    confidence: float = Field(ge=0, le=1)
    """How likely it is to be right; see `calibrated`"""
    calibrated: bool = False
    """Whether `confidence` is a probability: fitted to these weights, for completions at temperature 0 that the guard
    judged and that ended by themselves"""
    guard: GuardReport = GuardReport()
    features: dict[str, float] | None = None
    """What `confidence` is computed from, when asked for"""
    logprobs: list[TokenLogprob] | None = None
    """The tokens of `completion`, when asked for; null where the backend does not report them"""
    processing_time: float
    """Seconds in the server"""
    prompt_time: float | None = None
    """Seconds of them until the first token, where the backend reports them"""
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    fallback: list[Attempt] = []
    """Backends that were tried before, and why they failed"""
    sources: list[Source] = []
    """Other code that the model was shown, the most relevant last"""
    alternatives: list[Choice] = []


class Reply(Wire):
    """The model's next message in a conversation."""

    brief = ("text", "model_used", "finish_reason")

    text: str
    model_used: str
    adapter: str | None = None
    processing_time: float
    """Seconds in the server"""
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    fallback: list[Attempt] = []
    logprobs: list[TokenLogprob] | None = None


class Explanation(Wire):
    """What a piece of code does: in a model's words, and as far as it can be read off."""

    brief = ("explanation", "model_used", "finish_reason")

    explanation: str
    """The model's words, without sentences that the code refutes. Where none is left, the `steps` of the facts"""
    facts: list[CodeFacts] = []
    """What was read off the code, exactly; empty where nothing is known of the language"""
    confidence: float = Field(0.0, ge=0, le=1)
    """How sure the model was of its words; lower where some were left out, or nothing was there to check them by"""
    calibrated: bool = False
    """Always false: `confidence` orders explanations, and promises no share of right ones"""
    model_used: str
    language: str | None = None
    """The language of the code, named or guessed; null: unknown"""
    processing_time: float
    """Seconds in the server"""
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    fallback: list[Attempt] = []


class RecognisedLanguage(Wire):
    """Which language code is in."""

    language: str | None
    """null: unknown"""
    guessed: bool
    """Whether it only looks like it: neither the file's name nor the code itself says so"""


class ErrorBody(Wire):
    """The body of every error response."""

    error: str
    """The code to decide by"""
    message: str
    fallback_used: str | None = None
    """The last backend that was tried in SFM-2's place"""
    suggestion: str | None = None
    details: dict[str, Any] = {}


class Batch(Wire):
    """Answers in the order of the prompts."""

    results: list[Completion | ErrorBody]


class Chunk(Wire):
    """A piece of a streamed answer."""

    text: str
    confidence: float | None = Field(None, ge=0, le=1)
    """How likely the completion up to here is to be right; null where no guard judges it"""
    logprobs: list[TokenLogprob] | None = None
    """When asked for: the tokens that are complete by now"""
