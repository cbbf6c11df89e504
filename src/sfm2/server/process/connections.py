"""What strangers may do with connections: how many they open, and how large and slow their requests are.

uvicorn leaves that to a proxy in front of it, and we don't count on one. Until a request has arrived whole, nothing of ours
knows of it, so it is dealt with where its bytes come in. Each worker counts for itself.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from sfm2.config import LimitSettings
from sfm2.errors import MalformedRequestError, OverloadedError, SFM2Error
from sfm2.requests import error_body
from sfm2.server.process.proxies import TrustedProxies
from sfm2.server.usage.rates import address_group

_LOG_EVERY = 10.0  # seconds between two log lines about the same kind of refusal
_log = logging.getLogger(__name__)


class HeadTooLargeError(MalformedRequestError):
    status = 431
    default_suggestion = "Send fewer or shorter headers; `limits.max_head` is the limit"


class RequestLateError(MalformedRequestError):
    status = 408
    default_suggestion = "Send a request without pauses; `limits` in the configuration holds the times"


class Guests:
    """The open connections, and who they are from. Those from `proxies` are of many clients."""

    def __init__(self, limits: LimitSettings, proxies: TrustedProxies) -> None:
        self.limits = limits
        self._proxies = proxies
        self._addresses: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}
        self.sent_away = False
        self.gone = asyncio.Event()
        """No connection is open any more, and no other will be"""

    def send_away(self, connections: Iterable[Any]) -> None:
        """Each connection ends with its next answer, the one that is being written or another."""
        self.sent_away = True
        self._notice()
        for connection in connections:
            if isinstance(connection, GuardedConnection):
                connection.ends_after_this()

    def enter(self, address: str) -> SFM2Error | None:
        """Count a connection. The error: it is one too many."""
        self._addresses[address_group(address)] += 1
        if self._addresses.total() > self.limits.max_connections:
            return OverloadedError(f"over {self.limits.max_connections:,} connections are open", retry_after=1)
        too_many = self._addresses[address_group(address)] > self.limits.max_connections_per_address
        if too_many and not self._proxies.trusts(address):
            most = self.limits.max_connections_per_address
            return OverloadedError(f"over {most:,} connections are open from your address", retry_after=1)
        return None

    def leave(self, address: str) -> None:
        """A connection that has entered is closed."""
        group = address_group(address)
        self._addresses[group] -= 1
        if not self._addresses[group]:
            del self._addresses[group]
        self._notice()

    def _notice(self) -> None:
        if self.sent_away and not self._addresses:
            self.gone.set()

    def refused(self, error: SFM2Error, address: str) -> None:
        """Write a line to the log, but not one for each of many."""
        kind = type(error).__name__
        self._refused[kind] += 1
        if time.monotonic() - self._logged_at.get(kind, -_LOG_EVERY) >= _LOG_EVERY:
            _log.warning(
                "refused %d connections (the last from %s): %s", self._refused.pop(kind), address, error.message
            )
            self._logged_at[kind] = time.monotonic()


class GuardedConnection(HttpToolsProtocol):
    """A connection whose requests have to arrive in time, with heads that are not too large."""

    def __init__(self, *arguments: Any, guests: Guests, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._guests = guests
        self._limits = guests.limits
        self._address = ""
        self._in_head = True
        self._head = 0  # bytes of a head that is not complete
        self._refusal: SFM2Error | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = str(self.client[0]) if self.client else "unknown"
        if refusal := self._guests.enter(self._address):
            self._refuse(refusal)
        else:
            self._expect("a request's head", self._limits.head_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        self._guests.leave(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self._in_head:
            self._head += len(data)
            if self._timer is None:
                self._expect("a request's head", self._limits.head_timeout)
        super().data_received(data)
        if self._in_head and self._head > self._limits.max_head and self._refusal is None:
            self._refuse(self._too_large())

    # What the parser calls.

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self._limits.max_head:
            self._refuse(self._too_large())
            raise self._refusal or AssertionError  # ends the parsing
        self._expect("a request's body", self._limits.body_timeout)
        super().on_headers_complete()
        if self._guests.sent_away:
            self.ends_after_this()

    def on_message_complete(self) -> None:
        self._expect_nothing()
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._refusal is None:
            self._refuse(MalformedRequestError("this is no HTTP request", suggestion="Send HTTP/1.1"))

    # What we do.

    def ends_after_this(self) -> None:
        """Close with the answer that is being written; without one nothing happens."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def _expect(self, what: str, seconds: float) -> None:
        self._expect_nothing()
        self._timer = self.loop.call_later(seconds, self._late, what, seconds)

    def _expect_nothing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self, what: str, seconds: float) -> None:
        self._timer = None
        if self._in_head and not self._head:
            self.transport.close()  # nothing was asked, so nothing is answered
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        self._refuse(RequestLateError(f"{what} did not arrive within {seconds:g} s"))

    def _too_large(self) -> SFM2Error:
        return HeadTooLargeError(f"the request's head is over the limit of {self._limits.max_head:,} bytes")

    def _refuse(self, error: SFM2Error) -> None:
        """Answer and close. The client may not have sent all, and is not read any further."""
        self._refusal = error
        self._guests.refused(error, self._address)
        body = error_body(error).model_dump_json().encode()
        wait = f"Retry-After: {error.retry_after:.0f}\r\n" if error.retry_after else ""
        head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{wait}Connection: close\r\n\r\n"
        self.transport.write(STATUS_LINE.get(error.status, STATUS_LINE[400]) + head.encode() + body)
        self.transport.close()


class Guarded:
    """What uvicorn makes connections with; it takes it for a protocol class."""

    def __init__(self, limits: LimitSettings, proxies: TrustedProxies) -> None:
        self.guests = Guests(limits, proxies)

    def __call__(self, *arguments: Any, **named: Any) -> GuardedConnection:
        return GuardedConnection(*arguments, guests=self.guests, **named)


def allow_many_files() -> None:
    """Raise the limit of open files, sockets included, to what the system allows this process."""
    if sys.platform != "win32":  # which has no such limit
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
