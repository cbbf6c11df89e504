"""DNS rebinding: a web page whose name suddenly means 127.0.0.1 must not talk to a server that trusts its own machine.

With API keys there is nothing to guard: the page has none. Beyond loopback any name may be right.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sfm2.config import is_loopback
from sfm2.errors import MalformedRequestError
from sfm2.server.middleware.base import Middleware


class Hosts(Middleware):
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
                f"the Host header {host!r} is not a name of this server, which serves its own machine only",
                suggestion="Use http://localhost, or protect the server with `sfm2 keys create`",
            )


def host_name(host: str) -> str:
    """The name in a Host header, without the port: "[::1]:8000" -> "::1"."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")
