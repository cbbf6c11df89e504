"""The form of our middleware: HTTP only, with the app's state at hand."""

from __future__ import annotations

from abc import ABC, abstractmethod

from starlette.types import ASGIApp, Receive, Scope, Send

from sfm2.server import page
from sfm2.server.state import State

HEALTH_PATHS = frozenset({"/health", "/health/live", "/health/ready"})
_DOCUMENTATION_PATHS = frozenset(
    {"/docs", "/openapi.json"}
    | {f"/swagger/{name}" for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")}
)
OPEN_PATHS = HEALTH_PATHS | _DOCUMENTATION_PATHS | page.paths()
MODEL_PATHS = frozenset(
    {"/generate", "/generate/batch", "/generate/stream", "/complete", "/explain"}
    | {"/v1/completions", "/v1/chat/completions", "/infill"}
)


class Middleware(ABC):
    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.handle(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    @abstractmethod
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None: ...
