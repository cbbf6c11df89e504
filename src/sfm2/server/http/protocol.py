"""What every wire protocol provides.

A protocol is a folder with the same parts, and a request goes through them in this order:

    schemas.py        validate: what clients send, and what they read
    to_internal.py    the request as one of `sfm2.types`
    routes.py         run it, whole or as a stream
    from_internal.py  the answer, or the events of a stream, in the protocol's form
    protocol.py       a `ProtocolAdapter`: errors and rate-limit headers in the protocol's form

Ours needs no schemas and no conversion, since its requests and answers are `sfm2.types`; its routes are in three files.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from sfm2.errors import AuthenticationError, InvalidRequestError, PromptTooLongError, SFM2Error
from sfm2.server.usage.rates import RateWindow
from sfm2.sse import Event

RateHeaders: TypeAlias = Mapping[str, Callable[[RateWindow], str]]

MOST_CHARACTERS = 4_000
"""Of a message: ten complaints are shorter. A request's path or name that an error repeats may be longer."""
ERROR_HEADERS = ("Retry-After", "WWW-Authenticate")


class ForeignMessage(BaseModel):
    """A message of another protocol. Clients send fields that mean nothing here: unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class FieldError(InvalidRequestError):
    """A request with one wrong field."""

    def __init__(self, field: str, message: str, *, suggestion: str | None = None) -> None:
        super().__init__(message, suggestion=suggestion)
        self.field = field
        """The field's path, with dots: `messages.0.role`"""


class ProtocolAdapter(ABC):
    """How a protocol reports errors and rate limits."""

    prefix: ClassVar[str | None] = None
    """The path under which unknown routes answer in this protocol; None: only its own routes do"""
    rate_headers: ClassVar[RateHeaders]
    """The rate-limit headers of a response: each header's name, and its value for a window"""

    @abstractmethod
    def error_body(self, error: SFM2Error) -> str:
        """The JSON body of an error, on one line."""

    @abstractmethod
    def error_status(self, error: SFM2Error) -> int:
        """The HTTP status of an error."""

    def error_event(self, error: SFM2Error) -> Event:
        """The last event of a stream that failed after it had begun."""
        return Event(self.error_body(error))

    def error_response(self, error: SFM2Error) -> Response:
        """An error as a response, with `Retry-After` and `WWW-Authenticate` where they apply."""
        return Response(
            self.error_body(error),
            self.error_status(error),
            headers=_error_headers(error),
            media_type="application/json",
        )

    def headers_for(self, window: RateWindow) -> dict[str, str]:
        """The rate-limit headers of a response."""
        return {name: value(window) for name, value in self.rate_headers.items()}

    def owns(self, path: str) -> bool:
        """Whether an unknown `path` belongs to this protocol."""
        return self.prefix is not None and (path == self.prefix or path.startswith(f"{self.prefix}/"))


class ForeignProtocol(ProtocolAdapter):
    """OpenAI and llama.cpp have no 422, and answer 400 to a prompt that is longer than the window."""

    def error_status(self, error: SFM2Error) -> int:
        return 400 if error.status == 422 or isinstance(error, PromptTooLongError) else error.status


def printable(message: str) -> str:
    """The beginning of `message`, with lone surrogates, which a request may have contained, as escapes: UTF-8 has none."""
    return message[:MOST_CHARACTERS].encode("utf-8", "backslashreplace").decode()


def with_suggestion(error: SFM2Error, message: str | None = None) -> str:
    """The error's message and suggestion as one text, for protocols that have no field for a suggestion."""
    return f"{printable(message or error.message).rstrip('.')}. {printable(error.suggestion)}"


def _error_headers(error: SFM2Error) -> dict[str, str]:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, AuthenticationError):
        headers["WWW-Authenticate"] = "Bearer"
    return headers
