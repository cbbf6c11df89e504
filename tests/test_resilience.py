"""What happens when things die: on the real engine, in real processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sfm2.sse import Decoder, Event
from sfm2.testing import ServerProcess, serve_process, until, until_async
from tests.engines.running import EngineClient, client_of

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def fallback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Real weights first, then the echo backend."""
    chain = {"SFM2_FALLBACK_CHAIN": "sfm2,echo"}
    with serve_process(tmp_path_factory.mktemp("resilience"), environment=chain) as running:
        yield running


def engine_of(running: ServerProcess) -> psutil.Process:
    children = psutil.Process(running.process.pid).children(recursive=True)
    (engine,) = [child for child in children if "sfm2.engines.openvino" in child.cmdline()]
    return engine


async def answers_of_many(url: str, count: int, engine: psutil.Process) -> list[dict[str, Any]]:
    """The answers to `count` requests at once; the engine dies while it has them all."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        body = {"prompt": "def quicksort(arr):", "max_length": 400, "temperature": 1}
        asked = [asyncio.create_task(client.post("/generate", json=body)) for _ in range(count)]
        with client_of(engine) as client_of_engine:
            await until_async(lambda: client_of_engine.running == count, 30, f"{count} requests in the engine")
        engine.kill()
        responses = await asyncio.gather(*asked)
    assert {response.status_code for response in responses} == {200}
    return [response.json() for response in responses]


def test_a_killed_engine_loses_no_request_and_is_back(fallback: ServerProcess) -> None:
    before = engine_of(fallback)
    answers = asyncio.run(answers_of_many(fallback.url, 20, before))
    assert {answer["model_used"] for answer in answers} == {"echo"}
    assert all(answer["fallback"][0]["backend"] == "sfm2" for answer in answers)

    recovers(fallback)
    assert engine_of(fallback).pid != before.pid


def model_used(running: ServerProcess) -> str:
    body = {"prompt": "x = ", "max_length": 4}
    return str(httpx.post(f"{running.url}/generate", json=body, timeout=60).json()["model_used"])


def recovers(running: ServerProcess) -> None:
    """Readiness alone does not tell: a death may not have been noticed yet, and the circuit breaker is open for a while."""
    running.until_ready(30)
    until(lambda: model_used(running) == "sfm2", 20, "an answer by sfm2")


def events(response: httpx.Response) -> Iterator[Event]:
    decoder = Decoder()
    for chunk in response.iter_bytes():
        yield from decoder.feed(chunk)


def test_an_engine_killed_in_mid_stream_ends_the_stream_with_one_error(fallback: ServerProcess) -> None:
    fallback.until_ready(30)
    body = {"prompt": "class Matrix:", "max_length": 400, "temperature": 1}
    with httpx.stream("POST", f"{fallback.url}/generate/stream", json=body, timeout=60) as response:
        names = []
        for event in events(response):
            names.append(event.name)
            if names == ["chunk"]:
                engine_of(fallback).kill()
    assert names[0] == "chunk"
    assert names[-1] == "error"
    assert names.count("error") == 1
    assert "done" not in names
    recovers(fallback)


COUNTING = {"prompt": "1, 2, 3, 4, 5, 6, 7,", "max_length": 2000, "temperature": 0, "language": "text"}
"""Would take the engine a minute."""


def comes_to_rest(engine: EngineClient) -> None:
    until(lambda: engine.running == 0, 10, "an idle engine")


def test_generation_stops_when_the_client_leaves_a_stream(fallback: ServerProcess) -> None:
    recovers(fallback)
    with client_of(engine_of(fallback)) as engine:
        comes_to_rest(engine)
        with httpx.stream("POST", f"{fallback.url}/generate/stream", json=COUNTING, timeout=60) as response:
            next(response.iter_bytes())
            assert engine.running == 1
        comes_to_rest(engine)


def test_generation_stops_when_the_client_does_not_wait_for_the_whole(fallback: ServerProcess) -> None:
    recovers(fallback)

    async def leave(engine: EngineClient) -> None:
        async with httpx.AsyncClient(base_url=fallback.url, timeout=60) as client:
            asked = asyncio.create_task(client.post("/generate", json=COUNTING))
            await until_async(lambda: engine.running == 1, 30, "a request in the engine")
            asked.cancel()
            await asyncio.wait([asked])

    with client_of(engine_of(fallback)) as engine:
        comes_to_rest(engine)
        asyncio.run(leave(engine))
        comes_to_rest(engine)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_lets_requests_finish_and_leaves_no_process(tmp_path: Path, workers: str) -> None:
    body = {"prompt": "class Matrix:", "max_length": 100, "temperature": 1}
    patient = {"SFM2_API_SHUTDOWN_TIMEOUT": "50", "SFM2_GENERATION_TIMEOUT": "50"}  # on a busy machine
    with (
        serve_process(tmp_path, "--workers", workers, environment=patient) as running,
        ThreadPoolExecutor(1) as threads,
    ):
        processes = psutil.Process(running.process.pid).children(recursive=True)
        asked = threads.submit(httpx.post, f"{running.url}/generate", json=body, timeout=60)
        with client_of(engine_of(running)) as engine:
            until(lambda: engine.running == 1, 30, "a request in the engine")
        assert running.stop() == 0
        answer = asked.result()
    assert answer.status_code == 200
    assert answer.json()["model_used"] == "sfm2"
    gone, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
    assert gone


def test_a_killed_server_leaves_no_engine(tmp_path: Path) -> None:
    with serve_process(tmp_path) as running:
        engine = engine_of(running)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    _, alive = psutil.wait_procs([engine], timeout=10)
    assert not alive
