"""`POST /infill`: what editors send and read (llama.cpp's tools/server/README.md)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from sfm2.server.http.protocol import ForeignMessage
from sfm2.types import COMPUTABLE, MAX_SNIPPETS, MAX_STOPS, NOT_TINY, Text


class Extra(ForeignMessage):
    """Code from another file."""

    text: Text
    filename: Text = ""


class InfillBody(ForeignMessage):
    """Lengths in tokens, times in milliseconds.

    `samplers`, `cache_prompt`, `id_slot`, `t_max_prompt_ms` and others tune llama.cpp's engine, and are ignored.
    So is `n_indent`: the guard knows the block.
    """

    input_prefix: Text = ""
    input_suffix: Text = ""
    input_extra: list[Extra] = Field([], max_length=MAX_SNIPPETS)
    prompt: Text = ""
    """The cursor's line up to the cursor; it follows `input_prefix`"""
    model: str | None = None
    """A name of `/v1/models`; null: the default"""
    n_predict: int = Field(-1, ge=-1)
    """0 only reads the prompt, so that the next request is faster; -1 is the server's default"""
    t_max_predict_ms: float | None = None
    """After this time the completion ends at the end of its line; 0: no limit"""
    temperature: Annotated[float | None, Field(ge=0, le=2, json_schema_extra=NOT_TINY), COMPUTABLE] = None
    top_k: int | None = None
    """0 or less keeps every token"""
    top_p: Annotated[float | None, Field(ge=0, le=1, json_schema_extra=NOT_TINY), COMPUTABLE] = None
    repeat_penalty: Annotated[float | None, Field(gt=0, le=2, json_schema_extra=NOT_TINY), COMPUTABLE] = None
    seed: int | None = None
    """-1: a random one"""
    stop: list[str] | None = Field(None, max_length=MAX_STOPS)
    stream: bool = False
    response_fields: list[str] | None = None
    """Send only these fields, given as paths: `timings/prompt_ms`"""
    lora: list[Any] | None = Field(None, json_schema_extra={"maxItems": 0})
    """Refused unless empty: name an adapter in `model`"""

    @property
    def only_reads(self) -> bool:
        """Whether nothing is to be written: the prompt is read to warm the cache."""
        return self.n_predict == 0


class Timings(ForeignMessage):
    prompt_n: int
    prompt_ms: float
    prompt_per_token_ms: float
    prompt_per_second: float
    predicted_n: int
    predicted_ms: float
    predicted_per_token_ms: float
    predicted_per_second: float


class InfillAnswer(ForeignMessage):
    """With `response_fields`, only those."""

    model_config = ConfigDict(json_schema_extra={"required": []})
    content: str
    stop: bool = True
    stop_type: str = "none"
    """`eos`, `limit`, or `word` for a stop text"""
    model: str = ""
    tokens_predicted: int = 0
    tokens_evaluated: int = 0
    tokens_cached: int = 0
    """Always 0: the engine does not report it"""
    truncated: bool = False
    timings: Timings | None = None
    """Null where the backend does not report them"""


class InfillErrorDetail(ForeignMessage):
    code: int
    type: str
    message: str


class InfillErrorBody(ForeignMessage):
    error: InfillErrorDetail
