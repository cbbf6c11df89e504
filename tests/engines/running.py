"""An engine process for blocking tests, and a client that collects its streams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from sfm2.config import Settings
from sfm2.core.loop_thread import LoopThread
from sfm2.engines.base import Engine, EngineHealth
from sfm2.engines.llama_cpp.wire import CompletionEvent, ErrorDetail, Properties, TokenProbability
from sfm2.engines.openvino.program import OpenVINO
from sfm2.engines.openvino.spec import LaunchSpec
from sfm2.engines.registry import engine_for
from sfm2.engines.supervision.reports import VARIABLE
from sfm2.engines.supervision.supervisor import Supervisor
from sfm2.sse import Decoder

DEFAULTS = {"prompt": "def return", "n_predict": 24, "temperature": 0}


@dataclass(frozen=True)
class Collected:
    """A whole stream."""

    events: list[CompletionEvent]

    @property
    def content(self) -> str:
        return "".join(event.content for event in self.events)

    @property
    def tokens(self) -> list[int]:
        return [token for event in self.events for token in event.tokens]

    @property
    def probabilities(self) -> list[TokenProbability]:
        return [one for event in self.events for one in event.completion_probabilities or []]

    @property
    def error(self) -> ErrorDetail | None:
        return self.last.error

    @property
    def last(self) -> CompletionEvent:
        return self.events[-1]


@dataclass(frozen=True)
class EngineClient:
    """llama.cpp's protocol without any of our own client."""

    http: httpx.Client

    def complete(self, **fields: Any) -> Collected:
        """`POST /completion`, greedy and short unless the fields say otherwise."""
        decoder = Decoder()
        with self.http.stream("POST", "/completion", json={**DEFAULTS, **fields}) as response:
            assert response.status_code == httpx.codes.OK, response.read()
            events = [event for data in response.iter_bytes() for event in decoder.feed(data)]
        return Collected([CompletionEvent.model_validate_json(event.data) for event in events])

    def properties(self) -> Properties:
        return Properties.model_validate_json(self.http.get("/props").content)

    @property
    def running(self) -> int:
        """Requests in the engine."""
        return self.properties().running

    @property
    def loaded(self) -> list[str | None]:
        """The adapters that are loaded; None is the weights alone."""
        return self.properties().adapters


@contextmanager
def client_of(process: psutil.Process) -> Iterator[EngineClient]:
    """A client of an engine process, whose environment says its key."""
    key = LaunchSpec.model_validate_json(process.environ()[VARIABLE]).key
    (port,) = {one.laddr.port for one in process.net_connections("tcp4") if one.status == psutil.CONN_LISTEN}
    with _client(f"http://127.0.0.1:{port}", key) as client:
        yield client


@contextmanager
def running_engine(settings: Settings) -> Iterator[EngineClient]:
    """A client of an engine, once it has loaded."""
    thread = LoopThread("engine")

    async def start() -> Supervisor:
        supervisor = Supervisor(OpenVINO(settings))
        await supervisor.start()
        await supervisor.settled()
        return supervisor

    supervisor = thread.run(start())
    try:
        with _client(supervisor.address.url, supervisor.address.key) as client:
            yield client
    finally:
        thread.run(supervisor.aclose())
        thread.close()


@contextmanager
def _client(url: str, key: str) -> Iterator[EngineClient]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        yield EngineClient(http)


def with_engine(settings: Settings, scenario: Callable[[Engine], Awaitable[None]]) -> None:
    """`scenario` with the engine of these settings, once it has loaded, well or badly."""

    async def run() -> None:
        engine = engine_for(settings, {})
        await engine.start()
        try:
            await engine.ready()
            await scenario(engine)
        finally:
            await engine.aclose()

    asyncio.run(asyncio.wait_for(run(), 300))


def health_of(settings: Settings) -> EngineHealth:
    found: list[EngineHealth] = []

    async def scenario(engine: Engine) -> None:
        found.append(await engine.health())

    with_engine(settings, scenario)
    return found[0]
