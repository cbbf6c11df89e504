"""Sampling parameters: how tokens are chosen, and where they end. One name each, from the wire to the engine."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, TypedDict

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from sfm2.types.names import Mode
from sfm2.types.wire import FLAG, NUMBER, Request, StopText, Text

MAX_NEW_TOKENS = 32_768
MAX_STOPS = 64  # Continue sends more than twenty
MAX_CHOICES = 8
LEAST = 1e-30  # engines compute in 32 bits, where a smaller one is 0, or makes infinity of what is divided by it


def _computable(value: float | None) -> float | None:
    if value is not None and 0 < value < LEAST:
        raise ValueError(f"is too small to compute with; the least above 0 is {LEAST:g}")
    return value


COMPUTABLE = AfterValidator(_computable)
"""Refuses what an engine can't tell from 0. The schema says so by `NOT_TINY`."""
NOT_TINY: JsonDict = {"not": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": LEAST}}


@dataclass(frozen=True)
class SamplingParams:
    """Resolved sampling parameters, as backends and engines get them. The defaults are neutral: greedy, nothing cut off."""

    max_length: int = 100
    """New tokens at most. All backends."""
    temperature: float = 0.0
    """0 always takes the likeliest token. All backends."""
    top_p: float = 1.0
    """Draw from the likeliest tokens that together have this share of the probability. All backends."""
    top_k: int = 0
    """Draw from this many of the likeliest tokens; 0 keeps every token. Backends: sfm2, gpt2_lora."""
    repetition_penalty: float = 1.0
    """Divide the logits of tokens seen before by this factor (Keskar et al. 2019); 1 is none. Backends: sfm2, gpt2_lora."""
    stop: tuple[str, ...] = ()
    """Texts that end the completion and are not part of it. All backends."""
    seed: int | None = None
    """Equal seeds give equal samples while nothing else runs in the engine; None draws one. All backends."""


class SamplingOptions(Request):
    """Sampling parameters of a request. None takes the server's default (`generation` in its configuration)."""

    max_length: Annotated[int | None, Field(ge=1, le=MAX_NEW_TOKENS), NUMBER] = None
    """New tokens at most"""
    temperature: Annotated[float | None, Field(ge=0, le=2, json_schema_extra=NOT_TINY), NUMBER, COMPUTABLE] = None
    """0 always takes the likeliest token"""
    top_p: Annotated[float | None, Field(gt=0, le=1, json_schema_extra=NOT_TINY), NUMBER, COMPUTABLE] = None
    """Draw from the likeliest tokens that together have this share of the probability"""
    top_k: Annotated[int | None, Field(ge=0, le=1000), NUMBER] = None
    """Draw from this many of the likeliest tokens; 0 keeps every token"""
    repetition_penalty: Annotated[float | None, Field(gt=0, le=2, json_schema_extra=NOT_TINY), NUMBER, COMPUTABLE] = (
        None
    )
    """1 is none"""
    stop: list[StopText] | None = Field(None, max_length=MAX_STOPS)
    """Texts that end the completion"""
    seed: Annotated[int | None, Field(ge=0, lt=2**63), NUMBER] = None
    """Equal seeds give equal samples"""

    def resolve(self, defaults: SamplingParams) -> SamplingParams:
        """The parameters of this request, with `defaults` for those it leaves out."""
        given = {field.name: getattr(self, field.name) for field in fields(SamplingParams)}
        given["stop"] = tuple(self.stop or ())
        return replace(defaults, **{name: value for name, value in given.items() if value is not None})


class GenerationOptions(SamplingOptions):
    """What every request that generates code may say besides the code."""

    n: Annotated[int | None, Field(ge=1, le=MAX_CHOICES), NUMBER] = None
    """How many completions; the one with the highest confidence comes first"""
    mode: Mode | None = None
    """Where the completion ends; null: block to complete, function to generate"""
    guard: Annotated[bool | None, FLAG] = None
    """False gives what the model wrote, unguarded"""
    features: Annotated[bool | None, FLAG] = None
    """Include the features that `confidence` is computed from"""
    logprobs: Annotated[bool | None, FLAG] = None
    """Include the completion's tokens and their log-probabilities"""
    model: Text | None = Field(None, max_length=200)
    """The backend to answer with, by its name or its model's, and no other; null: the first of the chain that can"""
    adapter: Text | None = Field(None, max_length=64)
    """The adapter to answer with, "none" for none; null: the API key's, or the one in use"""


class GenerationConfig(GenerationOptions):
    """The SDK's bundle of generation options."""


class GenerationArguments(TypedDict, total=False):
    """The keyword arguments that every generating method takes: the fields of `GenerationOptions`, and a few more.

    None, and what is left out, is the server's default.
    """

    config: GenerationConfig | None
    max_length: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    repetition_penalty: float | None
    stop: list[str] | None
    seed: int | None
    n: int | None
    mode: Mode | str | None
    guard: bool | None
    features: bool | None
    logprobs: bool | None
    model: str | None
    adapter: str | None
    language: str | None
    use_fallback: bool | None
