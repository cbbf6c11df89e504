"""What vLLM refuses, as our errors."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from sfm2.engines.vllm.wire import RefusalDetail, RefusalReply
from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    BackendRefusedError,
    BackendUnavailableError,
    PromptTooLongError,
)

_OVERLOAD_WAIT = 1.0  # seconds that a client is asked to wait when the engine is full
_LENGTHS = (
    "input_tokens",
    "input_text",
    "max_tokens",
    "max_model_len",
)  # the fields that a prompt beyond the window is about
_AT_FAULT = (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY)


class UnknownModelError(BackendError):
    """The server has no such weights or adapter, or not any more."""


def refusal(response: httpx.Response) -> BackendError | PromptTooLongError:
    """Of an answer that is not 200."""
    status = response.status_code
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return BackendUnavailableError(
            "the engine does not accept the API key", suggestion="Put the key into the URL: http://:KEY@host:port"
        )
    detail = _detail(response)
    if of_request := _fault_of_request(detail, status):
        return of_request
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        return BackendLoadingError(f"the engine is loading: {detail.message}")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return BackendOverloadedError(f"the engine is overloaded: {detail.message}", retry_after=_OVERLOAD_WAIT)
    return BackendError(f"the engine refused: {detail.message}")


def failure(detail: RefusalDetail) -> BackendError | PromptTooLongError:
    """In the middle of a stream."""
    status = int(code) if (code := str(detail.code)).isdigit() else int(httpx.codes.INTERNAL_SERVER_ERROR)
    return _fault_of_request(detail, status) or BackendError(f"the engine failed: {detail.message}")


def too_long(tokens: int, window: int) -> PromptTooLongError:
    """For a prompt that leaves no room for a completion."""
    return PromptTooLongError(
        f"the prompt has {tokens} tokens; the engine's window is {window}",
        details={"n_prompt_tokens": tokens, "n_ctx": window},
    )


def _fault_of_request(detail: RefusalDetail, status: int) -> BackendError | PromptTooLongError | None:
    """What is due to what was asked for; None: it is another kind of error."""
    if status == httpx.codes.NOT_FOUND and detail.param == "model":
        return UnknownModelError(f"the engine does not run that any more: {detail.message}")
    if status not in _AT_FAULT:
        return None
    if detail.param in _LENGTHS:
        return PromptTooLongError(detail.message)
    return BackendRefusedError(f"the engine does not take this request: {detail.message}")


def _detail(response: httpx.Response) -> RefusalDetail:
    try:
        return RefusalReply.model_validate_json(response.content).error
    except ValidationError:
        return RefusalDetail(message=f"status {response.status_code}")
