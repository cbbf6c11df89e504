"""The wire contract: what goes in and out of the service. Used by server, SDK and CLI alike.

Fields of the seed keep their names. Lengths are in tokens, times in seconds, sizes in bytes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_NEW_TOKENS = 32_768
MAX_STOPS = 64  # Continue sends more than twenty
MAX_CHOICES = 8
MAX_SNIPPETS = 256


class Language(StrEnum):
    """Languages a request may name; `text` is anything else."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    JAVA = "java"
    GO = "go"
    RUST = "rust"
    C = "c"
    CPP = "cpp"
    CSHARP = "csharp"
    RUBY = "ruby"
    PHP = "php"
    BASH = "bash"
    SQL = "sql"
    HTML = "html"
    CSS = "css"
    JSON = "json"
    YAML = "yaml"
    TOML = "toml"
    KOTLIN = "kotlin"
    SWIFT = "swift"
    SCALA = "scala"
    LUA = "lua"
    MARKDOWN = "markdown"
    TEXT = "text"


class BackendStatus(StrEnum):
    """What `model_status` says of a backend."""

    AVAILABLE = "available"
    LOADING = "loading"
    UNAVAILABLE = "unavailable"
    CONFIGURED = "configured"
    NOT_CONFIGURED = "not_configured"


def _sound_text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"must be valid Unicode; a lone surrogate stands at character {error.start}") from error
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Text = Annotated[str, AfterValidator(_sound_text)]
Prompt = Annotated[Text, AfterValidator(_not_blank)]
StopText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_sound_text)]


class Mode(StrEnum):
    """Where a completion ends: at the line's end, with the block that the cursor is in, with the definition that the
    prompt has begun, or where the model ends."""

    LINE = "line"
    BLOCK = "block"
    FUNCTION = "function"
    FREE = "free"


class GuardAction(StrEnum):
    """The most that the guard did to a completion; each includes what stands before it. `off`: nothing was judged."""

    OFF = "off"
    KEPT = "kept"
    CUT = "cut"
    CLOSED = "closed"
    RESAMPLED = "resampled"
    ABSTAINED = "abstained"


class GuardReason(StrEnum):
    """Why the guard did it."""

    LINE_END = "line_end"  # mode `line`: one line was asked for
    BLOCK_END = "block_end"  # the next line stands outside the block that the hole is in
    SUFFIX_BEGINS = "suffix_begins"  # the model went on to write what follows the hole
    SYNTAX = "syntax"  # what was cut does not parse in place
    OPEN = "open"  # quotes, brackets or a block were left open, and closed
    REPETITION = "repetition"
    CHATTER = "chatter"  # prose or code fences around the code
    UNDEFINED_NAMES = "undefined_names"
    STOP_TEXT = "stop_text"  # one of the request's own
    LENGTH = "length"  # `max_length` was reached within a line or a statement
    UNKNOWN_LANGUAGE = "unknown_language"  # no grammar for it: nothing was judged
    TOO_LARGE = "too_large"  # too much text to judge in time
    SWITCHED_OFF = "switched_off"  # the request said so


class Outcome(StrEnum):
    """What became of a completion where it was shown. `edited`: taken, and changed."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class Wire(BaseModel):
    """A message. What is sent must be known; what is received may carry more (a newer peer)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    def __getitem__(self, name: str) -> Any:
        """`health["status"]` reads as `health.status` does."""
        if name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)


class Request(Wire):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Sampling(Request):
    """How tokens are chosen, and where they end. None takes the server's default (`generation` in its configuration)."""

    max_length: int | None = Field(None, ge=1, le=MAX_NEW_TOKENS, description="New tokens at most")
    temperature: float | None = Field(None, ge=0, le=2, description="0 always takes the likeliest token")
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000, description="0 keeps every token")
    repetition_penalty: float | None = Field(None, gt=0, le=2, description="1 is none")
    stop: list[StopText] | None = Field(None, max_length=MAX_STOPS, description="Texts that end the completion")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Equal seeds give equal samples")
    n: int | None = Field(None, ge=1, le=MAX_CHOICES, description="How many completions; the surest comes first")
    mode: Mode | None = Field(
        None, description="Where the completion ends; null: block to complete, function to generate"
    )
    guard: bool | None = Field(None, description="False gives what the model wrote, unguarded")
    features: bool | None = Field(None, description="True tells the features that `confidence` is made of")
    logprobs: bool | None = Field(None, description="True tells the completion's tokens and how likely each was")
    adapter: Text | None = Field(
        None,
        max_length=64,
        description='The adapter to answer with, "none" for none; null: the key\'s, or the one in use',
    )


class GenerationConfig(Sampling):
    """The SDK's bundle of sampling settings."""


class GenerateRequest(Sampling):
    prompt: Prompt = Field(description="Code to go on from")
    suffix: Text | None = Field(None, description="Code that follows the completion")
    language: Language | None = None
    use_fallback: bool = Field(True, description="Whether other backends may answer when SFM-2 can't")


class Snippet(Request):
    """Code from somewhere else that helps to understand the hole."""

    text: Text
    path: Text = Field("", max_length=4096, description="The file it is from")


class BatchRequest(Sampling):
    """One prompt that is wrong does not spoil the others: it gets an error in its place."""

    prompts: list[Any] = Field(
        min_length=1,
        description="The prompts, each answered for itself",
        json_schema_extra={"items": {"type": "string"}},
    )
    language: Language | None = None
    use_fallback: bool = True


class CompleteRequest(Sampling):
    """The editor's call: fill the hole between prefix and suffix."""

    prefix: Text = Field(description="Code before the cursor")
    suffix: Text = Field("", description="Code after the cursor")
    language: Language | None = Field(None, description="Taken from `path` when not given")
    path: Text | None = Field(None, max_length=4096, description="The file's name; tells the language")
    context: list[Snippet] = Field(
        [],
        max_length=MAX_SNIPPETS,
        description="Code of other files, the most telling last: of too much the last is read",
    )
    time_limit: float | None = Field(
        None, gt=0, description="Seconds to write for; then the completion ends with the line it has come to"
    )
    use_fallback: bool = True


class Turn(Request):
    """What one side of a conversation said."""

    role: Literal["system", "user", "assistant"]
    content: Text


class ChatRequest(Sampling):
    """A conversation to go on with. What the model says is not guarded."""

    messages: list[Turn] = Field(min_length=1)
    use_fallback: bool = True


class ExplainRequest(Request):
    code: Prompt = Field(description="Code to explain")
    language: Language | None = None
    max_length: int | None = Field(None, ge=1, le=MAX_NEW_TOKENS, description="New tokens at most")
    use_fallback: bool = True


class FeedbackRequest(Request):
    """What became of a completion; of several for one `id` the last holds."""

    id: Text = Field(min_length=1, max_length=100, description="The completion's")
    outcome: Outcome


FinishReason = Literal["stop", "length"]


class Attempt(Wire):
    """A backend that was tried and could not answer."""

    backend: str
    reason: str = Field(description="One word: loading, unavailable, overloaded, timed_out, failed, circuit_open, ...")
    message: str


class TokenUsage(Wire):
    prompt: int = Field(0, description="Tokens of the prompt, as far as the backend says")
    completion: int = 0


class GuardReport(Wire):
    """What the syntax guard did to a completion, and why."""

    action: GuardAction = GuardAction.OFF
    reasons: list[GuardReason] = []
    parses: bool | None = Field(None, description="Whether prefix + completion + suffix parses; null: not judged")
    undefined: list[str] = Field(default=[], description="Names that the completion uses and nobody defines")
    dropped: int = Field(0, description="Characters of the model's that were not kept")


class TokenLogprob(Wire):
    """A token of a completion, or the part of it that was kept."""

    text: str
    logprob: float | None = Field(description="Natural; null for what the guard wrote to close what was open")


class Choice(Wire):
    """One more completion of the same prompt (`n` > 1)."""

    completion: str
    confidence: float
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    guard: GuardReport = GuardReport()
    logprobs: list[TokenLogprob] | None = None


class Completion(Wire):
    id: str = Field("", description="What `/feedback` calls it by")
    generated_code: str = Field(description="prompt + completion")
    completion: str = Field(description="Empty when the guard abstained")
    model_used: str = Field(description="The backend that answered")
    weights: str | None = Field(
        None,
        description="SHA-256 of the weights that answered, where known; behind a + a digest of the adapter and its strength",
    )
    adapter: str | None = Field(None, description="The adapter that answered")
    confidence: float = Field(ge=0, le=1, description="How likely it is to be right; see `calibrated`")
    calibrated: bool = Field(False, description="Whether `confidence` was fitted to these weights")
    guard: GuardReport = GuardReport()
    features: dict[str, float] | None = Field(None, description="What `confidence` is made of, when asked for")
    logprobs: list[TokenLogprob] | None = Field(
        None, description="The tokens of `completion`, when asked for; null where the backend does not tell them"
    )
    processing_time: float = Field(description="Seconds, in the server")
    prompt_time: float | None = Field(
        None, description="Seconds of them until the first token, where the backend tells them"
    )
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    fallback: list[Attempt] = Field(default=[], description="Backends that were tried before, and why they failed")
    alternatives: list[Choice] = []


class Reply(Wire):
    """What the model said in a conversation."""

    text: str
    model_used: str
    adapter: str | None = None
    processing_time: float
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    fallback: list[Attempt] = []
    logprobs: list[TokenLogprob] | None = None


class Explanation(Wire):
    explanation: str
    model_used: str
    processing_time: float
    finish_reason: FinishReason
    tokens: TokenUsage = TokenUsage()
    fallback: list[Attempt] = []


class ErrorBody(Wire):
    """The body of every error response."""

    error: str = Field(description="The code to decide by")
    message: str
    fallback_used: str | None = Field(None, description="The last backend that was tried in SFM-2's place")
    suggestion: str | None = None
    details: dict[str, Any] = {}


class Batch(Wire):
    """Answers in the order of the prompts."""

    results: list[Completion | ErrorBody]


class Chunk(Wire):
    """A piece of a streamed completion."""

    text: str
    logprobs: list[TokenLogprob] | None = Field(None, description="When asked for: the tokens that are whole by now")


class Health(Wire):
    status: Literal["healthy", "degraded", "unhealthy"]
    model_status: dict[str, BackendStatus]
    model_details: dict[str, str] = Field(default={}, description="The reason behind each status")
    timestamp: datetime
    version: str = ""


class Probe(Wire):
    """What `/health/live` and `/health/ready` answer."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None


class Stats(Wire):
    total_requests: int
    successful_requests: int
    average_response_time: float
    latency: dict[str, float] = Field(
        default={},
        description="Seconds within which 50 % (p50), 90, 95 and 99 % of the successful requests were answered,"
        " to within 5 %; empty: none was counted yet",
    )
    model_usage: dict[str, int]
    errors: dict[str, int] = Field(default={}, description="Failed requests by error code")
    fallbacks: int = Field(0, description="Requests that another backend than the first answered")
    tokens_generated: int = 0
    uptime: float = Field(0, description="Seconds since this process started")
    feedback: dict[str, int] = Field(default={}, description="Completions by what became of them, as `/feedback` told")
    acceptance_rate: float | None = Field(
        None, description="Share of accepted and edited ones among those with feedback; null: there is none"
    )
