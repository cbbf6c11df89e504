"""When the client leaves, generation stops, and the request is counted."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest

from sfm2.testing import ScriptedBackend, forever, until
from tests.server.live import Serving

WAIT = 10  # seconds; what is waited for happens much earlier unless something is broken


def endless(chunks: int = 0) -> ScriptedBackend:
    """Sends `chunks` chunks, then waits until it is stopped."""
    return ScriptedBackend("echo", *["word "] * chunks, forever)


def until_running(backend: ScriptedBackend) -> None:
    until(lambda: backend.running > 0, what="a stream")


def until_stopped(backend: ScriptedBackend) -> None:
    until(lambda: backend.running == 0 and backend.closed > 0, what="the end of all streams")


def connect_and_post(
    client: httpx.Client, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> socket.socket:
    content = json.dumps(body).encode()
    connection = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=WAIT)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return connection


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/generate", {"prompt": "x"}),
        ("/generate", {"prompt": "x", "n": 3}),
        ("/generate/batch", {"prompts": ["x", "y"]}),
        ("/generate/stream", {"prompt": "x"}),
        ("/complete", {"prefix": "x"}),
        ("/complete/stream", {"prefix": "x"}),
        ("/explain", {"code": "x"}),
        ("/explain/stream", {"code": "x"}),
    ],
)
def test_generation_stops_when_the_client_leaves(serving: Serving, path: str, body: dict[str, Any]) -> None:
    backend = endless()
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, path, body)
        until_running(backend)
        assert backend.closed == 0
        connection.close()
        until_stopped(backend)


def test_generation_stops_when_the_client_leaves_in_mid_stream(serving: Serving) -> None:
    backend = endless(chunks=2)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, "/generate/stream", {"prompt": "x"})
        received = b""
        while b"event: chunk" not in received:
            received += connection.recv(65536)
        assert backend.closed == 0
        connection.close()
        until_stopped(backend)


def test_a_client_that_left_is_counted_and_the_server_keeps_working(serving: Serving) -> None:
    backend = endless()
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, "/generate", {"prompt": "x"})
        until_running(backend)
        connection.close()
        until_stopped(backend)
        stats = client.get("/stats").json()
    assert (stats["total_requests"], stats["errors"]) == (1, {"client_left": 1})


def test_a_client_that_leaves_within_its_body_does_no_harm(serving: Serving) -> None:
    with serving() as client:
        connection = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=WAIT)
        head = b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b'Content-Length: 100\r\n\r\n{"prompt"')
        connection.close()
        assert client.post("/generate", json={"prompt": "x"}).status_code == 200
