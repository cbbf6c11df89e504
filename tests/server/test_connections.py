"""Connections of strangers: too many, too slow, with heads that are too large. A live server and plain sockets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sfm2.testing import RunningServer, serve, until
from tests.server.live import settings_for

GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"prompt": "# echo:x = 1"}'

Connect = Callable[[], socket.socket]


@contextmanager
def limited(folder: Path, **limits: float) -> Iterator[RunningServer]:
    with serve(settings_for(folder, limits=limits)) as server:
        yield server


def connect(server: RunningServer) -> socket.socket:
    url = urlsplit(server.url)
    assert url.hostname
    assert url.port
    return socket.create_connection((url.hostname, url.port), timeout=20)


def sent_before_the_end(connection: socket.socket, part: bytes, at_most: int, pause: float = 0.0) -> int:
    """How many bytes can be sent, part by part, until the other side closes the connection."""
    sent = 0
    with suppress(OSError):
        while sent < at_most:
            connection.sendall(part)
            sent += len(part)
            time.sleep(pause)
    return sent


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """Status and body of what is answered before the connection is closed; 0 and nothing without an answer."""
    received = b""
    while data := connection.recv(65536):
        received += data
    if not received:
        return 0, {}
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_a_head_over_the_limit_is_refused_before_all_of_it_is_read(tmp_path: Path) -> None:
    with limited(tmp_path, max_head=10_000) as server, closing(connect(server)) as connection:
        connection.sendall(GET)
        sent = sent_before_the_end(connection, b"X-Long: " + b"x" * 60_000 + b"\r\n", at_most=200_000_000)
        assert sent < 20_000_000, "what did not only fill buffers on the way"
        assert httpx.get(f"{server.url}/health/live").status_code == 200


def test_a_head_over_the_limit_that_comes_at_once_is_told_what_is_wrong(tmp_path: Path) -> None:
    with limited(tmp_path, max_head=10_000) as server, closing(connect(server)) as connection:
        connection.sendall(GET + b"X-Long: " + b"x" * 10_000 + b"\r\n\r\n")
        status, body = answer(connection)
    assert (status, body["error"]) == (431, "malformed_request")
    assert "10,000 bytes" in str(body["message"])


def test_a_long_body_beside_a_short_head_is_no_long_head(tmp_path: Path) -> None:
    with limited(tmp_path, max_head=1_000) as server:
        answered = httpx.post(f"{server.url}/generate", json={"prompt": "# echo:x" + " " * 50_000})
    assert answered.status_code == 200


@pytest.mark.parametrize("sent", [b"", b"GET /health/live HT", GET])
def test_a_head_that_does_not_end_is_not_waited_for(tmp_path: Path, sent: bytes) -> None:
    with limited(tmp_path, head_timeout=0.3) as server, closing(connect(server)) as connection:
        connection.sendall(sent)
        status, _ = answer(connection)
    assert status == (408 if sent else 0)


def test_a_head_that_drips_for_ever_is_not_waited_for(tmp_path: Path) -> None:
    with limited(tmp_path, head_timeout=0.5) as server, closing(connect(server)) as connection:
        connection.sendall(GET)
        assert sent_before_the_end(connection, b"X: y\r\n", at_most=1_200, pause=0.05) < 1_200


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with limited(tmp_path, body_timeout=0.3) as server, closing(connect(server)) as connection:
        connection.sendall(POST + b"Content-Length: 100\r\n\r\n" + BODY)
        status, body = answer(connection)
    assert (status, body["error"]) == (408, "malformed_request")
    assert "body did not arrive within 0.3 s" in str(body["message"])


def test_an_answer_may_take_longer_than_a_request(tmp_path: Path) -> None:
    with limited(tmp_path, head_timeout=0.3, body_timeout=0.3) as server:
        slow = httpx.post(f"{server.url}/generate", json={"prompt": "# echo-slow:" + "word " * 20}, timeout=20)
    assert slow.status_code == 200
    assert slow.elapsed.total_seconds() > 0.3


def test_one_connection_carries_many_requests(tmp_path: Path) -> None:
    with limited(tmp_path, head_timeout=5) as server, httpx.Client(base_url=server.url) as client:
        for _ in range(20):
            assert client.post("/generate", json={"prompt": "# echo:x = 1"}).status_code == 200
            assert client.get("/health/live").status_code == 200


def test_connections_beyond_the_limit_are_told_so_and_the_others_are_served(tmp_path: Path) -> None:
    with limited(tmp_path, max_connections_per_address=5, head_timeout=60) as server, ExitStack() as stack:
        silent = [stack.enter_context(closing(connect(server))) for _ in range(5)]
        with closing(connect(server)) as one_more:
            status, body = answer(one_more)
        assert (status, body["error"]) == (503, "overloaded")
        silent[0].sendall(GET + b"Connection: close\r\n\r\n")
        assert answer(silent[0])[0] == 200
        silent[1].close()
        until(lambda: httpx.get(f"{server.url}/health/live").status_code == 200, what="room for one more")


@pytest.mark.parametrize("length", [b"9" * 5_000, b"-1", b"1e3", b"0x10"])
def test_a_length_that_is_none_is_refused(tmp_path: Path, length: bytes) -> None:
    with limited(tmp_path) as server, closing(connect(server)) as connection:
        connection.sendall(POST + b"Connection: close\r\nContent-Length: " + length + b"\r\n\r\n" + BODY)
        status, body = answer(connection)
    assert status in (400, 413)
    assert body["error"] in ("malformed_request", "payload_too_large")


def test_what_is_no_http_is_refused(tmp_path: Path) -> None:
    with limited(tmp_path) as server, closing(connect(server)) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        status, body = answer(connection)
    assert (status, body["error"]) == (400, "malformed_request")
