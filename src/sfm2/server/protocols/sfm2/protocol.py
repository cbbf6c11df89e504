"""Our errors and rate-limit headers, as the API reference has them."""

from __future__ import annotations

import math
from typing import ClassVar

from sfm2.errors import SFM2Error
from sfm2.requests import error_body
from sfm2.server.http.protocol import ProtocolAdapter, RateHeaders, printable
from sfm2.sse import Event


class Sfm2Protocol(ProtocolAdapter):
    """Errors as `ErrorBody`; rate limits in the `X-RateLimit-*` headers."""

    rate_headers: ClassVar[RateHeaders] = {
        "X-RateLimit-Limit": lambda window: str(window.limit),
        "X-RateLimit-Remaining": lambda window: str(window.remaining),
        "X-RateLimit-Reset": lambda window: str(math.ceil(window.reset)),
    }

    def error_body(self, error: SFM2Error) -> str:
        body = error_body(error)
        body = body.model_copy(update={"message": printable(body.message)})
        return body.model_dump_json(exclude_none=True, exclude=None if body.details else {"details"})

    def error_status(self, error: SFM2Error) -> int:
        return error.status

    def error_event(self, error: SFM2Error) -> Event:
        return Event(self.error_body(error), "error")


SFM2 = Sfm2Protocol()
