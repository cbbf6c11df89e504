"""Build requests from plain arguments, and say in one line what validation found wrong. Imports no model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.types import BatchRequest, ErrorBody, GenerateRequest, GenerationOptions, Request

R = TypeVar("R", bound=Request)
S = TypeVar("S", bound=GenerationOptions)


def build(kind: type[R], fields: Mapping[str, Any]) -> R:
    """A request. Raises `InvalidRequestError` that names the field, what was wrong and what was expected."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequestError(validation_message(error.errors(), kind)) from error


def generate_request(prompt: str, settings: Mapping[str, Any]) -> GenerateRequest:
    return build(GenerateRequest, {"prompt": prompt, **settings})


def batch_request(prompts: Sequence[str], settings: Mapping[str, Any]) -> BatchRequest:
    return build(BatchRequest, {"prompts": list(prompts), **settings})


def batch_item(batch: BatchRequest, prompt: Any) -> GenerateRequest:
    """One prompt of a batch, with the batch's settings."""
    return generate_request(prompt, batch.model_dump(exclude={"prompts"}))


def split_choices(request: S) -> list[S]:
    """A request for each of its completions; with a seed, each has its own, made from it."""
    seed = request.seed
    return [
        request.model_copy(update={"n": 1, "seed": None if seed is None else seed + i}) for i in range(request.n or 1)
    ]


def error_body(error: SFM2Error) -> ErrorBody:
    """The body that an error travels in."""
    return ErrorBody(
        error=error.code,
        message=error.message,
        suggestion=error.suggestion,
        fallback_used=error.fallback_model,
        details=error.details,
    )


def validation_message(errors: Sequence[Any], kind: type[Request] | None = None) -> str:
    """Validation errors (pydantic's) as one line: `field: what was wrong`."""
    return "; ".join(_message(error, kind) for error in errors)


def _message(error: Mapping[str, Any], kind: type[Request] | None) -> str:
    field = ".".join(str(part) for part in error["loc"] if part != "body") or "body"
    if error["type"] == "extra_forbidden":
        return f"{field}: unknown field{_nearest(field, kind)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    shown = f", not {given!r}" if isinstance(given, int | float | bool) else ""
    return f"{field}: {message[:1].lower()}{message[1:]}{shown}"


def _nearest(field: str, kind: type[Request] | None) -> str:
    close = difflib.get_close_matches(field, list(kind.model_fields) if kind else [], n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
