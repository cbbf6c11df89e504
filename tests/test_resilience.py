"""What happens when things die: on the real engine, in real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sfm2.sse import Decoder, Event
from tests.conftest import Running, end, start_server

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def fallback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Real weights first, the echo backend behind them."""
    running = start_server(tmp_path_factory.mktemp("resilience"), SFM2_FALLBACK_CHAIN="sfm2,echo")
    running.until_ready()
    yield running
    end(running)


def engine_of(running: Running) -> psutil.Process:
    children = psutil.Process(running.process.pid).children(recursive=True)
    (engine,) = [child for child in children if "sfm2.engines.openvino" in child.cmdline()]
    return engine


async def ask_many(url: str, count: int, kill: psutil.Process) -> list[dict[str, Any]]:
    """The answers to `count` requests at once; the process dies while they run."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        body = {"prompt": "def quicksort(arr):", "max_length": 200, "temperature": 1}
        asked = [asyncio.create_task(client.post("/generate", json=body)) for _ in range(count)]
        await asyncio.sleep(1.0)
        assert not any(task.done() for task in asked), "they are in the engine"
        kill.kill()
        responses = await asyncio.gather(*asked)
    assert {response.status_code for response in responses} == {200}
    return [response.json() for response in responses]


def test_a_killed_engine_loses_no_request_and_is_back(fallback: Running) -> None:
    before = engine_of(fallback)
    answers = asyncio.run(ask_many(fallback.url, 20, before))
    assert {answer["model_used"] for answer in answers} == {"echo"}
    assert all(answer["fallback"][0]["backend"] == "sfm2" for answer in answers)

    fallback.until_ready(30)
    assert engine_of(fallback).pid != before.pid
    deadline = time.monotonic() + 20  # the breaker lets the engine rest for some seconds
    used = ""
    while used != "sfm2" and time.monotonic() < deadline:
        used = httpx.post(f"{fallback.url}/generate", json={"prompt": "x = ", "max_length": 4}).json()["model_used"]
    assert used == "sfm2"


def events(response: httpx.Response) -> Iterator[Event]:
    decoder = Decoder()
    for chunk in response.iter_bytes():
        yield from decoder.feed(chunk)


def test_an_engine_killed_in_mid_stream_ends_the_stream_with_one_error(fallback: Running) -> None:
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
    fallback.until_ready(30)


def busy(running: Running) -> bool:
    """Whether the engine computes: it uses its share of the processor."""
    return engine_of(running).cpu_percent(0.3) > 20


def comes_to_rest(running: Running) -> bool:
    """Within some steps; the completion that was asked for would take the engine a minute."""
    return any(not busy(running) for _ in range(10))


def test_generation_stops_when_the_client_leaves(fallback: Running) -> None:
    fallback.until_ready(30)
    body = {"prompt": "1, 2, 3, 4, 5, 6, 7,", "max_length": 2000, "temperature": 0, "language": "text"}
    with httpx.stream("POST", f"{fallback.url}/generate/stream", json=body, timeout=60) as response:
        chunks = response.iter_bytes()
        next(chunks)
        assert busy(fallback)
    assert comes_to_rest(fallback), "left in mid-stream"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{fallback.url}/generate", json=body, timeout=1.0)
    assert comes_to_rest(fallback), "left while waiting for the whole"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_lets_requests_finish_and_leaves_no_process(tmp_path: Path, workers: str) -> None:
    running = start_server(tmp_path, "--workers", workers)
    running.until_ready()
    processes = psutil.Process(running.process.pid).children(recursive=True)
    answers: list[httpx.Response] = []
    body = {"prompt": "class Matrix:", "max_length": 100, "temperature": 1}
    asking = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{running.url}/generate", json=body, timeout=60))
    )
    asking.start()
    time.sleep(0.5)
    assert running.stop() == 0
    asking.join()
    end(running)
    assert answers[0].status_code == 200
    assert answers[0].json()["model_used"] == "sfm2"
    gone, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
    assert gone


def test_a_killed_server_leaves_no_engine(tmp_path: Path) -> None:
    running = start_server(tmp_path)
    running.until_ready()
    engine = engine_of(running)
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    end(running)
    _, alive = psutil.wait_procs([engine], timeout=10)
    assert not alive
