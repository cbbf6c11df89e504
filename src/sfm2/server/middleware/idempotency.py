"""`Idempotency-Key`: a request that is sent again is not computed again (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from sfm2.errors import InvalidRequestError
from sfm2.headers import IDEMPOTENCY_KEY
from sfm2.server.answering.replays import Replays, WholeResponse
from sfm2.server.http.context import RequestContext
from sfm2.server.middleware.base import Middleware
from sfm2.validation import shortened

REPLAYED = "Idempotency-Replayed"
_VALID = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
_STREAM = "text/event-stream"


class Idempotency(Middleware):
    """For routes that ask models. Kept are whole answers, not streams, and no errors: what failed may be tried again."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        key = Headers(scope=scope).get(IDEMPOTENCY_KEY)
        if key is None or not context.policy.counted:
            await self.app(scope, receive, send)
            return
        if not _VALID.fullmatch(key):
            raise InvalidRequestError(
                f"{IDEMPOTENCY_KEY}: expected 1 to 255 printable ASCII characters, not {shortened(repr(key))}",
                suggestion="Send a random text, such as a UUID, and the same one when you send the same request again",
            )
        body = await Request(scope, receive).body()
        replays = self.state.replays
        given = replays.begin(context.client, key, _fingerprint(scope, body))
        if given is not None:
            context.reused = "replay"
            context.headers[REPLAYED] = "true"
            await _send(given, send)
            return
        try:
            recorder = _Recorder(context, replays, key, send)
            await self.app(scope, _with_body(body, receive), recorder.send)
        finally:
            replays.end(context.client, key)


class _Recorder:
    """Passes a response on, and keeps it before its last byte: who has read it may send the request again at once."""

    def __init__(self, context: RequestContext, replays: Replays, key: str, send: Send) -> None:
        self._context = context
        self._replays = replays
        self._key = key
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and self._is_kept():
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                self._keep()
        await self._send(message)

    def _is_kept(self) -> bool:
        content_type = Headers(raw=self._start["headers"]).get("content-type", "")
        return self._start["status"] < 300 and not content_type.startswith(_STREAM) and not self._context.worth_retrying

    def _keep(self) -> None:
        headers = tuple((bytes(name), bytes(value)) for name, value in self._start["headers"])
        response = WholeResponse(self._start["status"], headers, bytes(self._body))
        self._replays.keep(self._context.client, self._key, response)


def _fingerprint(scope: Scope, body: bytes) -> str:
    head = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()


def _with_body(body: bytes, receive: Receive) -> Receive:
    """`receive` for who has not read the body, which was read already."""
    read = False

    async def receive_again() -> Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _send(response: WholeResponse, send: Send) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": list(response.headers)})
    await send({"type": "http.response.body", "body": response.body})
