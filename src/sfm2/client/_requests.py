"""From arguments or a request object to what is sent. Pure.

Nothing here checks ranges: the server validates every request and says what is wrong in its own words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from sfm2.completer import Question, Streamable
from sfm2.errors import InvalidRequestError
from sfm2.types import (
    BatchRequest,
    CompleteRequest,
    ExplainRequest,
    GenerateRequest,
    GenerationArguments,
    GenerationConfig,
    Outcome,
    Request,
    Snippet,
)

ROUTES: dict[type[Request], str] = {
    GenerateRequest: "/generate",
    CompleteRequest: "/complete",
    ExplainRequest: "/explain",
    BatchRequest: "/generate/batch",
}
STREAM_ROUTES: dict[type[Request], str] = {
    kind: f"{ROUTES[kind]}/stream" for kind in (GenerateRequest, CompleteRequest, ExplainRequest)
}


@dataclass(frozen=True)
class Call:
    """One HTTP request."""

    method: Literal["GET", "POST"]
    path: str
    body: dict[str, Any] | None = None
    """What is sent as JSON"""
    answers: frozenset[int] = frozenset()
    """Error statuses that are a valid answer to this request, and no reason to send it again"""
    repeatable: bool = False
    """Whether sending it twice never costs a model's work twice"""

    def content(self) -> bytes | None:
        """The body as JSON, escaped to ASCII, so that text that is not valid Unicode reaches the server, which refuses it.

        Raises `InvalidRequestError` for a value that JSON cannot carry.
        """
        return None if self.body is None else _json(self.body).encode("ascii")

    @property
    def waits(self) -> bool:
        """Whether a model works, and the whole answer comes at once."""
        return self.path in ROUTES.values()

    def headers(self) -> dict[str, str]:
        """The headers that describe the body."""
        return {} if self.body is None else {"Content-Type": "application/json"}


HEALTH = Call("GET", "/health", answers=frozenset({503}), repeatable=True)
STATS = Call("GET", "/stats", repeatable=True)


def from_request(request: Question) -> Call:
    """The call for a request object: the fields that were set."""
    return Call("POST", ROUTES[type(request)], request.model_dump(exclude_unset=True, exclude_none=True))


def stream_from_request(request: Streamable) -> Call:
    """The call for the same answer as a stream."""
    return Call("POST", STREAM_ROUTES[type(request)], from_request(request).body)


def post(path: str, fields: Mapping[str, Any], arguments: Mapping[str, Any]) -> Call:
    """The call for plain arguments. The fields of `config` come first, and arguments given beside it override them.

    Raises `InvalidRequestError` for an unknown argument, or a `config` that is not a `GenerationConfig`.
    """
    unknown = sorted(set(arguments) - set(GenerationArguments.__annotations__))
    if unknown:
        known = ", ".join(GenerationArguments.__annotations__)
        raise InvalidRequestError(f"unknown argument {', '.join(unknown)}; expected some of {known}")
    named = {key: value for key, value in {**fields, **arguments}.items() if key != "config" and value is not None}
    config = arguments.get("config")
    if not isinstance(config, GenerationConfig | None):
        raise InvalidRequestError(f"config: expected a GenerationConfig, not {type(config).__name__}")
    bundle = config.model_dump(exclude_none=True) if config else {}
    return Call("POST", path, {**bundle, **named})


def feedback(completion_id: str, outcome: Outcome | str) -> Call:
    """The call that reports an outcome. Sending it twice changes nothing."""
    return Call("POST", "/feedback", {"id": completion_id, "outcome": outcome}, repeatable=True)


def hole(
    prefix: str, suffix: str, path: str | None, context: Sequence[Snippet | Mapping[str, str]], time_limit: float | None
) -> dict[str, Any]:
    """The fields of a `CompleteRequest`. Raises `InvalidRequestError` for a snippet that is malformed."""
    return {
        "prefix": prefix,
        "suffix": suffix,
        "path": path,
        "context": _snippets(context),
        "time_limit": time_limit,
    }


def _snippets(context: Sequence[Snippet | Mapping[str, str]]) -> list[dict[str, str]] | None:
    """Snippets as JSON has them; None for an empty list. Raises `InvalidRequestError` for one that is malformed."""
    try:
        return [Snippet.model_validate(one).model_dump() for one in context] or None
    except ValidationError as error:
        raise InvalidRequestError("context: expected snippets, each with a text and perhaps a path") from error


def prompts_of(prompts: Sequence[str]) -> list[str]:
    """The prompts of a batch. Raises `InvalidRequestError` for a single string, which is a sequence of characters."""
    if isinstance(prompts, str | bytes):
        raise InvalidRequestError(f"prompts: expected a list of texts, not one {type(prompts).__name__}")
    return list(prompts)


def _json(body: dict[str, Any]) -> str:
    try:
        return json.dumps(body)
    except TypeError as error:
        raise InvalidRequestError(f"an argument has a type that JSON cannot carry: {error}") from error
