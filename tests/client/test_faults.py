"""Faults that a healthy service never shows, from a small real server that does."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sfm2 import (
    APIConnectionError,
    APITimeoutError,
    ModelUnavailableError,
    OverloadedError,
    ServerError,
    StreamInterruptedError,
)
from sfm2.server.process.listening import listen, url_of
from tests.client.both import Connect

COMPLETION = {
    "generated_code": "xy",
    "completion": "y",
    "model_used": "sfm2",
    "confidence": 0.5,
    "processing_time": 0.1,
    "finish_reason": "stop",
    "a_field_of_a_newer_server": 1,
}
STATS = {"total_requests": 1, "successful_requests": 1, "average_response_time": 0.1, "model_usage": {}}
LOADING = {"error": "model_unavailable", "message": "loading"}
Answer = Callable[[Request], Response]


class Faulty:
    """Gives its answers one after the other; the last one from then on."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    async def respond(self, request: Request) -> Response:
        await request.body()
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return await asyncio.to_thread(answer, request)


@contextmanager
def serving(faulty: Faulty) -> Iterator[str]:
    async def endpoint(request: Request) -> Response:
        return await faulty.respond(request)

    app = Starlette(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST"])])
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url_of(listener)
        finally:
            server.should_exit = True
            thread.join()


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: JSONResponse(body, status, named)


def events(*parts: bytes, fail: bool = False) -> Answer:
    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part
        if fail:
            raise ConnectionResetError

    return lambda request: StreamingResponse(body(), media_type="text/event-stream")


CHUNK = b'event: chunk\ndata: {"text": "a"}\n\n'
ERROR = b'event: error\ndata: {"error": "model_unavailable", "message": "died", "fallback_used": "echo"}\n\n'


@pytest.mark.parametrize("cut", [events(CHUNK), events(CHUNK, b"event: do"), events(CHUNK, fail=True)])
def test_a_stream_that_is_cut_is_an_error(connect: Connect, cut: Answer) -> None:
    with serving(Faulty(cut)) as url:
        chunks = iter(connect(api_url=url).generate_stream("x"))
        assert next(chunks).text == "a"
        with pytest.raises(StreamInterruptedError):
            next(chunks)


def test_an_error_event_is_raised_as_its_class(connect: Connect) -> None:
    with serving(Faulty(events(CHUNK, ERROR))) as url, pytest.raises(ModelUnavailableError, match="died") as caught:
        list(connect(api_url=url).generate_stream("x"))
    assert caught.value.fallback_model == "echo"


def test_a_proxys_page_is_not_taken_for_an_answer(connect: Connect) -> None:
    def page(request: Request) -> Response:
        return HTMLResponse("<h1>Bad gateway</h1>", 502)

    with serving(Faulty(page)) as url, pytest.raises(ServerError, match="Bad gateway") as caught:
        connect(api_url=url).generate("x")
    assert caught.value.details["status"] == 502


def test_another_service_is_not_taken_for_ours(connect: Connect) -> None:
    with serving(Faulty(answer({"hello": "world"}))) as url, pytest.raises(ServerError, match="not SFM-2's"):
        connect(api_url=url).generate("x")


def test_a_newer_servers_fields_are_passed_over(connect: Connect) -> None:
    with serving(Faulty(answer(COMPLETION))) as url:
        assert connect(api_url=url).generate("x").completion == "y"


def test_the_server_is_told_how_long_a_whole_answer_is_waited_for(connect: Connect) -> None:
    server = Faulty(answer(COMPLETION), answer(COMPLETION), events(CHUNK), answer({}))
    with serving(server) as url:
        client = connect(api_url=url, timeout=20)
        client.generate("x")
        client.with_options(timeout=2).generate("x")
        next(iter(client.generate_stream("x")))
        with suppress(ServerError):
            client.health()
    told = [request.headers.get("x-request-timeout") for request in server.requests]
    assert told == ["19", "1.8", None, None]


def test_the_key_is_not_sent_to_where_a_redirect_points(connect: Connect) -> None:
    elsewhere = Faulty(answer(COMPLETION))
    with serving(elsewhere) as other:
        redirect = Faulty(lambda request: RedirectResponse(other + request.url.path, 307))
        with serving(redirect) as url, pytest.raises(ServerError, match="307"):
            connect(api_url=url, api_key="secret").generate("x")
    assert redirect.requests[0].headers["authorization"] == "Bearer secret"
    assert elsewhere.requests == []


@pytest.mark.parametrize("status", [408, 409, 429, 503])
def test_a_request_that_was_refused_is_sent_again(connect: Connect, status: int) -> None:
    faulty = Faulty(answer(LOADING, status, retry_after_ms="10"), answer(COMPLETION))
    with serving(faulty) as url:
        assert connect(api_url=url).generate("x").completion == "y"
    assert len(faulty.requests) == 2


def test_a_stream_that_was_refused_is_asked_for_again(connect: Connect) -> None:
    done = b"event: done\ndata: " + JSONResponse(COMPLETION).body + b"\n\n"
    faulty = Faulty(answer(LOADING, 503, Retry_After="0"), events(CHUNK, done))
    with serving(faulty) as url:
        assert [chunk.text for chunk in connect(api_url=url).generate_stream("x")] == ["a"]


def test_it_gives_up_after_two_retries(connect: Connect) -> None:
    faulty = Faulty(answer(LOADING, 503, retry_after_ms="1"))
    with serving(faulty) as url, pytest.raises(ModelUnavailableError) as caught:
        connect(api_url=url).generate("x")
    assert len(faulty.requests) == 3
    assert caught.value.retry_after == 0.001


def test_work_that_may_have_been_done_is_not_asked_for_twice(connect: Connect) -> None:
    faulty = Faulty(answer({"error": "internal_error", "message": "a bug"}, 500))
    with serving(faulty) as url, pytest.raises(ServerError, match="a bug"):
        connect(api_url=url).generate("x")
    assert len(faulty.requests) == 1


def test_what_costs_nothing_is(connect: Connect) -> None:
    faulty = Faulty(answer({"error": "internal_error", "message": "a bug"}, 500, retry_after_ms="1"), answer(STATS))
    with serving(faulty) as url:
        assert connect(api_url=url).stats().total_requests == 1
    assert len(faulty.requests) == 2


def test_a_server_that_wants_a_long_rest_is_left_alone(connect: Connect) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    faulty = Faulty(answer(LOADING, 503, Retry_After=later))
    with serving(faulty) as url, pytest.raises(ModelUnavailableError) as caught:
        connect(api_url=url).generate("x")
    assert len(faulty.requests) == 1
    assert caught.value.retry_after == pytest.approx(3600, abs=10)


def test_a_slow_answer_times_out_and_is_not_asked_for_again(connect: Connect) -> None:
    def slow(request: Request) -> Response:
        time.sleep(1)
        return JSONResponse(COMPLETION)

    faulty = Faulty(slow)
    with serving(faulty) as url, pytest.raises(APITimeoutError, match="in time"):
        connect(api_url=url, timeout=0.2).generate("x")
    assert len(faulty.requests) == 1


def test_a_server_that_took_long_to_refuse_is_not_asked_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfm2.client._retry.SLOW", 0.2)

    def slow(request: Request) -> Response:
        time.sleep(0.3)
        return JSONResponse({"error": "overloaded", "message": "busy"}, 503, {"retry-after-ms": "1"})

    faulty = Faulty(slow)
    with serving(faulty) as url, pytest.raises(OverloadedError, match="busy"):
        connect(api_url=url).generate("x")
    assert len(faulty.requests) == 1


def test_nobody_there(connect: Connect) -> None:
    with listen("127.0.0.1", 0) as listener:
        url = url_of(listener)
    with pytest.raises(APIConnectionError, match="cannot reach") as caught:
        connect(api_url=url, max_retries=0).generate("x")
    assert "sfm2 serve" in caught.value.suggestion


def test_a_call_whose_connection_broke_is_sent_again_with_its_key(connect: Connect) -> None:
    def cut(request: Request) -> Response:
        return StreamingResponse(_cut(), headers={"Content-Length": "100"})

    async def _cut() -> AsyncIterator[bytes]:
        yield b"{"
        raise ConnectionResetError

    server = Faulty(cut, answer(COMPLETION), answer(COMPLETION))
    with serving(server) as url:
        client = connect(api_url=url)
        assert client.generate("x").completion == "y"
        client.generate("x")
    first, again, other = (request.headers["idempotency-key"] for request in server.requests)
    assert first == again != other
