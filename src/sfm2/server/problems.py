"""Errors -> responses: the one place that writes the API reference's error body."""

from __future__ import annotations

import math

from starlette.responses import Response

from sfm2.core.requests import problem_of
from sfm2.errors import AuthenticationError, SFM2Error


def json_of(error: SFM2Error) -> str:
    """The body on one line; fields that say nothing are left out."""
    body = problem_of(error)
    # A lone surrogate quoted from a request would not survive the wire: it is spelt out.
    body = body.model_copy(update={"message": body.message.encode("utf-8", "backslashreplace").decode()})
    return body.model_dump_json(exclude_none=True, exclude=None if body.details else {"details"})


def response_to(error: SFM2Error) -> Response:
    return Response(json_of(error), error.status, headers=_headers(error), media_type="application/json")


def _headers(error: SFM2Error) -> dict[str, str]:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, AuthenticationError):
        headers["WWW-Authenticate"] = "Bearer"
    return headers
