"""Arguments -> what is sent. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from pydantic import ValidationError

from sfm2.errors import InvalidRequestError
from sfm2.types import GenerationConfig, Mode, Outcome, Snippet


class Settings(TypedDict, total=False):
    """What every generating method takes besides its code. None, and what is left out, is the server's default."""

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
    adapter: str | None
    language: str | None
    use_fallback: bool | None


@dataclass(frozen=True)
class Call:
    """One request. `repeatable`: asking twice does not cost a model's work twice."""

    method: Literal["GET", "POST"]
    path: str
    body: dict[str, Any] | None = None
    answers: frozenset[int] = frozenset()
    """Statuses of failure that are an answer here: no reason to ask again."""
    repeatable: bool = False

    def content(self) -> bytes | None:
        """The body as JSON, escaped to ASCII: text that is no valid Unicode reaches the server, which says so."""
        return None if self.body is None else _json(self.body).encode("ascii")

    def headers(self) -> dict[str, str]:
        return {} if self.body is None else {"Content-Type": "application/json"}


HEALTH = Call("GET", "/health", answers=frozenset({503}), repeatable=True)
STATS = Call("GET", "/stats", repeatable=True)


def post(path: str, fields: Mapping[str, Any], settings: Mapping[str, Any]) -> Call:
    """`config` is spread out first; what is named beside it wins. Raises `InvalidRequestError` for an unknown name."""
    unknown = sorted(set(settings) - set(Settings.__annotations__))
    if unknown:
        known = ", ".join(Settings.__annotations__)
        raise InvalidRequestError(f"unknown argument {', '.join(unknown)}; expected some of {known}")
    named = {key: value for key, value in {**fields, **settings}.items() if key != "config" and value is not None}
    config = settings.get("config")
    if not isinstance(config, GenerationConfig | None):
        raise InvalidRequestError(f"config: expected a GenerationConfig, not {type(config).__name__}")
    bundle = config.model_dump(exclude_none=True) if config else {}
    return Call("POST", path, {**bundle, **named})


def feedback(completion_id: str, outcome: Outcome | str) -> Call:
    """Twice says the same as once."""
    return Call("POST", "/feedback", {"id": completion_id, "outcome": outcome}, repeatable=True)


def snippets(context: Sequence[Snippet | Mapping[str, str]]) -> list[dict[str, str]] | None:
    """Raises `InvalidRequestError` for one that is none."""
    try:
        return [Snippet.model_validate(one).model_dump() for one in context] or None
    except ValidationError as error:
        raise InvalidRequestError("context: expected snippets, each with a text and perhaps a path") from error


def prompts_of(prompts: Sequence[str]) -> list[str]:
    """Raises `InvalidRequestError` for one text: it is a sequence too, of single characters."""
    if isinstance(prompts, str | bytes):
        raise InvalidRequestError(f"prompts: expected a list of texts, not one {type(prompts).__name__}")
    return list(prompts)


def _json(body: dict[str, Any]) -> str:
    try:
        return json.dumps(body)
    except TypeError as error:
        raise InvalidRequestError(f"an argument has a type that JSON does not know: {error}") from error
