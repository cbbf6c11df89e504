"""A name for each request, and one line in the log when it is done. No prompts, no keys, no query strings."""

from __future__ import annotations

import logging
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from sfm2.server.exchange import Exchange
from sfm2.server.middleware.base import HEALTH_PATHS, Middleware

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_log = logging.getLogger("sfm2.access")


class Access(Middleware):
    """Takes the client's X-Request-ID if it is a plain word, else makes one."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(_request_id(Headers(scope=scope)))
        exchange.put_in(scope)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = exchange.request_id
                headers.update(exchange.headers)
            await send(message)

        try:
            await self.app(scope, receive, send_named)
        finally:
            _write(scope, exchange)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex


def _write(scope: Scope, exchange: Exchange) -> None:
    level = logging.DEBUG if scope["path"] in HEALTH_PATHS else logging.INFO
    _log.log(
        level,
        "%s %s %s %.0f ms id=%s key=%s%s",
        scope["method"],
        ascii(scope["path"])[1:-1],
        exchange.status or "-",
        exchange.seconds * 1000,
        exchange.request_id,
        exchange.key.id if exchange.key else "-",
        f" error={exchange.error}" if exchange.error else "",
    )
