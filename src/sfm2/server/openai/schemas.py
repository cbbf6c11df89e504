"""OpenAI's requests and answers. Clients send much that we have no use for: what is unknown is passed over.

What would change the answer and can't be had is refused by name: see `refusals`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from sfm2.types import (
    MAX_CHOICES,
    MAX_STOPS,
    Attempt,
    FinishReason,
    GuardReport,
    Language,
    Mode,
    StopText,
    Text,
)


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


def _stops(value: Any) -> Any:
    """One stands for itself; an empty one ends nothing."""
    found = [value] if isinstance(value, str) else value
    return [one for one in found if one != ""] if isinstance(found, list) else found


def _prompts(value: Any) -> Any:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found:
        raise ValueError("expected a text or a list of texts")
    if any(isinstance(one, int | list) for one in found):
        raise ValueError("token ids are not taken: send the text itself")
    return found


Stops = Annotated[
    list[StopText],
    BeforeValidator(_stops, json_schema_input_type=str | list[str]),
    Field(max_length=MAX_STOPS),
]
Prompts = Annotated[list[Text], BeforeValidator(_prompts, json_schema_input_type=str | list[str])]


class StreamOptions(_Tolerant):
    include_usage: bool | None = None


class _Sampling(_Tolerant):
    """What both kinds of completion have in common. None takes the server's default."""

    model: str | None = Field(None, description="A name of `/v1/models`; null: the default")
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    n: int | None = Field(None, ge=1, le=MAX_CHOICES)
    stop: Stops | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    presence_penalty: float | None = Field(None, description="Refused unless 0")
    frequency_penalty: float | None = Field(None, description="Refused unless 0")
    logit_bias: dict[str, Any] | None = Field(None, description="Refused unless empty")
    user: str | None = Field(None, description="Not looked at")
    # Not OpenAI's, but what other servers of its protocol call them.
    top_k: int | None = Field(None, ge=-1, le=1000, description="0 or -1 keeps every token")
    repetition_penalty: float | None = Field(None, gt=0, le=2)


class CompletionBody(_Sampling):
    """`POST /v1/completions`."""

    prompt: Prompts = Field(
        description="Code to go on from; with `suffix`, or a model's own fill-in-the-middle marks in it, a hole to fill"
    )
    suffix: Text | None = None
    max_tokens: int | None = Field(None, ge=-1, description="New tokens at most; -1: as many as the server allows")
    logprobs: int | None = Field(None, ge=0, description="0 or 1 tells the tokens of the completion; more are refused")
    echo: bool | None = Field(None, description="Not together with `logprobs`")
    best_of: int | None = Field(None, ge=1, le=MAX_CHOICES, description="Completions to make; the `n` surest are sent")
    guard: bool | None = Field(None, description="Ours: false gives what the model wrote, unguarded")
    mode: Mode | None = Field(None, description="Ours: where the completion ends")
    language: Language | None = Field(None, description="Ours")


class Part(_Tolerant):
    type: str
    text: Text | None = None


class Message(_Tolerant):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[Part] | None = None


class ResponseFormat(_Tolerant):
    type: str


class ChatBody(_Sampling):
    """`POST /v1/chat/completions`."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=-1, description="New tokens at most")
    max_tokens: int | None = Field(None, ge=-1, description="Its older name")
    n_predict: int | None = Field(None, ge=-1, description="llama.cpp's name")
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, description="Refused unless 0")
    tools: list[Any] | None = Field(None, description="Refused unless empty")
    tool_choice: Any = None
    functions: list[Any] | None = Field(None, description="Refused unless empty")
    response_format: ResponseFormat | None = Field(None, description="Refused unless `text`")


class Usage(_Tolerant):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Particulars(_Tolerant):
    """What OpenAI's protocol has no field for."""

    id: str | None = Field(None, description="What `/feedback` calls the completion by")
    model_used: str
    adapter: str | None = None
    confidence: float | None = None
    calibrated: bool | None = None
    guard: GuardReport | None = None
    fallback: list[Attempt] = []


class CompletionLogprobs(_Tolerant):
    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: None = None
    text_offset: list[int] = Field(description="Characters from the beginning of `text`")


class CompletionChoice(_Tolerant):
    index: int
    text: str
    logprobs: CompletionLogprobs | None = None
    finish_reason: FinishReason | None = None
    sfm2: Particulars | None = None


class CompletionAnswer(_Tolerant):
    """Whole, or a piece of a stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | None = None


class ChatLogprob(_Tolerant):
    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[Any] = []


class ChatLogprobs(_Tolerant):
    content: list[ChatLogprob]
    refusal: None = None


class ChatMessage(_Tolerant):
    role: Literal["assistant"] = "assistant"
    content: str


class ChatChoice(_Tolerant):
    index: int
    message: ChatMessage
    logprobs: ChatLogprobs | None = None
    finish_reason: FinishReason
    sfm2: Particulars


class ChatAnswer(_Tolerant):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class Delta(_Tolerant):
    """What is new. Clients take a field that is null for one that is there."""

    role: Literal["assistant"] | None = None
    content: str | None = None

    @model_serializer(mode="wrap")
    def _without_nulls(self, dump: SerializerFunctionWrapHandler) -> dict[str, str]:
        return {name: value for name, value in dump(self).items() if value is not None}


class ChatChunkChoice(_Tolerant):
    index: int
    delta: Delta
    logprobs: ChatLogprobs | None = None
    finish_reason: FinishReason | None = None
    sfm2: Particulars | None = None


class ChatChunk(_Tolerant):
    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: Usage | None = None


class Model(_Tolerant):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "sfm2"


class ModelList(_Tolerant):
    object: Literal["list"] = "list"
    data: list[Model]


class OpenAIErrorDetail(_Tolerant):
    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIErrorBody(_Tolerant):
    error: OpenAIErrorDetail
