"""OpenAI's error body, and its names for what can go wrong (their API reference, "Error codes")."""

from __future__ import annotations

import math
import time

from sfm2.errors import (
    AuthenticationError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    PromptTooLongError,
    RateLimitError,
    SFM2Error,
)
from sfm2.server.openai.schemas import OpenAIErrorBody, OpenAIErrorDetail
from sfm2.server.problems import FieldError, sound
from sfm2.server.rates import Window

_CODES: dict[type[SFM2Error], str] = {
    AuthenticationError: "invalid_api_key",
    PromptTooLongError: "context_length_exceeded",
}


class ModelNotFoundError(NotFoundError):
    """A `model` that is not one of ours."""


_CODES[ModelNotFoundError] = "model_not_found"


def json_of(error: SFM2Error) -> str:
    return body_of(error).model_dump_json()


def body_of(error: SFM2Error) -> OpenAIErrorBody:
    """What to do stands behind what was wrong: the form has no place of its own for it."""
    message = f"{_message(error).rstrip('.')}. {error.suggestion}"
    code = _CODES.get(type(error), error.code)
    return OpenAIErrorBody(
        error=OpenAIErrorDetail(message=sound(message), type=_type(error), param=_param(error), code=code)
    )


def status_of(error: SFM2Error) -> int:
    """OpenAI has no 422, and answers 400 to a prompt beyond the window."""
    if isinstance(error, PromptTooLongError) or error.status == 422:
        return 400
    return error.status


def rate_headers(window: Window) -> dict[str, str]:
    """`reset` is a duration with them, not a time."""
    seconds = max(0, math.ceil(window.reset - time.time()))
    return {
        "x-ratelimit-limit-requests": str(window.limit),
        "x-ratelimit-remaining-requests": str(window.remaining),
        "x-ratelimit-reset-requests": f"{seconds}s",
    }


def _message(error: SFM2Error) -> str:
    """Clients know a prompt beyond the window by these words of OpenAI's."""
    if isinstance(error, PromptTooLongError) and "n_ctx" in error.details:
        return f"This model's maximum context length is {error.details['n_ctx']} tokens: {error.message}"
    return error.message


def _type(error: SFM2Error) -> str:
    if isinstance(error, RateLimitError):
        return "requests"
    if isinstance(error, ModelUnavailableError):
        return "service_unavailable_error"
    return "invalid_request_error" if error.status < 500 else "server_error"


def _param(error: SFM2Error) -> str | None:
    if isinstance(error, ModelNotFoundError):
        return "model"
    if isinstance(error, PromptTooLongError | AuthenticationError) or not isinstance(error, InvalidRequestError):
        return None
    return error.field if isinstance(error, FieldError) else None
