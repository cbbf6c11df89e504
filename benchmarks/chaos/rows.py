"""What the rows of the table share: clients, and the list of the rows."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping

import httpx

from sfm2.testing import ServerProcess

PREFIX = "def area(width, height):\n    return "
SHORT = {"prefix": PREFIX, "path": "a.py", "max_length": 8}
REFUSED = (429, 503)
_TLS = ssl.create_default_context()  # once: two hundred clients that read all certificates would take seconds


def client(server: ServerProcess, key: str | None = None, timeout: float = 60.0) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limits = httpx.Limits(max_connections=None)
    return httpx.Client(
        base_url=server.url, timeout=timeout, trust_env=False, headers=headers, limits=limits, verify=_TLS
    )


def status_of(http: httpx.Client, path: str, body: Mapping[str, object] | None = None) -> int:
    """Of the answer to a POST of `body`, or to a GET without one; 0: there was no answer."""
    try:
        return (http.get(path) if body is None else http.post(path, json=body)).status_code
    except httpx.HTTPError:
        return 0


Row = Callable[[ServerProcess], str]
"""Does something to a server; what was seen of it."""
ROWS: dict[str, tuple[Row, tuple[str, ...]]] = {}


def row(name: str, *options: str) -> Callable[[Row], Row]:
    def add(one: Row) -> Row:
        ROWS[name] = (one, options)
        return one

    return add
