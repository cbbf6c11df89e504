"""More of what only a faulty server or a proxy shows: see `test_faults`."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from sfm2 import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    PayloadTooLargeError,
    RateLimitError,
    ServerError,
    SFM2Error,
    StreamInterruptedError,
)
from tests.client.both import Connect
from tests.client.test_faults import CHUNK, COMPLETION, Faulty, answer, events, serving

DONE = b"event: done\ndata: " + json.dumps(COMPLETION).encode() + b"\n\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Request-ID: r1\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


@contextmanager
def resetting(sent: bytes, read: threading.Event) -> Iterator[str]:
    """Says `sent`, and once `read` is set resets the connection, as a machine that dies does."""

    def serve() -> None:
        connection, _ = listener.accept()
        connection.recv(65_536)
        connection.sendall(sent)
        read.wait(20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            read.set()
            thread.join()


def test_a_reset_in_mid_stream(connect: Connect) -> None:
    read = threading.Event()
    with resetting(HEAD + chunked(CHUNK), read) as url:
        stream = connect(url).generate_stream("x")
        chunks = iter(stream)
        assert next(chunks).text == "a"
        read.set()
        with pytest.raises(StreamInterruptedError, match="broke") as caught:
            next(chunks)
    assert caught.value.request_id == "r1"
    assert stream.result is None


def test_a_reset_after_the_end_takes_nothing_away(connect: Connect) -> None:
    read = threading.Event()
    with resetting(HEAD + chunked(CHUNK + DONE), read) as url:
        stream = connect(url).generate_stream("x")
        chunks = iter(stream)
        assert next(chunks).text == "a"
        read.set()
        assert list(chunks) == []
    assert stream.result is not None


def test_a_reset_before_any_answer_is_not_asked_again(connect: Connect) -> None:
    read = threading.Event()
    read.set()
    with resetting(b"", read) as url, pytest.raises(APIConnectionError):  # a second connection would wait for ever
        connect(url, timeout=5).generate("x")


def test_a_stream_that_falls_silent(connect: Connect) -> None:
    with (
        resetting(HEAD + chunked(CHUNK), threading.Event()) as url,
        pytest.raises(StreamInterruptedError, match="Read"),
    ):
        list(connect(url, timeout=0.3).generate_stream("x"))


def test_silence_from_the_start_times_out(connect: Connect) -> None:
    with resetting(b"", threading.Event()) as url, pytest.raises(APITimeoutError):
        connect(url, timeout=0.3).generate("x")


@pytest.mark.parametrize("event", [b"event: chunk\ndata: nonsense\n\n", b"event: done\ndata: {}\n\n"])
def test_an_event_that_is_not_ours(connect: Connect, event: bytes) -> None:
    with serving(Faulty(events(CHUNK, event))) as url, pytest.raises(StreamInterruptedError, match="something else"):
        list(connect(url).generate_stream("x"))


def page(status: int) -> Callable[[Request], Response]:
    return lambda request: HTMLResponse("<h1>proxy</h1>", status)


@pytest.mark.parametrize("method", ["generate", "generate_stream"])
def test_a_page_with_status_200_is_no_answer(connect: Connect, method: str) -> None:
    with serving(Faulty(page(200))) as url, pytest.raises(ServerError, match="not SFM-2's") as caught:
        list(getattr(connect(url), method)("x"))
    assert caught.value.details == {"status": 200}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (413, PayloadTooLargeError), (429, RateLimitError), (502, ServerError)],
)
def test_a_proxys_status_is_believed_where_it_is_sure(connect: Connect, status: int, kind: type[SFM2Error]) -> None:
    with serving(Faulty(page(status))) as url, pytest.raises(kind, match="proxy") as caught:
        connect(url, max_retries=0).generate("x")
    assert type(caught.value) is kind
    assert caught.value.details["status"] == status


def test_a_redirect_says_where_to(connect: Connect) -> None:
    moved = Faulty(lambda request: PlainTextResponse("", 308, {"Location": "https://new.example/"}))
    with serving(moved) as url, pytest.raises(ServerError) as caught:
        connect(url).generate("x")
    assert caught.value.details == {"status": 308, "location": "https://new.example/"}


def test_an_error_of_a_newer_server_keeps_its_code(connect: Connect) -> None:
    body = {"error": "out_of_tea", "message": "no tea", "details": {"pot": 1}}
    with serving(Faulty(answer(body, 418))) as url, pytest.raises(ServerError, match="no tea") as caught:
        connect(url).generate("x")
    assert caught.value.details == {"code": "out_of_tea", "pot": 1}


def test_ill_health_is_asked_for_once(connect: Connect) -> None:
    health = {"status": "unhealthy", "model_status": {"sfm2": "unavailable"}, "timestamp": "2026-01-01T00:00:00Z"}
    faulty = Faulty(answer(health, 503))
    with serving(faulty) as url:
        assert connect(url).health_check()["status"] == "unhealthy"
    assert len(faulty.requests) == 1


def test_an_error_is_not_kept_in_the_cache(connect: Connect) -> None:
    faulty = Faulty(answer({"error": "internal_error", "message": "a bug"}, 500), answer(COMPLETION))
    with serving(faulty) as url:
        client = connect(url, enable_cache=True)
        with pytest.raises(ServerError):
            client.generate("x")
        assert client.generate("x").completion == "y"
        assert client.with_options(timeout=9).generate("x").completion == "y"  # a clone shares the cache
    assert len(faulty.requests) == 2
