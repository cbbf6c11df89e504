"""`cache.enabled`: answers to requests that leave nothing to chance are given again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.errors import BackendOverloadedError
from sfm2.server.answering.cache_control import CacheControl, forwarded, hit
from sfm2.server.answering.response_cache import ResponseCache
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import FunctionBackend, ScriptedBackend, forever
from sfm2.types import Completion
from tests.server.gated import Gated, posting
from tests.server.live import Serving
from tests.server.test_metrics import metrics
from tests.server.test_shared_work import HOLE, SAME, without_own

ON = {"enabled": True}


def numbering() -> FunctionBackend:
    """Another answer each time."""
    backend = FunctionBackend("echo", lambda _: [str(len(backend.requests))])
    return backend


def status(response: httpx.Response) -> str:
    return response.raise_for_status().headers["cache-status"].partition("; ttl=")[0]


def complete(client: httpx.Client, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return client.post("/complete", json=HOLE | fields, headers=headers)


@pytest.mark.parametrize(("path", "body", "streams"), SAME)
def test_the_same_request_has_the_same_answer_again(
    serving: Serving, path: str, body: dict[str, Any], streams: int
) -> None:
    backend = numbering()
    with serving(backends=[backend], cache=ON) as client:
        first, second = (client.post(path, json=body) for _ in range(2))
        found = metrics(client)
    assert (status(first), status(second)) == ("sfm2; fwd=miss; stored", "sfm2; hit")
    assert without_own(first.json()) == without_own(second.json())
    assert len(backend.requests) == streams
    assert found['sfm2_reused_total{source="cache"}'] == found["sfm2_cache_misses_total"] == 1
    assert found['sfm2_requests_total{outcome="success"}'] == 2
    assert found['sfm2_tokens_total{kind="completion"}'] <= streams


def test_each_is_a_completion_of_its_own_that_tells_of_itself(serving: Serving) -> None:
    with serving(backends=[ScriptedBackend("echo", 0.05, "y")], cache=ON) as client:
        first, second = (complete(client).json() for _ in range(2))
        assert first["id"] != second["id"]
        assert second["processing_time"] < first["processing_time"]
        for one, outcome in ((first, "accepted"), (second, "rejected")):
            assert client.post("/feedback", json={"id": one["id"], "outcome": outcome}).status_code == 204


def test_it_is_off_unless_it_is_turned_on(serving: Serving) -> None:
    backend = numbering()
    with serving(backends=[backend]) as client:
        assert all("cache-status" not in complete(client).headers for _ in range(2))
    assert len(backend.requests) == 2


def test_what_is_drawn_is_not_kept(serving: Serving) -> None:
    backend = numbering()
    with serving(backends=[backend], cache=ON) as client:
        assert [status(complete(client, temperature=0.5)) for _ in range(2)] == ["sfm2; fwd=bypass"] * 2
    assert len(backend.requests) == 2


def test_no_other_key_gets_what_is_kept(serving: Serving, tmp_path: Path) -> None:
    keys = Keys(Store.in_folder(tmp_path))
    one, other = ({"Authorization": f"Bearer {keys.create()[1]}"} for _ in range(2))
    with serving(backends=[numbering()], cache=ON) as client:
        told = [status(complete(client, key)) for key in (one, other, one, other)]
    assert told == ["sfm2; fwd=miss; stored"] * 2 + ["sfm2; hit"] * 2


def test_nor_who_has_another_adapter(serving: Serving) -> None:
    with serving(backends=[numbering()], cache=ON) as client:
        told = [status(complete(client, adapter=name)) for name in ("one", "other", "one")]
    assert told == ["sfm2; fwd=miss; stored", "sfm2; fwd=miss; stored", "sfm2; hit"]


def test_a_request_may_want_a_fresh_answer_or_leave_no_trace(serving: Serving) -> None:
    backend = numbering()
    with serving(backends=[backend], cache=ON) as client:
        told = []
        for directive in ("no-store", "max-age=60", "no-cache", "max-age=0", "max-age=60", "no-store"):
            response = complete(client, {"Cache-Control": directive})
            told.append((status(response), response.json()["completion"]))
    assert told == [
        ("sfm2; fwd=bypass", "1"),
        ("sfm2; fwd=miss; stored", "2"),
        ("sfm2; fwd=request; stored", "3"),
        ("sfm2; fwd=request; stored", "4"),
        ("sfm2; hit", "4"),
        ("sfm2; fwd=bypass", "5"),
    ]


def test_who_waits_for_anothers_answer_is_told(serving: Serving) -> None:
    backend = Gated()
    with (
        serving(backends=[backend], cache=ON) as client,
        posting(client, ("/complete", HOLE, {}), ("/complete", HOLE, {})) as posted,
    ):
        backend.open()
        assert [status(one.result()) for one in posted] == ["sfm2; fwd=miss; stored", "sfm2; fwd=miss; collapsed"]


def test_what_another_backend_said_in_its_place_is_not_kept(serving: Serving) -> None:
    backends = [ScriptedBackend("sfm2", BackendOverloadedError("full")), ScriptedBackend("openai", "z")]
    with serving(backends=backends, cache=ON) as client:
        assert [status(complete(client)) for _ in range(2)] == ["sfm2; fwd=miss"] * 2


def test_nor_what_was_cut_when_the_time_was_over(serving: Serving) -> None:
    backend = ScriptedBackend("echo", "y = 1\n", forever)
    with serving(backends=[backend], cache=ON, generation={"timeout": 1}) as client:
        answers = [complete(client, prefix="") for _ in range(2)]
    assert [one.json()["finish_reason"] for one in answers] == ["time", "time"]
    assert [status(one) for one in answers] == ["sfm2; fwd=miss"] * 2


def test_nor_an_error(serving: Serving) -> None:
    backend = ScriptedBackend("echo", BackendOverloadedError("full"))
    with serving(backends=[backend], cache=ON) as client:
        responses = [complete(client) for _ in range(2)]
    assert [(one.status_code, one.headers["cache-status"]) for one in responses] == [(503, "sfm2; fwd=miss")] * 2
    assert len(backend.requests) == 2


def test_what_is_too_large_is_not_kept(serving: Serving) -> None:
    with serving(backends=[numbering()], cache={**ON, "max_bytes": 5_000}) as client:
        assert status(complete(client, prefix="x" * 5_000)) == "sfm2; fwd=miss"
        assert status(complete(client)) == "sfm2; fwd=miss; stored"


def test_a_page_may_read_where_its_answer_came_from(serving: Serving) -> None:
    with serving(cache=ON, api={"allowed_origins": ["https://tools.example"]}) as client:
        response = complete(client, {"Origin": "https://tools.example"})
    assert "Cache-Status" in response.headers["access-control-expose-headers"]


# The parts.


def completion(size: int) -> Completion:
    return Completion(
        generated_code="", completion="x" * size, model_used="a", confidence=0, processing_time=0, finish_reason="stop"
    )


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8_000), st.floats(0, 20)), max_size=60))
def test_it_keeps_at_most_so_many_bytes_for_so_long(puts: list[tuple[int, int, float]]) -> None:
    now = 0.0
    cache: ResponseCache[Completion] = ResponseCache(20_000, 30, lambda: now)
    latest: dict[str, tuple[float, Completion]] = {}
    for number, size, seconds in puts:
        now += seconds
        answer, name = completion(size), str(number)
        assert cache.put(name, [answer])
        latest[name] = now, answer
        assert cache.bytes <= 20_000
        assert cache.get(name) is not None, "there is always room for the latest"
        for one, (since, expected) in latest.items():
            kept = cache.get(one)
            assert kept is None or (kept.answers == [expected] and kept.age == now - since and kept.remaining >= 0)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, CacheControl()),
        ("", CacheControl()),
        ("No-Store", CacheControl(store=False)),
        ("no-cache", CacheControl(max_age=-1)),
        ("max-age=0", CacheControl(max_age=-1)),
        ("max-age=0, no-cache, no-store", CacheControl(store=False, max_age=-1)),
        (' max-age="60" ,max-stale', CacheControl(max_age=60)),
        ("max-age=soon", CacheControl()),
        ("max-age", CacheControl()),
        ("max-age=" + "9" * 400, CacheControl()),
    ],
)
def test_what_a_request_says_of_caches(header: str | None, expected: CacheControl) -> None:
    assert CacheControl.of(header) == expected


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    CacheControl.of(header)


def test_what_is_said_of_the_answer() -> None:
    assert hit(59.9) == "sfm2; hit; ttl=59"
    assert hit(-1) == "sfm2; hit; ttl=0"
    assert forwarded(stored=True) == "sfm2; fwd=miss; stored"
    assert forwarded(refused=True) == "sfm2; fwd=request"
    assert forwarded(collapsed=True) == "sfm2; fwd=miss; collapsed"
