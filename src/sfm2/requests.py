"""Build requests from plain arguments, and report in one line what validation found wrong. Imports no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.types import BatchRequest, ErrorBody, GenerateRequest, GenerationOptions, Request
from sfm2.validation import complaint, shortened

R = TypeVar("R", bound=Request)
S = TypeVar("S", bound=GenerationOptions)

MOST_COMPLAINTS = 10
"""Wrong fields that a message names: who mends ten sees the others next."""


def build(kind: type[R], fields: Mapping[str, Any]) -> R:
    """A request of class `kind` with these fields.

    Raises `InvalidRequestError`, which names the field, what was wrong and what was expected.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequestError(validation_message(error.errors(), kind)) from error


def generate_request(prompt: str, settings: Mapping[str, Any]) -> GenerateRequest:
    """A request to complete `prompt`; `settings` are its other fields. Raises `InvalidRequestError`."""
    return build(GenerateRequest, {"prompt": prompt, **settings})


def batch_request(prompts: Sequence[str], settings: Mapping[str, Any]) -> BatchRequest:
    """A request to complete each of `prompts`; `settings` apply to all. Raises `InvalidRequestError`."""
    return build(BatchRequest, {"prompts": list(prompts), **settings})


def batch_item(batch: BatchRequest, prompt: Any) -> GenerateRequest:
    """A request for one prompt of a batch, with the batch's settings. Raises `InvalidRequestError`."""
    return generate_request(prompt, batch.model_dump(exclude={"prompts"}))


def split_choices(request: S) -> list[S]:
    """One request for each of the `n` completions; a seed is incremented from one to the next."""
    seed = request.seed
    return [
        request.model_copy(update={"n": 1, "seed": None if seed is None else seed + i}) for i in range(request.n or 1)
    ]


def error_body(error: SFM2Error) -> ErrorBody:
    """The body of the response that reports an error."""
    return ErrorBody(
        error=error.code,
        message=error.message,
        suggestion=error.suggestion,
        fallback_used=error.fallback_model,
        details=error.details,
    )


def validation_message(errors: Sequence[Any], kind: type[Request] | None = None) -> str:
    """Pydantic's validation errors as one line: `field: what was wrong; field: ...`. `kind` helps with unknown names.

    Of many errors the first `MOST_COMPLAINTS` are told, and how many more there are.
    """
    told = [_message(error, kind) for error in errors[:MOST_COMPLAINTS]]
    more = len(errors) - len(told)
    return "; ".join([*told, f"and {more:,} more"] if more else told)


def field_path(error: Mapping[str, Any]) -> str:
    """Where in a body one of pydantic's validation errors is, with dots: `messages.0.role`; empty: the body itself.

    Of a header, its name.
    """
    return shortened(".".join(str(part) for part in error["loc"] if part not in ("body", "header")))


def _message(error: Mapping[str, Any], kind: type[Request] | None) -> str:
    field = field_path(error) or "body"
    known = kind.model_fields if kind else ()
    return f"{field}: {complaint(error, known, show_input=isinstance(error.get('input'), int | float | bool))}"
