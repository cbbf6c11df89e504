"""Turns every error into a response in the form of the route's protocol."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sfm2.asgi import ClientGoneError
from sfm2.errors import SFM2Error
from sfm2.server.http.context import CLIENT_LEFT, RequestContext
from sfm2.server.middleware.base import Middleware

_log = logging.getLogger(__name__)


class ErrorHandler(Middleware):
    """Answers with the error. An unexpected exception is an internal error; its traceback goes to the log only."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        try:
            await self.app(scope, receive, send)
        except (ClientGoneError, ClientDisconnect):
            context.error = CLIENT_LEFT
        except SFM2Error as error:
            await _respond(error, context, scope, receive, send)
        except Exception:  # noqa: BLE001 - the last resort; the cause is logged
            _log.exception("internal error")
            await _respond(context.internal_error(), context, scope, receive, send)


async def _respond(error: SFM2Error, context: RequestContext, scope: Scope, receive: Receive, send: Send) -> None:
    context.error = error.code
    if context.status is not None:
        raise error  # The response has begun: uvicorn closes the connection, so the client sees that it is incomplete.
    await context.policy.protocol.error_response(error)(scope, receive, send)
