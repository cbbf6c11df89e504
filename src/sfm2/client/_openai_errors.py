"""Errors in OpenAI's form, as the routes below `/v1` answer and stream them. Pure."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from sfm2.error_tables import by_code
from sfm2.errors import AdapterError, AuthenticationError, PromptTooLongError, ServerError, SFM2Error

# OpenAI's own codes; the others are ours.
_CODES: dict[str, type[SFM2Error]] = {
    "invalid_api_key": AuthenticationError,
    "context_length_exceeded": PromptTooLongError,
    "model_not_found": AdapterError,  # we name a model only to name an adapter
}


class OpenAIProblem(BaseModel):
    """What is wrong. The message ends with what to do."""

    message: str
    code: str | None = None

    def as_error(self, wait: float | None = None, request_id: str | None = None) -> SFM2Error:
        """Our error for it; `wait` is in seconds."""
        kind = {**by_code(), **_CODES}.get(self.code or "", ServerError)
        message = self.message.removesuffix(f". {kind.default_suggestion}")
        return kind(message, retry_after=wait, request_id=request_id)


class _Body(BaseModel):
    error: OpenAIProblem


def problem_in(content: bytes) -> OpenAIProblem | None:
    """The problem that a body reports; None for a body of another form."""
    try:
        return _Body.model_validate_json(content).error
    except ValidationError:
        return None
