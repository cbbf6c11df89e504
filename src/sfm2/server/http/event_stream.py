"""A response of server-sent events, in the form of the route's protocol; a failure in mid-stream becomes its last event."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sfm2.asgi import ClientGoneError
from sfm2.errors import SFM2Error
from sfm2.server.http.context import RequestContext
from sfm2.server.process.in_flight import InFlight
from sfm2.sse import Event, encode

_log = logging.getLogger(__name__)
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class StreamEvent:
    """An event on its way to the client."""

    event: Event
    last: bool = False
    """Whether the response ends with it"""


class EventStreamResponse(Response):
    """Sends events as they come, and stops generating them when the client leaves.

    An error before the first event is raised, and becomes an ordinary response with its own status. A later one is the
    stream's last event.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[StreamEvent, None], in_flight: InFlight) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        try:
            await self._in_flight.run(receive, lambda: self._send_all(context, send), context.session)
        except ClientGoneError:
            raise
        except SFM2Error as error:
            await _send_error(error, context, send)
        except Exception:
            if context.status is None:
                raise
            _log.exception("internal error in mid-stream")
            await _send_error(context.internal_error(), context, send)
        finally:
            await self._events.aclose()

    async def _send_all(self, context: RequestContext, send: Send) -> None:
        async for event in self._events:
            if context.status is None:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send(event, send)


async def _send_error(error: SFM2Error, context: RequestContext, send: Send) -> None:
    if context.status is None:
        raise error
    context.error = error.code
    await _send(StreamEvent(context.policy.protocol.error_event(error), last=True), send)


async def _send(event: StreamEvent, send: Send) -> None:
    await send({"type": "http.response.body", "body": encode(event.event), "more_body": not event.last})
