"""Everything raised further in becomes an error body: the API reference's, or that of the route's protocol."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sfm2.asgi import ClientGoneError
from sfm2.errors import ServerError, SFM2Error
from sfm2.server.dialects import dialect_of, response_to
from sfm2.server.exchange import CLIENT_LEFT, Exchange
from sfm2.server.middleware.base import Middleware

_log = logging.getLogger(__name__)


class Failures(Middleware):
    """A bug of ours is told as such, without its traceback: that goes to the log, under the request id."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        try:
            await self.app(scope, receive, send)
        except (ClientGoneError, ClientDisconnect):
            exchange.error = CLIENT_LEFT
        except SFM2Error as error:
            await _answer(error, exchange, scope, receive, send)
        except Exception:  # noqa: BLE001 - the last resort; the cause is logged
            _log.exception("request %s met a bug", exchange.request_id)
            await _answer(bug(exchange), exchange, scope, receive, send)


def bug(exchange: Exchange) -> ServerError:
    """What the client learns of a bug."""
    return ServerError(
        "the server met an error of its own",
        suggestion=f"Report it with the server's log of request {exchange.request_id}",
    )


async def _answer(error: SFM2Error, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    exchange.error = error.code
    if exchange.status is not None:
        raise error  # the response has begun: uvicorn breaks the connection, which says that it is not whole
    await response_to(error, dialect_of(scope["path"]))(scope, receive, send)
