"""OpenAI's requests and answers.

Unknown fields are ignored. Known ones that would change the answer, and are not supported, are refused: see `unsupported`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, WithJsonSchema, model_serializer
from pydantic.config import JsonDict

from sfm2.server.http.protocol import ForeignMessage
from sfm2.types import (
    COMPUTABLE,
    MAX_CHOICES,
    MAX_STOPS,
    NOT_TINY,
    Attempt,
    GuardReport,
    Language,
    Mode,
    StopText,
    Text,
)


def _stops(value: Any) -> Any:
    """A single text is a list of one; empty ones are dropped, since they end nothing."""
    found = [value] if isinstance(value, str) else value
    return [one for one in found if one != ""] if isinstance(found, list) else found


def _prompts(value: Any) -> Any:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found:
        raise ValueError("expected a text or a list of texts")
    if any(isinstance(one, int | list) for one in found):
        raise ValueError("token ids are not supported: send the text itself")
    return found


Stops = Annotated[
    list[StopText],
    BeforeValidator(_stops, json_schema_input_type=str | list[str]),
    Field(max_length=MAX_STOPS),
]
Prompts = Annotated[list[Text], BeforeValidator(_prompts, json_schema_input_type=str | list[str])]
Role = Annotated[
    Literal["system", "developer", "user", "assistant", "tool", "function"],
    WithJsonSchema({"type": "string", "enum": ["system", "developer", "user", "assistant"]}),
]
"""Those of function calls are known, to be refused with a reason"""
ONLY_ZERO: JsonDict = {"enum": [0, None]}
EndReason: TypeAlias = Literal["stop", "length"]
"""OpenAI's reasons for an end, as far as we have them"""


class StreamOptions(ForeignMessage):
    include_usage: bool | None = None


class CommonOptions(ForeignMessage):
    """Options of completions and chat. None takes the server's default."""

    model: str | None = None
    """A name of `/v1/models`; null: the default"""
    temperature: Annotated[float | None, Field(ge=0, le=2, json_schema_extra=NOT_TINY), COMPUTABLE] = None
    top_p: Annotated[float | None, Field(ge=0, le=1, json_schema_extra=NOT_TINY), COMPUTABLE] = None
    n: int | None = Field(None, ge=1, le=MAX_CHOICES)
    stop: Stops | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    presence_penalty: float | None = Field(None, json_schema_extra=ONLY_ZERO)
    """Refused unless 0"""
    frequency_penalty: float | None = Field(None, json_schema_extra=ONLY_ZERO)
    """Refused unless 0"""
    logit_bias: dict[str, Any] | None = Field(None, json_schema_extra={"maxProperties": 0})
    """Refused unless empty"""
    user: str | None = None
    """Ignored"""
    # Not OpenAI's own, but other servers with its protocol have them under these names.
    top_k: int | None = Field(None, ge=-1, le=1000)
    """0 or -1 keeps every token"""
    repetition_penalty: Annotated[float | None, Field(gt=0, le=2, json_schema_extra=NOT_TINY), COMPUTABLE] = None


class CompletionBody(CommonOptions):
    """`POST /v1/completions`."""

    prompt: Prompts
    """Code to complete; with `suffix`, or in a model's own fill-in-the-middle form, a hole to fill"""
    suffix: Text | None = None
    max_tokens: int | None = Field(None, ge=-1)
    """New tokens at most; -1: as many as the server allows"""
    logprobs: int | None = Field(None, ge=0, json_schema_extra={"maximum": 1})
    """0 or 1 includes the completion's tokens; more is refused"""
    echo: bool | None = None
    """Not together with `logprobs`"""
    best_of: int | None = Field(None, ge=1, le=MAX_CHOICES)
    """Completions to generate; the `n` with the highest confidence are sent"""
    guard: bool | None = None
    """Ours: false sends what the model wrote, unguarded"""
    mode: Mode | None = None
    """Ours: where the completion ends"""
    language: Language | None = None
    """Ours"""


class Part(ForeignMessage):
    type: str = Field(json_schema_extra={"const": "text"})
    text: Text | None = None


class Message(ForeignMessage):
    role: Role
    content: Text | list[Part] | None = None


class ResponseFormat(ForeignMessage):
    type: str = Field(json_schema_extra={"const": "text"})


class ChatBody(CommonOptions):
    """`POST /v1/chat/completions`."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=-1)
    """New tokens at most"""
    max_tokens: int | None = Field(None, ge=-1)
    """The older name of `max_completion_tokens`"""
    n_predict: int | None = Field(None, ge=-1)
    """llama.cpp's name of `max_completion_tokens`"""
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, json_schema_extra=ONLY_ZERO)
    """Refused unless 0"""
    tools: list[Any] | None = Field(None, json_schema_extra={"maxItems": 0})
    """Refused unless empty"""
    tool_choice: Any = None
    functions: list[Any] | None = Field(None, json_schema_extra={"maxItems": 0})
    """Refused unless empty"""
    response_format: ResponseFormat | None = None
    """Refused unless `text`"""


class Usage(ForeignMessage):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Particulars(ForeignMessage):
    """Our extension: what OpenAI's protocol has no field for."""

    id: str | None = None
    """The completion's id for `/feedback`"""
    model_used: str
    adapter: str | None = None
    confidence: float | None = None
    calibrated: bool | None = None
    guard: GuardReport | None = None
    fallback: list[Attempt] = Field([])


class CompletionLogprobs(ForeignMessage):
    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: None = None
    text_offset: list[int]
    """Where each token begins in `text`, in characters"""


class CompletionChoice(ForeignMessage):
    index: int
    text: str
    logprobs: CompletionLogprobs | None = None
    finish_reason: EndReason | None = None
    sfm2: Particulars | None = None


class CompletionAnswer(ForeignMessage):
    """A whole answer, or a chunk of a stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | None = None


class ChatLogprob(ForeignMessage):
    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[Any] = Field([])


class ChatLogprobs(ForeignMessage):
    content: list[ChatLogprob]
    refusal: None = None


class ChatMessage(ForeignMessage):
    role: Literal["assistant"] = "assistant"
    content: str


class ChatChoice(ForeignMessage):
    index: int
    message: ChatMessage
    logprobs: ChatLogprobs | None = None
    finish_reason: EndReason
    sfm2: Particulars


class ChatAnswer(ForeignMessage):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class ChatDelta(ForeignMessage):
    """What a chunk adds to the message. Fields that are None are left out: clients would read null as a value."""

    role: Literal["assistant"] | None = None
    content: str | None = None

    @model_serializer(mode="wrap")
    def _without_nulls(self, dump: SerializerFunctionWrapHandler) -> dict[str, str]:
        return {name: value for name, value in dump(self).items() if value is not None}


class ChatChunkChoice(ForeignMessage):
    index: int
    delta: ChatDelta
    logprobs: ChatLogprobs | None = None
    finish_reason: EndReason | None = None
    sfm2: Particulars | None = None


class ChatChunk(ForeignMessage):
    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: Usage | None = None


class Model(ForeignMessage):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "sfm2"


class ModelList(ForeignMessage):
    object: Literal["list"] = "list"
    data: list[Model]


class OpenAIErrorDetail(ForeignMessage):
    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIErrorBody(ForeignMessage):
    error: OpenAIErrorDetail
