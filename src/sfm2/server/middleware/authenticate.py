"""Keys, where they are required. Health, documentation and the page are open."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sfm2.server.exchange import Exchange
from sfm2.server.middleware.base import OPEN_PATHS, Middleware


class Authenticate(Middleware):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in OPEN_PATHS:
            Exchange.of(scope).key = await self.state.authentication.identify(Headers(scope=scope))
        await self.app(scope, receive, send)
