"""Statistics of the model routes, and what feedback will refer to."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from sfm2.server.exchange import Exchange
from sfm2.server.middleware.base import MODEL_PATHS, Middleware


class Counting(Middleware):
    """Counts before the last byte leaves: who has read the answer finds it counted."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in MODEL_PATHS or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        exchange = Exchange.of(scope)
        counted = False

        def count() -> None:
            nonlocal counted
            if not counted:
                self.state.counters.count(exchange)
                self.state.completions.remember(exchange)
            counted = True

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                count()
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        finally:
            count()
