"""Messages of vLLM's server, as far as they are used: OpenAI's completions with fields of its own, and what is beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from sfm2.generation import Priority
from sfm2.types import SamplingParams

_SEEDS = 2**31  # as our other engines take them


class VLLMMessage(BaseModel):
    """A message of the protocol; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class TokensCall(VLLMMessage):
    """`POST /v1/completions`, of a prompt in tokens. Everything is said: a model folder may have defaults of its own."""

    model: str
    """The weights, or an adapter"""
    prompt: list[int]
    max_tokens: int = Field(ge=1)
    temperature: float
    top_k: int
    """0: all"""
    top_p: float
    min_p: float = 0.0
    repetition_penalty: float
    seed: int | None = None
    stop: list[str] = []
    stop_token_ids: list[int] = []
    stream: bool = True
    logprobs: int = 0
    """Of the chosen token, and none beside it"""
    return_token_ids: bool = True
    priority: int = 0
    """Lower ones first, where the server was started with `--scheduling-policy priority`; else it is ignored"""
    cache_salt: str | None = None
    """What was read with another one is not used: how long an answer takes tells nobody what others have asked"""

    @classmethod
    def build(
        cls,
        model: str,
        prompt: Sequence[int],
        room: int,
        sampling: SamplingParams,
        stop_token_ids: Sequence[int],
        priority: Priority,
        cache_salt: str | None = None,
    ) -> Self:
        """The call for a prompt; `room`: tokens that are left in the window."""
        return cls(
            model=model,
            prompt=list(prompt),
            max_tokens=min(sampling.max_length, room),
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            repetition_penalty=sampling.repetition_penalty,
            seed=None if sampling.seed is None else sampling.seed % _SEEDS,
            stop=list(sampling.stop),
            stop_token_ids=list(stop_token_ids),
            priority=int(priority),
            cache_salt=cache_salt,
        )


class TokenLogprobs(VLLMMessage):
    """Of the tokens of one event. A token that ends within a character has no text; the one that ends it has all of it."""

    token_logprobs: list[float | None] = []
    tokens: list[str] = []


class TextChoice(VLLMMessage):
    """What one event adds."""

    text: str = ""
    logprobs: TokenLogprobs | None = None
    finish_reason: str | None = None
    stop_reason: int | str | None = None
    """The stop text that ended it, or the token"""
    token_ids: list[int] | None = None


class RefusalDetail(VLLMMessage):
    """What went wrong."""

    message: str = ""
    type: str = ""
    param: str | None = None
    """The field that it is about"""
    code: int | str | None = None


class RefusalReply(VLLMMessage):
    """The body of a refusal."""

    error: RefusalDetail


class TextEvent(VLLMMessage):
    """One event of the stream, or an error in the middle of it."""

    choices: list[TextChoice] = []
    error: RefusalDetail | None = None


class PlainTokensCall(VLLMMessage):
    """`POST /tokenize`, of a text."""

    prompt: str
    add_special_tokens: bool = False
    """Whether the tokenizer puts before it what the weights want at the beginning"""
    return_token_strs: bool = False


class SpokenMessage(VLLMMessage):
    """One message of a conversation."""

    role: str
    content: str


class ChatTokensCall(VLLMMessage):
    """`POST /tokenize`, of a conversation."""

    messages: list[SpokenMessage]


class TokensReply(VLLMMessage):
    """The token ids."""

    tokens: list[int]
    token_strs: list[str] | None = None
    """As the vocabulary spells them"""


class TextCall(VLLMMessage):
    """`POST /detokenize`."""

    tokens: list[int]


class TextReply(VLLMMessage):
    """The text of tokens, special ones included."""

    prompt: str


class ServedModel(VLLMMessage):
    """The weights, or an adapter."""

    id: str
    owned_by: str = ""
    parent: str | None = None
    """Of an adapter: its weights"""
    max_model_len: int | None = None
    """Tokens that a request may have"""


class ServedModels(VLLMMessage):
    """`GET /v1/models`."""

    data: list[ServedModel]


class VersionReply(VLLMMessage):
    """`GET /version`."""

    version: str


class LoadAdapterCall(VLLMMessage):
    """`POST /v1/load_lora_adapter`."""

    lora_name: str
    lora_path: str
