"""Messages of llama.cpp's server (tools/server/README.md), as far as they are used, for both ends of the connection.

Our OpenVINO process speaks the same protocol, with fields of its own that llama.cpp ignores: `by_line`, `adapter`,
`priority` and `patience` in a request, `weights`, `prompt_form` and `adapters` among the properties, `bytes` of a token,
`retry_after` of an error.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from pathlib import PurePath
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sfm2.engines.base import AdapterFile
from sfm2.generation import Priority
from sfm2.prompts import PromptForm
from sfm2.types import FinishReason, SamplingParams

TOO_LATE = "timeout_error"  # ours, for a request that nobody waits for any more
OVERLOADED = "overloaded_error"  # ours, for a request that could not be answered in time beside the others
TOO_LONG = "exceed_context_size_error"
REFUSED = "invalid_request_error"
UNSUPPORTED = "not_supported_error"
ENGINE_FAILED = "server_error"
ADAPTER_FAILED = "adapter_error"  # ours, for an adapter that can't be loaded or does not work
_SAMPLERS = (
    "penalties",
    "temperature",
    "top_k",
    "top_p",
)  # in our order; llama.cpp has the temperature last, and more of them
_SEEDS = 2**31  # seeds are 32-bit; a negative one draws at random


class LlamaCppMessage(BaseModel):
    """A message of the protocol; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class LoraScale(LlamaCppMessage):
    """How much of one of the server's LoRAs is applied."""

    id: int
    scale: float


class LoadedLora(LlamaCppMessage):
    """An entry of `GET /lora-adapters`."""

    id: int
    path: str
    """As it was given to the server."""
    scale: float = 0.0
    """For requests that say nothing of it"""

    @property
    def name(self) -> str:
        """Of its file, or of the folder where `sfm2 finetune run` has left it."""
        path = PurePath(self.path)
        return path.parent.name or path.stem if path.stem == "adapter" else path.stem


class CompletionCall(LlamaCppMessage):
    """`POST /completion`."""

    prompt: str | list[int]
    n_predict: int = -1
    """New tokens at most; -1: to the end of the window"""
    temperature: float = Field(0.8, ge=0)
    top_k: int = Field(40, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    min_p: float = 0.0
    repeat_penalty: float = Field(1.0, gt=0)
    repeat_last_n: int = 65_536
    """Tokens that the penalty looks back on: all of them"""
    samplers: list[str] = [*_SAMPLERS]
    seed: int = -1
    stop: list[str] = []
    stream: bool = True
    n_probs: int = 0
    cache_prompt: bool = True
    timings_per_token: bool = True
    by_line: bool = False
    """Stream line by line rather than token by token, which costs less"""
    lora: list[LoraScale] | None = None
    """For llama.cpp, which has its own numbers for adapters; None: as the server was started"""
    adapter: AdapterFile | None = None
    """For our process"""
    priority: Priority = Priority.ANSWER
    patience: float | None = None
    """Seconds after which nobody waits for the answer any more"""

    @classmethod
    def build(
        cls,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None,
        streaming: bool,
        priority: Priority,
        patience: float,
    ) -> Self:
        """The call for a prompt."""
        return cls(
            prompt=prompt if isinstance(prompt, str) else list(prompt),
            n_predict=sampling.max_length,
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            repeat_penalty=sampling.repetition_penalty,
            seed=-1 if sampling.seed is None else sampling.seed % _SEEDS,
            stop=list(sampling.stop),
            n_probs=1,
            by_line=not streaming,
            adapter=adapter,
            priority=priority,
            patience=patience,
        )

    def sampling(self, room: int) -> SamplingParams:
        """The other way; `room`: tokens that are left in the window."""
        return SamplingParams(
            max_length=room if self.n_predict < 0 else min(self.n_predict, room),
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            repetition_penalty=self.repeat_penalty,
            seed=None if self.seed < 0 else self.seed % _SEEDS,
            stop=tuple(self.stop),
        )


class TokenProbability(LlamaCppMessage):
    """A token that was chosen."""

    id: int = 0
    token: str = ""
    bytes: list[int] | None = None
    """The token's own: a character may be spread over tokens"""
    logprob: float

    @property
    def raw(self) -> builtins.bytes:
        """The token's bytes."""
        return bytes(self.bytes) if self.bytes is not None else self.token.encode()


class PromptTimings(LlamaCppMessage):
    """How long the prompt took."""

    prompt_n: int | None = None
    prompt_ms: float | None = None
    """Milliseconds until the first token"""
    wait_ms: float | None = None
    """Milliseconds before that, in which the request waited for its turn"""


class ErrorDetail(LlamaCppMessage):
    """What went wrong, by its type."""

    code: int = 500
    type: str = ENGINE_FAILED
    message: str = ""
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None
    retry_after: float | None = None
    """Seconds after which the request may be let in"""


class ErrorReply(LlamaCppMessage):
    """The body of a refusal."""

    error: ErrorDetail


class CompletionEvent(LlamaCppMessage):
    """One event of the stream, or an error in the middle of it."""

    content: str = ""
    tokens: list[int] = []
    completion_probabilities: list[TokenProbability] | None = None
    tokens_evaluated: int | None = None
    """Tokens of the prompt"""
    tokens_predicted: int | None = None
    """New tokens so far, with the last event"""
    stop: bool = False
    """Whether this is the last event"""
    stop_type: str | None = None
    """`eos`, `limit`, or `word` for a stop text; with the last event"""
    timings: PromptTimings | None = None
    error: ErrorDetail | None = None

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the stream ended; None before its last event."""
        if not self.stop:
            return None
        return "length" if self.stop_type == "limit" else "stop"

    @property
    def prompt_seconds(self) -> float | None:
        """Seconds until the first token, where reported."""
        milliseconds = self.timings.prompt_ms if self.timings else None
        return None if milliseconds is None else milliseconds / 1000

    @property
    def wait_seconds(self) -> float | None:
        """Seconds that it waited for its turn, where reported."""
        milliseconds = self.timings.wait_ms if self.timings else None
        return None if milliseconds is None else milliseconds / 1000


class GenerationDefaults(LlamaCppMessage):
    """The part of the server's defaults that matters here."""

    n_ctx: int | None = None


class Properties(LlamaCppMessage):
    """`GET /props`."""

    default_generation_settings: GenerationDefaults = GenerationDefaults()
    model_alias: str = ""
    chat_template: str = ""
    weights: str | None = None
    """SHA-256 of the weights"""
    prompt_form: PromptForm | None = None
    running: int = 0
    """Requests in the engine"""
    waiting: int = 0
    """Those of them that have not begun"""
    cache_use: float | None = None
    """Share of the memory for keys and values that is in use"""
    adapters: list[str | None] = []
    """Loaded ones; null is the weights alone"""

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        """Any server may answer with JSON."""
        if not self.model_fields_set:
            raise ValueError("/props has none of its fields")
        return self


class TokenizeCall(LlamaCppMessage):
    """`POST /tokenize`."""

    content: str
    add_special: bool = False
    parse_special: bool = True


class TokenizeReply(LlamaCppMessage):
    """The token ids."""

    tokens: list[int]


class TemplateMessage(LlamaCppMessage):
    """One message of a conversation."""

    role: str
    content: str


class TemplateCall(LlamaCppMessage):
    """`POST /apply-template`."""

    messages: list[TemplateMessage]


class TemplateReply(LlamaCppMessage):
    """The prompt that the template made."""

    prompt: str
