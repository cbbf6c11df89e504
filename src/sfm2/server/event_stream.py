"""A response of server-sent events, in whatever form the route's protocol gives them."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sfm2.asgi import ClientGoneError
from sfm2.errors import SFM2Error
from sfm2.server.exchange import Exchange
from sfm2.server.in_flight import InFlight
from sfm2.server.middleware.failures import bug
from sfm2.server.problems import json_of
from sfm2.sse import Event, encode
from sfm2.types import Chunk, Completion

_log = logging.getLogger(__name__)
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class Sent:
    """An event; behind the `last` one the response ends."""

    event: Event
    last: bool = False


class EventStream(Response):
    """What goes wrong before the first event is raised, and becomes an ordinary response with its own status."""

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[Sent, None],
        in_flight: InFlight,
        failure: Callable[[SFM2Error], Event],
    ) -> None:
        """`failure` tells of what went wrong later; it is the last event then."""
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._events = events
        self._in_flight = in_flight
        self._failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        try:
            await self._in_flight.run(receive, lambda: self._send_all(exchange, send))
        except ClientGoneError:
            raise
        except SFM2Error as error:
            await self._fail(error, exchange, send)
        except Exception:
            if exchange.status is None:
                raise
            _log.exception("request %s met a bug in mid-stream", exchange.request_id)
            await self._fail(bug(exchange), exchange, send)
        finally:
            await self._events.aclose()

    async def _send_all(self, exchange: Exchange, send: Send) -> None:
        async for sent in self._events:
            if exchange.status is None:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send(sent, send)

    async def _fail(self, error: SFM2Error, exchange: Exchange, send: Send) -> None:
        if exchange.status is None:
            raise error
        exchange.error = error.code
        await _send(Sent(self._failure(error), last=True), send)


async def _send(sent: Sent, send: Send) -> None:
    await send({"type": "http.response.body", "body": encode(sent.event), "more_body": not sent.last})


async def our_events(
    items: AsyncGenerator[Chunk | Completion, None], exchange: Exchange, shown: Callable[[Completion], Completion]
) -> AsyncGenerator[Sent, None]:
    """`chunk`s, then one `done`. `shown` makes of the completion what the client gets to see."""
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Completion):
                exchange.answered(item)
                yield Sent(Event(shown(item).model_dump_json(), "done"), last=True)
            else:
                yield Sent(Event(item.model_dump_json(exclude_none=True), "chunk"))


def our_failure(error: SFM2Error) -> Event:
    return Event(json_of(error), "error")
