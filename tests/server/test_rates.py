"""Rate limits: the headers of the API reference, which client they are for, and when they end."""

from __future__ import annotations

import asyncio
import time
from itertools import accumulate
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.aio.storage import MemoryStorage

from sfm2.core import AsyncModelManager
from sfm2.errors import ConfigError
from sfm2.server.app import create_app
from sfm2.server.usage import rates
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.opening import store_of
from sfm2.server.usage.rates import DEFAULT_RATE, MemoryCounter, RateLimiter, StoreCounter, address_group, parse_rate
from sfm2.server.usage.store import AsyncStore, Store
from sfm2.server.usage.tables import StoreTables
from sfm2.testing import forever
from sfm2.types import CreateKeyRequest
from tests.server.live import Serving, live, settings_for

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def ask(client: httpx.Client, key: str | None = None, path: str = "/generate") -> httpx.Response:
    return client.post(path, json={"prompt": "x"}, headers={"X-API-Key": key} if key else {})


def test_loopback_is_not_limited_unless_configured(serving: Serving) -> None:
    with serving() as client:
        assert not set(HEADERS) & ask(client).headers.keys()


@pytest.mark.both_stores
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


@pytest.mark.both_stores
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


@pytest.mark.both_stores
def test_each_key_has_its_own_count_and_may_have_its_own_rate(serving: Serving, store: StoreTables) -> None:
    keys = Keys(store)
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


@pytest.mark.both_stores
def test_two_servers_on_one_store_count_together(tmp_path: Path, store_url: str | None) -> None:
    settings = settings_for(tmp_path, store_url, limits={"rate": "3/minute"})
    with live(create_app(settings)) as one, live(create_app(settings)) as other:
        statuses = [ask(client).status_code for client in (one, other, one, other, one)]
    assert statuses == [200, 200, 200, 429, 429]


@pytest.mark.both_stores
def test_hits_at_once_are_counted_one_by_one(tmp_path: Path, store_url: str | None) -> None:
    storage = settings_for(tmp_path, store_url).storage

    async def run() -> list[tuple[bool, int]]:
        stores = [AsyncStore(store_of(storage)) for _ in range(2)]
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


class Failing(MemoryStorage):
    """A storage of `limits` that is down, or that does not answer."""

    STORAGE_SCHEME = ["async+failing"]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        self.hangs = uri == "async+failing://hangs"
        super().__init__(uri, wrap_exceptions, **options)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        if self.hangs:
            await forever()
        raise ValueError("nobody listens")


@pytest.mark.parametrize("how", ["down", "hangs"])
def test_while_a_storage_of_limits_fails_the_process_counts(
    serving: Serving, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(limits={"rate": "3/minute", "rate_storage": f"failing://{how}"}) as client:
        assert [ask(client).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    warnings = [record.getMessage() for record in caplog.records if "limits.rate_storage" in record.getMessage()]
    assert len(warnings) == 1


@given(st.from_regex(CreateKeyRequest.model_json_schema()["properties"]["rate"]["anyOf"][0]["pattern"], fullmatch=True))
def test_every_rate_that_a_key_may_have_can_be_counted(text: str) -> None:
    rate = parse_rate(text)
    assert MemoryCounter().hit(rate, "a", time.time())[1].limit == rate.amount > 0


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
def test_in_no_window_a_process_allows_more_than_the_rate(pauses: list[float], amount: int) -> None:
    counter, rate = MemoryCounter(), parse_rate(f"{amount} per 10 seconds")
    allowed: list[float] = []
    for now in accumulate(pauses, initial=1e9):
        recent = [one for one in allowed if one > now - 10]
        accepted, window = counter.hit(rate, "a", now)
        assert accepted == (len(recent) < amount)
        allowed += [now] if accepted else []
        assert window == (amount, amount - len(recent) - accepted, ([*recent, now][0]) + 10)


def test_strangers_with_many_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_MAX_CLIENTS", 3)
    counter, rate = MemoryCounter(), parse_rate("1/minute")
    assert [counter.hit(rate, client, 0.0)[0] for client in "abcdd"] == [True, True, True, True, False]
    assert counter.hit(rate, "a", 0.0)[0], "the oldest is forgotten"


def test_beyond_loopback_there_is_a_limit_by_default(tmp_path: Path) -> None:
    store = AsyncStore(Store.in_folder(tmp_path))
    limiter = RateLimiter.from_settings(settings_for(tmp_path, api={"host": "0.0.0.0"}), store)
    assert limiter.default == parse_rate(DEFAULT_RATE)
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
