"""Rate limits: the headers of the API reference, which client they are for, and when they end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from sfm2.core import AsyncModelManager
from sfm2.errors import ConfigError
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.rates import DEFAULT_RATE, RateLimiter, StoreCounter, address_group, parse_rate
from sfm2.server.usage.store import AsyncStore, Store
from tests.server.live import Serving, live, settings_for

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def ask(client: httpx.Client, key: str | None = None, path: str = "/generate") -> httpx.Response:
    return client.post(path, json={"prompt": "x"}, headers={"X-API-Key": key} if key else {})


def test_loopback_is_not_limited_unless_configured(serving: Serving) -> None:
    with serving() as client:
        assert not set(HEADERS) & ask(client).headers.keys()


def test_the_headers_count_down_and_then_refuse(serving: Serving) -> None:
    with serving(limits={"rate": "2/minute"}) as client:
        responses = [ask(client) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert [response.headers["x-ratelimit-remaining"] for response in responses] == ["1", "0", "0"]
    assert {response.headers["x-ratelimit-limit"] for response in responses} == {"2"}
    refused = responses[-1]
    wait = int(refused.headers["retry-after"])
    assert 55 <= wait <= 60
    assert abs(int(refused.headers["x-ratelimit-reset"]) - (time.time() + wait)) <= 2
    assert refused.json()["error"] == "rate_limit_exceeded"
    assert refused.json()["message"] == f"Rate limit exceeded. Try again in {wait} seconds"


def test_waiting_retry_after_is_enough(serving: Serving) -> None:
    with serving(limits={"rate": "1 per 1 second"}) as client:
        assert ask(client).status_code == 200
        refused = ask(client)
        assert refused.status_code == 429
        assert refused.json()["message"] == "Rate limit exceeded. Try again in 1 second"
        time.sleep(int(refused.headers["retry-after"]))
        assert ask(client).status_code == 200


def test_streams_carry_the_headers_too(serving: Serving) -> None:
    with serving(limits={"rate": "1/minute"}) as client:
        assert set(HEADERS) <= ask(client, path="/generate/stream").headers.keys()
        assert ask(client, path="/generate/stream").status_code == 429


def test_errors_count_and_carry_the_headers(serving: Serving) -> None:
    with serving(limits={"rate": "5/minute"}) as client:
        response = client.post("/generate", json={})
    assert (response.status_code, response.headers["x-ratelimit-remaining"]) == (422, "4")


def test_health_and_documentation_are_not_limited(serving: Serving) -> None:
    with serving(limits={"rate": "1/minute"}) as client:
        assert ask(client).status_code == 200
        for path in ("/health", "/health/live", "/health/ready", "/docs"):
            assert client.get(path).status_code == 200
        assert client.get("/stats").status_code == 429


def test_each_key_has_its_own_count_and_may_have_its_own_rate(serving: Serving, tmp_path: Path) -> None:
    keys = Keys(Store.in_folder(tmp_path))
    (_, plain), (_, small) = keys.create(), keys.create(rate="1/minute")
    with serving(limits={"rate": "2/minute"}) as client:
        assert [ask(client, small).status_code for _ in range(2)] == [200, 429]
        assert [ask(client, plain).status_code for _ in range(3)] == [200, 200, 429]


def test_a_claimed_address_changes_nothing(serving: Serving) -> None:
    with serving(limits={"rate": "1/minute"}) as client:
        statuses = [
            client.post("/generate", json={"prompt": "x"}, headers={"X-Forwarded-For": f"10.0.0.{i}"}).status_code
            for i in range(2)
        ]
    assert statuses == [200, 429]


def test_two_servers_on_one_store_count_together(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, limits={"rate": "3/minute"})
    with live(create_app(settings)) as one, live(create_app(settings)) as other:
        statuses = [ask(client).status_code for client in (one, other, one, other, one)]
    assert statuses == [200, 200, 200, 429, 429]


def test_hits_at_once_are_counted_one_by_one(tmp_path: Path) -> None:
    async def run() -> list[tuple[bool, int]]:
        stores = [AsyncStore(Store.in_folder(tmp_path)) for _ in range(2)]
        counters = [StoreCounter(store) for store in stores]
        hits = await asyncio.gather(*(counter.hit(parse_rate("5/minute"), "a") for counter in counters * 8))
        for store in stores:
            await store.aclose()
        return [(allowed, window.remaining) for allowed, window in hits]

    found = asyncio.run(run())
    assert sorted(remaining for allowed, remaining in found if allowed) == [0, 1, 2, 3, 4]
    assert [remaining for allowed, remaining in found if not allowed] == [0] * 11


def test_a_storage_of_limits_itself_is_used(serving: Serving, tmp_path: Path) -> None:
    with serving(limits={"rate": "1/minute", "rate_storage": "memory://"}) as client:
        assert [ask(client).status_code for _ in range(2)] == [200, 429]
    assert Store.in_folder(tmp_path).read("SELECT * FROM rate_hits") == []


def test_beyond_loopback_there_is_a_limit_by_default(tmp_path: Path) -> None:
    store = AsyncStore(Store.in_folder(tmp_path))
    rates = RateLimiter.from_settings(settings_for(tmp_path, api={"host": "0.0.0.0"}), store)
    assert rates.default == parse_rate(DEFAULT_RATE)
    assert RateLimiter.from_settings(settings_for(tmp_path), store).default is None


@pytest.mark.parametrize("limits", [{"rate": "often"}, {"rate": "1/minute", "rate_storage": "carrier-pigeon://"}])
def test_a_rate_or_storage_that_does_not_exist_is_a_configuration_error(tmp_path: Path, limits: dict[str, str]) -> None:
    settings = settings_for(tmp_path, limits=limits)
    with pytest.raises(ConfigError):
        create_app(settings, AsyncModelManager(settings))


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_customer_has_a_whole_network(host: str, group: str) -> None:
    assert address_group(host) == group
