"""llama.cpp's errors. Its server has no rate limits, so the headers for them are ours."""

from __future__ import annotations

import json

from sfm2.errors import PromptTooLongError, SFM2Error
from sfm2.server.http.protocol import ForeignProtocol, with_suggestion
from sfm2.server.protocols.sfm2.protocol import SFM2

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "unavailable_error",
}


class LlamaCppProtocol(ForeignProtocol):
    """Errors as `{"error": {"code", "type", "message"}}`."""

    rate_headers = SFM2.rate_headers

    def error_body(self, error: SFM2Error) -> str:
        status = self.error_status(error)
        detail = {"code": status, "type": _type(error, status), "message": with_suggestion(error), **_window(error)}
        return json.dumps({"error": detail})


LLAMA_CPP = LlamaCppProtocol()


def _type(error: SFM2Error, status: int) -> str:
    if isinstance(error, PromptTooLongError):
        return "exceed_context_size_error"
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")


def _window(error: SFM2Error) -> dict[str, int]:
    return {name: error.details[name] for name in ("n_prompt_tokens", "n_ctx") if name in error.details}
