"""No body over `limits.max_body`: refused by its declared length at once, else counted while it arrives."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from sfm2.errors import PayloadTooLargeError
from sfm2.server.middleware.base import Middleware


class BodyLimit(Middleware):
    """What a client sends after the refusal is read and dropped by uvicorn, so that the client gets to see the refusal."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self.state.settings.limits.max_body
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise _too_large(limit)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_counted, send)


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"the request's body is over the limit of {limit:,} bytes")
