"""Arguments -> what is sent. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from sfm2.errors import InvalidRequestError
from sfm2.types import GenerationConfig


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
    language: str | None
    use_fallback: bool | None


@dataclass(frozen=True)
class Call:
    """One request. `repeatable`: asking twice does not cost a model's work twice."""

    method: Literal["GET", "POST"]
    path: str
    body: dict[str, Any] | None = None

    @property
    def repeatable(self) -> bool:
        return self.method == "GET"

    def content(self) -> bytes | None:
        """The body as JSON, escaped to ASCII: text that is no valid Unicode reaches the server, which says so."""
        return None if self.body is None else json.dumps(self.body).encode("ascii")

    def headers(self) -> dict[str, str]:
        return {} if self.body is None else {"Content-Type": "application/json"}


HEALTH = Call("GET", "/health")
STATS = Call("GET", "/stats")


def post(path: str, fields: Mapping[str, Any], settings: Mapping[str, Any]) -> Call:
    """`config` is spread out first; what is named beside it wins. Raises `InvalidRequestError` for an unknown name."""
    unknown = sorted(set(settings) - set(Settings.__annotations__))
    if unknown:
        known = ", ".join(Settings.__annotations__)
        raise InvalidRequestError(f"unknown argument {', '.join(unknown)}; expected some of {known}")
    named = {key: value for key, value in {**fields, **settings}.items() if key != "config" and value is not None}
    config = settings.get("config")
    bundle = config.model_dump(exclude_none=True) if config else {}
    return Call("POST", path, {**bundle, **named})
