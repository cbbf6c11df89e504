"""Errors -> responses: the API reference's error body, and what every dialect's error has in common."""

from __future__ import annotations

import math

from sfm2.errors import AuthenticationError, InvalidRequestError, SFM2Error
from sfm2.requests import error_body


class FieldError(InvalidRequestError):
    """`field`: the one of the request that is wrong, dotted."""

    def __init__(self, field: str, message: str, *, suggestion: str | None = None) -> None:
        super().__init__(message, suggestion=suggestion)
        self.field = field


def json_of(error: SFM2Error) -> str:
    """The body on one line; fields that say nothing are left out."""
    body = error_body(error)
    body = body.model_copy(update={"message": sound(body.message)})
    return body.model_dump_json(exclude_none=True, exclude=None if body.details else {"details"})


def status_of(error: SFM2Error) -> int:
    return error.status


def headers(error: SFM2Error) -> dict[str, str]:
    found = {}
    if error.retry_after is not None:
        found["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, AuthenticationError):
        found["WWW-Authenticate"] = "Bearer"
    return found


def sound(message: str) -> str:
    """A lone surrogate quoted from a request would not survive the wire: it is spelt out."""
    return message.encode("utf-8", "backslashreplace").decode()
