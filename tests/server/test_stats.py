"""Usage statistics: what is counted, exactly, and that it lasts."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.errors import StorageUnavailableError
from sfm2.server.app import create_app
from sfm2.server.usage import latency
from sfm2.server.usage.stats import FinishedRequest, UsageStats
from sfm2.server.usage.store import AsyncStore, Store
from tests.server.live import Serving, live, settings_for


def stats(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/stats").raise_for_status().json()
    return found


def test_a_new_server_has_counted_nothing(serving: Serving) -> None:
    with serving() as client:
        client.get("/health")
        found = stats(client)
    assert found.pop("uptime") > 0
    assert found.pop("loop_lag") >= 0
    assert set(found.pop("loop_lags")) == {"0.01", "0.1", "1", "inf"}
    assert set(found.pop("windows")) == {"minute", "five_minutes", "hour"}
    assert found == {
        "total_requests": 0,
        "successful_requests": 0,
        "average_response_time": 0.0,
        "latency": {},
        "model_usage": {},
        "errors": {},
        "fallbacks": 0,
        "tokens_generated": 0,
        "feedback": {"accepted": 0, "edited": 0, "rejected": 0},
        "acceptance_rate": None,
    }


@pytest.mark.both_stores
def test_every_model_route_counts_and_failures_by_their_code(serving: Serving) -> None:
    with serving() as client:
        client.post("/generate", json={"prompt": "# echo:a b c"})
        client.post("/generate/batch", json={"prompts": ["# echo:a", "# echo:b", ""]})
        client.post("/generate/stream", json={"prompt": "# echo:a b"})
        client.post("/complete", json={"prefix": "# echo:a"})
        client.post("/complete/stream", json={"prefix": "# echo:a b c d"})
        client.post("/explain", json={"code": "x"})
        client.post("/explain/stream", json={"code": "x"})
        client.post("/generate", json={})
        client.post("/generate", content=b"x")
        client.post("/generate/batch", json={"prompts": ["", ""]})
        client.get("/generate")
        client.get("/nowhere")
        found = stats(client)
    assert found["total_requests"] == 10
    assert found["successful_requests"] == 7
    assert found["model_usage"] == {"echo": 7}
    assert found["errors"] == {"invalid_request": 2, "unsupported_media_type": 1}
    assert found["tokens_generated"] == 3 + 2 + 2 + 1 + 4 + 1 + 1
    assert 0 < found["average_response_time"] < 5


def test_percentiles_are_within_five_percent() -> None:
    seconds = [0.01 * number for number in range(1, 101)]  # 10 ms to 1 s
    counted = Counter(latency.counter(one) for one in seconds)
    found = latency.percentiles(counted)
    assert found == pytest.approx({"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}, rel=0.06)


def test_failures_have_no_part_in_latency(serving: Serving) -> None:
    with serving() as client:
        client.post("/generate", json={})
        assert stats(client)["latency"] == {}
        client.post("/generate", json={"prompt": "# echo-slow:a b"})
        found = stats(client)
    assert list(found["latency"]) == ["p50", "p90", "p95", "p99"]
    assert found["latency"]["p50"] == pytest.approx(found["average_response_time"], rel=0.05)


def test_each_answer_is_counted_when_it_has_been_read(serving: Serving) -> None:
    with serving() as client:
        for number in range(1, 21):
            client.post("/generate", json={"prompt": "x"})
            assert stats(client)["total_requests"] == number


@pytest.mark.both_stores
def test_counts_outlive_a_restart(tmp_path: Path, store_url: str | None) -> None:
    for _ in range(2):
        with live(create_app(settings_for(tmp_path, store_url))) as client:
            client.post("/generate", json={"prompt": "x"})
    with live(create_app(settings_for(tmp_path, store_url))) as client:
        assert stats(client)["total_requests"] == 2


@pytest.mark.both_stores
def test_two_servers_on_one_store_add_up(tmp_path: Path, store_url: str | None) -> None:
    settings = settings_for(tmp_path, store_url)
    with live(create_app(settings)) as one:
        with live(create_app(settings)) as other:
            for client in (one, other, other):
                client.post("/generate", json={"prompt": "x"})
        assert stats(one)["total_requests"] == 3


def test_a_store_that_fails_for_a_while_loses_nothing(tmp_path: Path) -> None:
    async def run() -> int:
        (tmp_path / "data").touch()  # no folder can be made here
        store = AsyncStore(Store.in_folder(tmp_path / "data"))
        usage = UsageStats(store, store)
        async with usage.writing():
            usage.count(FinishedRequest(seconds=0.1))
            with pytest.raises(StorageUnavailableError):
                await usage.stats()
            (tmp_path / "data").unlink()
        # The end of the context has written it.
        found = await UsageStats(store, store).stats()
        await store.aclose()
        return found.successful_requests

    assert asyncio.run(run()) == 1
