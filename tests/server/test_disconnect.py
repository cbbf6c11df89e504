"""When the client leaves, generation stops, and the request is counted."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from sfm2.backends.echo import Echo
from sfm2.generation import GenerationRequest, TokenChunk
from tests.server.live import Serving

WAIT = 10  # seconds; events set much earlier unless something is broken


class Endless(Echo):
    """Sends `chunks` chunks, then waits until it is stopped. Records what happens to it."""

    def __init__(self, chunks: int) -> None:
        super().__init__()
        self._chunks = chunks
        self.begun = threading.Event()
        self.stopped = threading.Event()
        self.running = 0

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        self.running += 1
        try:
            for _ in range(self._chunks):
                yield TokenChunk("word ", (-0.1,), tokens=1)
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            self.running -= 1
            self.stopped.set()


def connect_and_post(client: httpx.Client, path: str, body: dict[str, Any]) -> socket.socket:
    content = json.dumps(body).encode()
    connection = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=WAIT)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
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
        ("/explain", {"code": "x"}),
    ],
)
def test_generation_stops_when_the_client_leaves(serving: Serving, path: str, body: dict[str, Any]) -> None:
    backend = Endless(chunks=0)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, path, body)
        assert backend.begun.wait(WAIT)
        assert not backend.stopped.is_set()
        connection.close()
        assert backend.stopped.wait(WAIT)
    assert backend.running == 0


def test_generation_stops_when_the_client_leaves_in_mid_stream(serving: Serving) -> None:
    backend = Endless(chunks=2)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, "/generate/stream", {"prompt": "x"})
        received = b""
        while b"event: chunk" not in received:
            received += connection.recv(65536)
        assert not backend.stopped.is_set()
        connection.close()
        assert backend.stopped.wait(WAIT)


def test_a_client_that_left_is_counted_and_the_server_keeps_working(serving: Serving) -> None:
    backend = Endless(chunks=0)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, "/generate", {"prompt": "x"})
        assert backend.begun.wait(WAIT)
        connection.close()
        assert backend.stopped.wait(WAIT)
        stats = client.get("/stats").json()
    assert (stats["total_requests"], stats["errors"]) == (1, {"client_left": 1})


def test_a_client_that_leaves_within_its_body_does_no_harm(serving: Serving) -> None:
    with serving() as client:
        connection = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=WAIT)
        head = b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b'Content-Length: 100\r\n\r\n{"prompt"')
        connection.close()
        assert client.post("/generate", json={"prompt": "x"}).status_code == 200
