"""Connections that send too much, too slowly, or nothing."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from benchmarks.chaos.rows import client, row, status_of

from sfm2.testing import ServerProcess


def connection(server: ServerProcess) -> socket.socket:
    url = urlsplit(server.url)
    return socket.create_connection((url.hostname or "", url.port or 0), timeout=30)


@row("headers of 200 MB; a head that drips; a length of 5,000 digits")
def heads(server: ServerProcess) -> str:
    start = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
    with connection(server) as large:
        sent = 0
        with suppress(OSError):
            large.sendall(start)
            while sent < 200_000_000:
                large.sendall(b"X: " + b"x" * 60_000 + b"\r\n")
                sent += 60_000
    with connection(server) as dripping:
        begun = time.monotonic()
        with suppress(OSError):
            dripping.sendall(start)
            while time.monotonic() - begun < 30:
                dripping.sendall(b"X: y\r\n")
                time.sleep(0.5)
        dripped = time.monotonic() - begun
    with connection(server) as digits:
        digits.sendall(b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n")
        status = digits.recv(100).split()[1].decode()
    return f"closed after {sent / 1e6:.1f} MB, after {dripped:.0f} s; {status}"


@row("2,000 silent connections")
def silent(server: ServerProcess) -> str:
    with ExitStack() as stack:
        opened = 0
        with suppress(OSError):
            for _ in range(2_000):
                stack.enter_context(connection(server))
                opened += 1
        started = time.perf_counter()
        with client(server) as http:
            status = status_of(http, "/health")
        return f"{opened:,} opened; one more from the same address: {status} in {time.perf_counter() - started:.2f} s"
