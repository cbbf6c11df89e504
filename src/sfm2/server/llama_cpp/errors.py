"""llama.cpp's error body: its types, by the status."""

from __future__ import annotations

import json

from sfm2.errors import PromptTooLongError, SFM2Error
from sfm2.server.problems import sound

_TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "unavailable_error",
}


def json_of(error: SFM2Error) -> str:
    status = status_of(error)
    message = sound(f"{error.message.rstrip('.')}. {error.suggestion}")
    return json.dumps({"error": {"code": status, "type": _type(error, status), "message": message, **_window(error)}})


def status_of(error: SFM2Error) -> int:
    """400 for all that is wrong with a request's fields."""
    return 400 if error.status == 422 or isinstance(error, PromptTooLongError) else error.status


def _type(error: SFM2Error, status: int) -> str:
    if isinstance(error, PromptTooLongError):
        return "exceed_context_size_error"
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")


def _window(error: SFM2Error) -> dict[str, int]:
    return {name: error.details[name] for name in ("n_prompt_tokens", "n_ctx") if name in error.details}
