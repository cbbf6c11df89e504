"""Requests that come at once begin one after another."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from sfm2.server.http.context import RequestContext
from sfm2.server.middleware.base import Middleware
from sfm2.server.state import AppState


class Turnstile(Middleware):
    """Lets one request begin in a round of the event loop; probes and pages, which cost little, pass by.

    A request takes some milliseconds of Python until it waits for something. When two hundred come in the same moment, all
    take each of their steps in the same round, which lasts for a quarter of a second; nobody is attended to meanwhile.
    """

    def __init__(self, app: ASGIApp, state: AppState) -> None:
        super().__init__(app, state)
        self._turn = asyncio.Lock()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not RequestContext.of(scope).policy.open:
            async with self._turn:
                await asyncio.sleep(0)
        await self.app(scope, receive, send)
