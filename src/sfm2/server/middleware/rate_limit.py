"""Rates per key, else per client address. X-Forwarded-For is anybody's claim and not looked at."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from sfm2.server.dialects import dialect_of
from sfm2.server.exchange import Exchange
from sfm2.server.middleware.base import OPEN_PATHS, Middleware
from sfm2.server.rates import address_group


class RateLimit(Middleware):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in OPEN_PATHS:
            await self._count(Exchange.of(scope), scope)
        await self.app(scope, receive, send)

    async def _count(self, exchange: Exchange, scope: Scope) -> None:
        key = exchange.key
        who = f"key:{key.id}" if key else f"address:{address_group(_address(scope))}"
        window, refusal = await self.state.rates.hit(who, key.rate if key else None)
        if window:
            exchange.headers |= dialect_of(scope["path"]).rates(window)
        if refusal:
            raise refusal


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
