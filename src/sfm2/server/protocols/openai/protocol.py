"""OpenAI's errors and rate-limit headers (their API reference, "Error codes" and "Rate limits")."""

from __future__ import annotations

import math
import time
from typing import ClassVar

from sfm2.errors import (
    AuthenticationError,
    ModelUnavailableError,
    PromptTooLongError,
    RateLimitError,
    SFM2Error,
)
from sfm2.server.http.protocol import FieldError, ForeignProtocol, RateHeaders, with_suggestion
from sfm2.server.model_names import ModelNotFoundError
from sfm2.server.protocols.openai.schemas import OpenAIErrorBody, OpenAIErrorDetail
from sfm2.server.usage.rates import RateWindow

_CODES: dict[type[SFM2Error], str] = {
    AuthenticationError: "invalid_api_key",
    PromptTooLongError: "context_length_exceeded",
    ModelNotFoundError: "model_not_found",
}


class OpenAIProtocol(ForeignProtocol):
    """Errors as `{"error": {...}}`; rate limits in the `x-ratelimit-*-requests` headers. For all paths under `/v1`."""

    prefix = "/v1"
    rate_headers: ClassVar[RateHeaders] = {
        "x-ratelimit-limit-requests": lambda window: str(window.limit),
        "x-ratelimit-remaining-requests": lambda window: str(window.remaining),
        "x-ratelimit-reset-requests": lambda window: _seconds_until_reset(window),
    }

    def error_body(self, error: SFM2Error) -> str:
        detail = OpenAIErrorDetail(
            message=with_suggestion(error, _message(error)),
            type=_type(error),
            param=_param(error),
            code=_CODES.get(type(error), error.code),
        )
        return OpenAIErrorBody(error=detail).model_dump_json()


OPENAI = OpenAIProtocol()


def _seconds_until_reset(window: RateWindow) -> str:
    """OpenAI sends a duration, not a time."""
    return f"{max(0, math.ceil(window.reset - time.time()))}s"


def _message(error: SFM2Error) -> str:
    """Clients recognise a prompt that is longer than the window by these words of OpenAI's."""
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
    return error.field if isinstance(error, FieldError) else None
