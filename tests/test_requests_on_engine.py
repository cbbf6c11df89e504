"""Deadlines, and answers that are shared or kept, on a real engine with tiny weights."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from sfm2.headers import REQUEST_TIMEOUT
from sfm2.models.adapters import NONE, AdapterStore
from sfm2.testing import serve_process, until
from tests.chain import tiny_weights
from tests.server.test_disconnect import connect_and_post
from tests.server.test_metrics import metrics

pytestmark = pytest.mark.slow
LONG = {"prompt": "def f(", "max_length": 400, "temperature": 0, "guard": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    environment = {**tiny_weights(folder), "SFM2_FALLBACK_CHAIN": "sfm2", "SFM2_CACHE_ENABLED": "true"}
    with (
        serve_process(folder, environment=environment) as running,
        httpx.Client(base_url=running.url, timeout=60, trust_env=False) as client,
    ):
        running.until_ready(120)
        yield client


def until_idle(client: httpx.Client) -> None:
    until(lambda: metrics(client)["sfm2_in_flight"] == 0, what="an idle server")


def shared(client: httpx.Client) -> float:
    return metrics(client).get('sfm2_reused_total{source="shared"}', 0)


def test_six_at_once_are_computed_once(client: httpx.Client) -> None:
    before = shared(client)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post("/generate", json=LONG).json(), range(6)))
    assert len({one["id"] for one in answers}) == 6
    assert len({one["completion"] for one in answers}) == 1
    assert shared(client) > before


def test_the_first_leaves_and_the_second_is_answered(client: httpx.Client) -> None:
    leaving = connect_and_post(client, "/generate", LONG | {"seed": 1})
    until(lambda: metrics(client)["sfm2_in_flight"] == 1, what="the first")
    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(client.post, "/generate", json=LONG | {"seed": 1})
        leaving.close()
        assert staying.result().json()["finish_reason"] in ("length", "stop")
    until_idle(client)


def test_in_a_short_time_there_is_what_is_written_or_nothing_and_the_engine_is_free(client: httpx.Client) -> None:
    def within(seconds: float) -> httpx.Response:
        headers = {REQUEST_TIMEOUT: str(seconds)}
        return client.post("/generate", json=LONG | {"temperature": 2}, headers=headers)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(within, [1e-6, *(0.001 * 1.6**i for i in range(15))]))
    # 503: so many others were before it that the engine refused it at once.
    assert {one.status_code for one in answers} <= {200, 503, 504}
    assert answers[0].status_code == 504, "its time was over before it began"
    until_idle(client)
    assert client.post("/generate", json=LONG).status_code == 200


def test_what_is_kept_is_what_the_engine_says_and_goes_with_the_adapter(client: httpx.Client, folder: Path) -> None:
    def asked() -> tuple[str, str]:
        response = client.post("/generate", json=LONG | {"max_length": 9}).raise_for_status()
        return response.headers["cache-status"].partition("; ttl=")[0], response.json()["completion"]

    (first, text), (second, again) = asked(), asked()
    assert (first, second) == ("sfm2; fwd=miss; stored", "sfm2; hit")
    assert again == text
    AdapterStore(folder).use(NONE)
    assert asked() == ("sfm2; fwd=miss; stored", text), "there was none before, so that the text is the same"
    assert asked() == ("sfm2; hit", text)
