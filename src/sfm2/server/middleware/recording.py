"""What is recorded about each request: its id, a line in the log, statistics, and its completions for feedback."""

from __future__ import annotations

import logging
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from sfm2.headers import REQUEST_ID
from sfm2.server.http.context import RequestContext
from sfm2.server.middleware.base import Middleware
from sfm2.server.process.logs import CURRENT_REQUEST
from sfm2.server.process.proxies import attributed
from sfm2.types import Completion

_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_log = logging.getLogger("sfm2.access")


class RequestLog(Middleware):
    """Makes the request's context, and writes one log line when it is done: no prompts, no keys, no query strings.

    From here on the client is the one that trusted proxies name.

    The request id is the client's `X-Request-ID` if that is a plain word, else a random one.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = attributed(scope, self.state.proxies)
        context = RequestContext(_request_id(Headers(scope=scope)), self.state.routes.find(scope))
        context.attach(scope)
        CURRENT_REQUEST.set(context.request_id)  # for good: uvicorn serves each request in a task of its own

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                context.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = context.request_id
                headers.update(context.headers)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            _write(scope, context)


class UsageRecorder(Middleware):
    """Counts requests, and remembers their completions for feedback.

    It does so before the last byte is sent: a client that has read the answer finds it counted.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        if not context.policy.counted:
            await self.app(scope, receive, send)
            return
        recorded = False

        def record() -> None:
            nonlocal recorded
            if not recorded:
                self.state.usage.count(context.finished())
                completions = (answer for answer in context.answers if isinstance(answer, Completion))
                self.state.completions.remember(completions, context.key)
            recorded = True

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                record()
            await send(message)

        try:
            await self.app(scope, receive, send_recorded)
        finally:
            record()


def _request_id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID, "")
    return given if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex


def _write(scope: Scope, context: RequestContext) -> None:
    path, milliseconds = ascii(scope["path"])[1:-1], round(context.elapsed * 1000)
    fields = {
        "method": scope["method"],
        "path": path,
        "status": context.status,
        "milliseconds": milliseconds,
        "client": scope["client"][0] if scope.get("client") else None,
        "key": context.key.id if context.key else None,
        **({"error": context.error} if context.error else {}),
    }
    level = logging.DEBUG if context.policy.logged_at_debug else logging.INFO
    _log.log(level, "%s %s %s %d ms", scope["method"], path, context.status or "-", milliseconds, extra=fields)
