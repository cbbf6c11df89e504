"""A completion as server-sent events: `chunk`s, then exactly one `done` or `error`."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable

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


class EventStream(Response):
    """What goes wrong before the first event is raised, and becomes an ordinary response with its own status."""

    media_type = "text/event-stream"

    def __init__(
        self,
        items: AsyncGenerator[Chunk | Completion, None],
        in_flight: InFlight,
        shown: Callable[[Completion], Completion],
    ) -> None:
        """`shown` makes of the completion what the client gets to see."""
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._items = items
        self._in_flight = in_flight
        self._shown = shown

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
            await self._items.aclose()

    async def _send_all(self, exchange: Exchange, send: Send) -> None:
        async for item in self._items:
            if exchange.status is None:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if isinstance(item, Completion):
                exchange.answered(item)
                await _send_last(Event(self._shown(item).model_dump_json(), "done"), send)
            else:
                await _send(Event(item.model_dump_json(), "chunk"), send)

    async def _fail(self, error: SFM2Error, exchange: Exchange, send: Send) -> None:
        if exchange.status is None:
            raise error
        exchange.error = error.code
        await _send_last(Event(json_of(error), "error"), send)


async def _send(event: Event, send: Send) -> None:
    await send({"type": "http.response.body", "body": encode(event), "more_body": True})


async def _send_last(event: Event, send: Send) -> None:
    await send({"type": "http.response.body", "body": encode(event), "more_body": False})
