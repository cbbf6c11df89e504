"""Which requests are admitted: by the origin, host, size, API key and rate."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfm2.config import is_loopback
from sfm2.errors import MalformedRequestError, PayloadTooLargeError
from sfm2.headers import REQUEST_ID
from sfm2.server.answering.cache_control import CACHE_STATUS
from sfm2.server.http.context import RequestContext
from sfm2.server.http.protocol import ERROR_HEADERS
from sfm2.server.middleware.base import Middleware
from sfm2.server.middleware.idempotency import REPLAYED
from sfm2.server.state import AppState
from sfm2.server.usage.rates import address_group

_DIGITS = 18  # of a length; Python refuses to read thousands of them


class CORS(Middleware):
    """Lets web pages of other origins call the service if the settings name them.

    Errors carry the headers too, and a preflight request needs no key: so this surrounds nearly everything else.
    """

    def __init__(self, app: ASGIApp, state: AppState) -> None:
        allowed = state.settings.api.allowed_origins
        if allowed:
            app = CORSMiddleware(
                app,
                allow_origins=allowed,
                allow_methods=("GET", "POST"),
                allow_headers=("*",),
                expose_headers=exposed_headers(state),
            )
        super().__init__(app, state)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class HostCheck(Middleware):
    """Prevents DNS rebinding: a web page whose host name suddenly resolves to 127.0.0.1 must not reach a server that
    trusts its own machine.

    With API keys there is nothing to guard, since the page has none. Beyond loopback, any name may be right.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "")
        if self.state.settings.on_loopback and not self._is_ours(host):
            await self._refuse_without_keys(host)
        await self.app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = host_name(host)
        return name in ("", self.state.settings.api.host) or is_loopback(name)

    async def _refuse_without_keys(self, host: str) -> None:
        if not await self.state.authentication.required():
            raise MalformedRequestError(
                f"the Host header {host!r} does not name this server, which serves its own machine only",
                suggestion="Use http://localhost, or protect the server with `sfm2 keys create`",
            )


class BodyLimit(Middleware):
    """Refuses bodies over `limits.max_body`: at once by their declared length, else as they arrive.

    uvicorn reads and drops what the client sends after the refusal, so that the client gets to read it.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self.state.settings.limits.max_body
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and (len(declared) > _DIGITS or int(declared) > limit):
            raise _too_large(limit)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_counted, send)


class Authenticate(Middleware):
    """Requires an API key where one is needed, with the scope that the route needs, except on open routes."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        if not context.policy.open:
            key = await self.state.authentication.identify(Headers(scope=scope), context.policy.scope)
            if key is not None:
                self.state.last_use.note(key)
            context.key = key
        context.client = f"key:{context.key.id}" if context.key else f"address:{address_group(_address(scope))}"
        await self.app(scope, receive, send)


class RateLimit(Middleware):
    """Limits requests per API key, else per client address: that of the connection, or what a trusted proxy names."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        if context.policy.limited:
            await self._count(context)
        await self.app(scope, receive, send)

    async def _count(self, context: RequestContext) -> None:
        window, refusal = await self.state.rates.hit(context.client, context.key.rate if context.key else None)
        if window:
            context.headers |= context.policy.protocol.headers_for(window)
        if refusal:
            raise refusal


def exposed_headers(state: AppState) -> list[str]:
    """The headers that a web page of another origin may read: of every response, and what the protocols declare."""
    rates = (name for protocol in state.routes.protocols for name in protocol.rate_headers)
    return sorted({REQUEST_ID, CACHE_STATUS, REPLAYED, *ERROR_HEADERS, *rates})


def host_name(host: str) -> str:
    """The name in a Host header, without the port: "[::1]:8000" -> "::1"."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"the request's body is over the limit of {limit:,} bytes")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
