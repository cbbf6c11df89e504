"""What `sfm2.testing` offers to the tests of others."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sfm2.client import SFM2Client
from sfm2.config import Settings
from sfm2.errors import BackendError, ModelUnavailableError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.testing import FunctionBackend, ScriptedBackend, serve, serve_process, until, until_async

REQUEST = GenerationRequest("def add(a, b):\n    ")


def settings(folder: Path) -> Settings:
    return Settings.model_validate({"storage": {"data_dir": folder}, "fallback": {"chain": ["echo"]}})


async def chunks_of(backend: FunctionBackend) -> list[TokenChunk]:
    return [chunk async for chunk in backend.stream(REQUEST)]


def test_steps_become_chunks_and_a_last_chunk_is_added() -> None:
    waited: list[bool] = []

    async def wait() -> None:
        waited.append(True)

    backend = ScriptedBackend("a", "return", 0.0, wait, TokenChunk(" a", tokens=2), logprob=-1.0)
    first, second, last = asyncio.run(chunks_of(backend))
    assert (first, second) == (TokenChunk("return", (-1.0,), 1, token_texts=("return",)), TokenChunk(" a", tokens=2))
    assert (last.text, last.finish_reason) == ("", "stop")
    assert waited == [True]


def test_a_finish_reason_of_the_script_is_the_last_chunk() -> None:
    backend = ScriptedBackend("a", TokenChunk("x", finish_reason="length"))
    assert [chunk.finish_reason for chunk in asyncio.run(chunks_of(backend))] == ["length"]


def test_a_function_sees_the_request_and_its_errors_are_raised() -> None:
    backend = FunctionBackend("a", lambda request: [request.prefix[:3], BackendError("died")])
    seen: list[str] = []

    async def read() -> None:
        async for chunk in backend.stream(REQUEST):
            seen.append(chunk.text)

    with pytest.raises(BackendError, match="died"):
        asyncio.run(read())
    assert seen == ["def"]
    assert (backend.requests, backend.closed, backend.running) == ([REQUEST], 1, 0)


def test_it_counts_the_streams_that_run_and_those_that_were_closed() -> None:
    backend = ScriptedBackend("a", "1", "2")

    async def scenario() -> None:
        async with aclosing(backend.stream(REQUEST)) as one, aclosing(backend.stream(REQUEST)) as two:
            await anext(one)
            await anext(two)
            assert (backend.running, backend.closed) == (2, 0)

    asyncio.run(scenario())
    assert (backend.running, backend.closed, backend.most_running) == (0, 2, 2)


def test_a_server_answers_with_the_given_backends(tmp_path: Path) -> None:
    backend = ScriptedBackend("sfm2", "return a + b")
    with serve(settings(tmp_path), [backend]) as server, SFM2Client(server.url) as client:
        completion = client.generate(REQUEST.prefix)
    assert (completion.model_used, completion.completion) == ("sfm2", "return a + b")
    assert [request.prefix for request in backend.requests] == [REQUEST.prefix]


def test_a_server_fails_as_its_backends_do(tmp_path: Path) -> None:
    backend = ScriptedBackend("sfm2", BackendError("no disk"))
    with (
        serve(settings(tmp_path), [backend]) as server,
        SFM2Client(server.url, max_retries=0) as client,
        pytest.raises(ModelUnavailableError, match="no disk"),
    ):
        client.generate("x")


def test_any_asgi_app_can_be_served() -> None:
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))])
    with serve(app) as server:
        assert httpx.get(server.url).text == "hello"


@pytest.mark.slow
def test_a_service_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    with serve_process(tmp_path, environment={"SFM2_FALLBACK_CHAIN": "echo"}) as server:
        with SFM2Client(server.url) as client:
            assert client.generate("x\necho:hello").completion == "hello"
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
def test_a_service_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="abacus"), serve_process(tmp_path, "--abacus"):
        pass


def test_until_gives_the_first_true_value() -> None:
    values = iter([0, "", 7])
    assert until(lambda: next(values)) == 7
    left = [False, True]

    async def look() -> bool:
        return left.pop(0)

    assert asyncio.run(until_async(look))
    assert asyncio.run(until_async(lambda: 1)) == 1


def test_until_says_what_it_waited_for_and_what_there_was() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: a full moon; the last value was 0"):
        until(lambda: 0, 0.05, "a full moon")
    with pytest.raises(AssertionError, match="phase 1; the last value was None"):
        asyncio.run(until_async(lambda: None, 0.05, lambda: f"phase {1}"))
