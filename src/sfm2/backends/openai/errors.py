"""From the openai SDK's errors to ours, by type and by the protocol's codes. Imports openai."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import openai

from sfm2.errors import (
    BackendError,
    BackendOverloadedError,
    BackendTimeoutError,
    BackendUnavailableError,
    PromptTooLongError,
)
from sfm2.retry_after import retry_after

Ours: TypeAlias = BackendError | PromptTooLongError
_TOO_LONG = ("context_length_exceeded", "exceed_context_size_error")  # OpenAI's and vLLM's, llama.cpp's
_LONGEST = 300  # characters of a server's message that are passed on


def translate(error: openai.OpenAIError, model: str) -> Ours:
    """Our error for any error of the SDK."""
    make = next(make for kind, make in _TABLE if isinstance(error, kind))
    return make(error, model)


@contextmanager
def translated(model: str) -> Iterator[None]:
    """Raises our error in place of the SDK's, and of what it lets through when a server sends no valid JSON."""
    try:
        yield
    except openai.OpenAIError as error:
        raise translate(error, model) from error
    except ValueError as error:
        raise BackendError(f"the server does not speak OpenAI's protocol: {error}") from error


def _timeout(error: Any, model: str) -> Ours:
    return BackendTimeoutError("no answer in time")


def _connection(error: Any, model: str) -> Ours:
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return BackendError(f"the server could not be reached, or broke off{cause}")


def _rate_limit(error: Any, model: str) -> Ours:
    if error.code == "insufficient_quota":
        return BackendUnavailableError(
            "the account's quota is used up", suggestion="Check the plan of the OpenAI account"
        )
    return BackendOverloadedError("too many requests", retry_after=retry_after(error.response.headers))


def _authentication(error: Any, model: str) -> Ours:
    return BackendUnavailableError("the server rejects the key: set OPENAI_API_KEY to a valid one")


def _permission(error: Any, model: str) -> Ours:
    return BackendUnavailableError(
        f"the key may not use {model}: choose another in models.openai.model, or another key"
    )


def _not_found(error: Any, model: str) -> Ours:
    return BackendUnavailableError(
        f"the server at {error.request.url} knows no model {model}: check models.openai.model and models.openai.base_url"
    )


def _status(error: Any, model: str) -> Ours:
    return _too_long(error, model) or BackendError(
        f"the server answered {error.status_code}: {_said(error)}", retry_after=retry_after(error.response.headers)
    )


def _event(error: Any, model: str) -> Ours:
    """An error in mid-stream, or an answer that is none."""
    return _too_long(error, model) or BackendError(f"the server failed: {_said(error)}")


def _other(error: Any, model: str) -> Ours:
    return BackendError(f"the openai package failed: {error}")


def _too_long(error: openai.APIError, model: str) -> PromptTooLongError | None:
    if error.code not in _TOO_LONG and error.type not in _TOO_LONG:
        return None
    message = f"the prompt does not fit {model}'s window: {_said(error)}"
    return PromptTooLongError(message, suggestion="Shorten the prompt")


def _said(error: openai.APIError) -> str:
    return error.message[:_LONGEST]


# The first match counts: subclasses come before their bases.
_TABLE: tuple[tuple[type[openai.OpenAIError], Callable[[Any, str], Ours]], ...] = (
    (openai.APITimeoutError, _timeout),
    (openai.APIConnectionError, _connection),
    (openai.RateLimitError, _rate_limit),
    (openai.AuthenticationError, _authentication),
    (openai.PermissionDeniedError, _permission),
    (openai.NotFoundError, _not_found),
    (openai.APIStatusError, _status),
    (openai.APIError, _event),
    (openai.OpenAIError, _other),
)
