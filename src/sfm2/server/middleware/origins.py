"""CORS: web pages of other origins may ask if the settings name them. Errors carry the headers too, and a preflight needs no
key, so this stands outside of nearly all else."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sfm2.server.middleware.base import Middleware
from sfm2.server.state import State

_EXPOSED = ("Retry-After", "X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class Origins(Middleware):
    def __init__(self, app: ASGIApp, state: State) -> None:
        allowed = state.settings.api.allowed_origins
        if allowed:
            app = CORSMiddleware(
                app,
                allow_origins=allowed,
                allow_methods=("GET", "POST"),
                allow_headers=("*",),
                expose_headers=_EXPOSED,
            )
        super().__init__(app, state)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
