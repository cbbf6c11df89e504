"""How much an engine has to do, as the service's metrics have it, on tiny weights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sfm2.backends.sfm2 import SFM2
from sfm2.core import AsyncModelManager
from sfm2.engines.at_url.engine import EngineAtURL
from sfm2.engines.openvino.program import OpenVINO
from sfm2.engines.supervision.engine import SupervisedEngine
from sfm2.server.app import create_app
from sfm2.testing import serve, until
from sfm2.types import SamplingParams
from tests.engines.conftest import MakeSettings

pytestmark = pytest.mark.slow


@asynccontextmanager
async def engine_of(settings: MakeSettings) -> AsyncIterator[SupervisedEngine]:
    engine = SupervisedEngine(OpenVINO(settings()))
    try:
        await engine.start()
        await engine.ready()
        yield engine
    finally:
        await engine.aclose()


def test_it_is_counted_what_runs_and_how_full_the_cache_is(tiny_settings: MakeSettings) -> None:
    async def scenario() -> None:
        async with engine_of(tiny_settings) as engine:
            idle = await engine.load()
            assert idle is not None
            assert (idle.running, idle.waiting, idle.restarts) == (0, 0, 0)
            stream = engine.generate("def", SamplingParams(max_length=400), streaming=True)
            first = await anext(stream)
            assert first.wait_seconds is not None
            assert first.prompt_seconds is not None
            assert 0 <= first.wait_seconds < 60
            busy = await engine.load()
            await stream.aclose()
            assert busy is not None
            assert (busy.running, busy.waiting) == (1, 0)
            assert busy.cache_use is not None
            assert 0 < busy.cache_use <= 1

    asyncio.run(asyncio.wait_for(scenario(), 120))


def test_an_engine_that_is_not_ours_says_nothing() -> None:
    async def scenario() -> None:
        engine = EngineAtURL("http://127.0.0.1:9", 1)
        assert await engine.load() is None
        await engine.aclose()

    asyncio.run(scenario())


def test_an_engine_that_has_not_loaded_has_nothing_to_do(tiny_settings: MakeSettings) -> None:
    async def scenario() -> None:
        backend = SFM2(tiny_settings())
        assert await backend.load() is None
        engine = SupervisedEngine(OpenVINO(tiny_settings()))
        load = await engine.load()
        await engine.aclose()
        assert load is not None
        assert (load.running, load.cache_use) == (0, None)

    asyncio.run(scenario())


def test_prometheus_reads_it(tiny_settings: MakeSettings) -> None:
    settings = tiny_settings()
    with (
        serve(create_app(settings, AsyncModelManager(settings))) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        until(lambda: client.get("/health/ready").status_code == 200, 120)
        families = {one.name: one for one in text_string_to_metric_families(client.get("/metrics").text)}
    for name in ("running", "waiting", "restarts", "kv_cache_use_ratio"):
        [sample] = families[f"sfm2_engine_{name}"].samples
        assert sample.labels == {"backend": "sfm2"}
        assert sample.value >= 0
