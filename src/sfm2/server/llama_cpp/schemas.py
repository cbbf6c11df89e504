"""`POST /infill`: what editors send and read (llama.cpp's tools/server/README.md). What is unknown is passed over."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sfm2.types import MAX_SNIPPETS, MAX_STOPS, Text


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Extra(_Tolerant):
    """Code of another file."""

    text: Text
    filename: Text = ""


class InfillBody(_Tolerant):
    """Lengths in tokens, times in milliseconds.

    `samplers`, `cache_prompt`, `id_slot`, `t_max_prompt_ms` and their like tune llama.cpp's engine and say nothing to ours.
    `n_indent` is the guard's work: it knows the block.
    """

    input_prefix: Text = ""
    input_suffix: Text = ""
    input_extra: list[Extra] = Field([], max_length=MAX_SNIPPETS)
    prompt: Text = Field("", description="What stands on the cursor's line before it; belongs behind `input_prefix`")
    model: str | None = Field(None, description="A name of `/v1/models`; null: the default")
    n_predict: int = Field(-1, ge=-1, description="0 only reads the prompt, to be quicker next time; -1 is the default")
    t_max_predict_ms: float | None = Field(
        None, description="After this the completion ends with its line; 0 never does"
    )
    temperature: float | None = Field(None, ge=0, le=2)
    top_k: int | None = Field(None, description="0 or less keeps every token")
    top_p: float | None = Field(None, ge=0, le=1)
    repeat_penalty: float | None = Field(None, gt=0, le=2)
    seed: int | None = Field(None, description="-1 draws one")
    stop: list[str] | None = Field(None, max_length=MAX_STOPS)
    stream: bool = False
    response_fields: list[str] | None = Field(None, description="Only these, as paths: `timings/prompt_ms`")
    lora: list[Any] | None = Field(None, description="Refused unless empty: `model` names an adapter")


class Timings(_Tolerant):
    prompt_n: int
    prompt_ms: float
    prompt_per_token_ms: float
    prompt_per_second: float
    predicted_n: int
    predicted_ms: float
    predicted_per_token_ms: float
    predicted_per_second: float


class InfillAnswer(_Tolerant):
    content: str
    stop: bool = True
    stop_type: str = Field("none", description="`eos`, `limit`, or `word` for a stop text")
    model: str = ""
    tokens_predicted: int = 0
    tokens_evaluated: int = 0
    tokens_cached: int = Field(0, description="Not told by the engine: 0")
    truncated: bool = False
    timings: Timings | None = Field(None, description="Null where the backend does not tell them")


class InfillErrorDetail(_Tolerant):
    code: int
    type: str
    message: str


class InfillErrorBody(_Tolerant):
    error: InfillErrorDetail
