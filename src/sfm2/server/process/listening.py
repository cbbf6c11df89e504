"""The listening socket: opened before any model loads, so that a port in use is reported at once."""

from __future__ import annotations

import errno
import socket
from typing import Any

from sfm2.errors import SFM2Error

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `SFM2Error` with what to do."""
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _explained(error, host, port) from error
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """The URL for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise SFM2Error(
            f"{host!r} is not an address to serve on: {error}", suggestion="Choose another with --host"
        ) from error
    # "localhost" may mean both families: IPv4 is what most clients try, or fall back to.
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def _explained(error: OSError, host: str, port: int) -> SFM2Error:
    if error.errno == errno.EADDRINUSE:
        return SFM2Error(
            f"port {port} on {host} is in use by another program",
            suggestion=f"Choose another with --port, such as `sfm2 serve --port {_next(port)}`, or 0 for any free one",
        )
    if error.errno == errno.EACCES:
        return SFM2Error(
            f"port {port} needs privileges that this user does not have",
            suggestion="Choose one above 1023 with --port, such as `sfm2 serve --port 8000`",
        )
    return SFM2Error(
        f"cannot serve on {host}, port {port}: {error.strerror}",
        suggestion="Choose an address of this machine with --host",
    )


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 8000
