"""A Valkey or Redis server: commands and scripts, with its errors named."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from valkey import Valkey
from valkey.backoff import NoBackoff
from valkey.commands.core import Script
from valkey.exceptions import ValkeyError
from valkey.retry import Retry

from sfm2.config.store_url import store_place
from sfm2.server.usage.outage import unavailable
from sfm2.server.usage.valkey import errors, names

VERSION = 1
"""Of what is kept there; a version that keeps it otherwise counts up"""
_TLS = ("rediss", "valkeys")
Value = str | float


class ValkeyServer:
    """Connections to a server, made at first use and again when they were lost. For any number of threads.

    All methods raise `StorageUnavailableError`.
    """

    def __init__(self, url: str, timeout: float) -> None:
        """`url`: as in `storage.url`. `timeout`: seconds to connect, and to wait for an answer."""
        self.place = store_place(url)
        self._client: Any = Valkey.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),  # What may have happened is repeated by those who know whether it may be.
            **_for_scheme(urlsplit(url).scheme),
        )
        self._looked = False

    def command(self, *words: Value) -> Any:
        """The answer to a command."""
        with self._errors_named():
            self._look()
            return self._client.execute_command(*words)

    def commands(self, several: Sequence[Sequence[Value]]) -> list[Any]:
        """The answers to commands that are sent at once; others may come between them."""
        with self._errors_named():
            self._look()
            with self._client.pipeline(transaction=False) as pipeline:
                for words in several:
                    pipeline.execute_command(*words)
                return list(pipeline.execute())

    def script(self, text: str, keys: Sequence[str], values: Sequence[Value]) -> Any:
        """What a script returns. Nothing else happens in the server meanwhile."""
        with self._errors_named():
            self._look()
            return Script(self._client, text)(list(keys), list(values))

    def close(self) -> None:
        """Close all connections."""
        with suppress(ValkeyError, OSError):
            self._client.connection_pool.disconnect()

    def _look(self) -> None:
        """See whether what is there is of this version, at first and after every error."""
        if self._looked:
            return
        found = self._client.get(names.VERSION)
        if found is None:
            self._client.set(names.VERSION, VERSION, nx=True)
            found = self._client.get(names.VERSION)
        if found != str(VERSION):
            raise unavailable("what it holds was written by a newer sfm2", "Update sfm2, or use another database there")
        self._looked = True

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except ValkeyError as error:
            self._looked = False
            raise errors.as_ours(error) from error


def _for_scheme(scheme: str) -> dict[str, Any]:
    if scheme == "unix":
        return {}
    # Networks forget connections that are silent for minutes, and tell nobody.
    silence = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
    known = {getattr(socket, name): value for name, value in silence.items() if hasattr(socket, name)}
    options: dict[str, Any] = {"socket_keepalive": True, "socket_keepalive_options": known}
    # The library checks a certificate, but by default not whose it is.
    return options | {"ssl_check_hostname": True} if scheme in _TLS else options
