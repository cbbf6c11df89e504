"""Retries and the cache, without a server."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.client._cache import Cache, key_of
from sfm2.client._requests import Call, post
from sfm2.client._retry import FIRST_BOUND, LAST_BOUND, LONGEST_WAIT, RetryPolicy, retry_after
from sfm2.types import GenerationConfig


@given(
    attempt=st.integers(0, 10),
    retries=st.integers(0, 10),
    jitter=st.floats(0, 1, exclude_max=True),
    status=st.integers(200, 599),
    wait=st.none() | st.floats(0, 1000),
    repeatable=st.booleans(),
)
def test_waits_are_within_bounds(
    attempt: int, retries: int, jitter: float, status: int, wait: float | None, repeatable: bool
) -> None:
    policy = RetryPolicy(retries, jitter=lambda: jitter)
    response = httpx.Response(status, headers={} if wait is None else {"Retry-After": str(wait)})
    seconds = policy.after_response(attempt, response, repeatable)
    if seconds is None:
        return
    assert attempt < retries
    assert status >= 400
    asked = wait or 0.0
    assert asked <= seconds <= min(asked, LONGEST_WAIT) + min(LAST_BOUND, FIRST_BOUND * 2.0**attempt)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "Mon, 01 Jan 2024 00:01:00 GMT"}, 60),
        ({"Retry-After": "Sun, 31 Dec 2023 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "inf"}, None),
    ],
)
def test_what_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    assert retry_after(httpx.Headers(headers), lambda: now) == seconds


def test_a_read_that_timed_out_is_repeated_only_where_that_costs_nothing() -> None:
    policy = RetryPolicy(jitter=lambda: 0.5)
    assert policy.after_error(0, httpx.ReadTimeout(""), repeatable=False) is None
    assert policy.after_error(0, httpx.ReadTimeout(""), repeatable=True) == 0.25
    assert policy.after_error(1, httpx.ConnectError(""), repeatable=False) == 0.5


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_for_its_time() -> None:
    clock = Clock()
    cache = Cache(ttl=10, size=5, clock=clock)
    cache.put("a", 1)
    clock.now = 9.9
    assert cache.get("a") == 1
    clock.now = 10
    assert cache.get("a") is None
    assert len(cache) == 0


def test_the_one_unused_for_longest_goes_first() -> None:
    cache = Cache(ttl=10, size=2, clock=Clock())
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


def test_everything_that_changes_the_answer_is_in_the_key() -> None:
    calls = [
        ("u", None, post("/generate", {"prompt": "p"}, {})),
        ("v", None, post("/generate", {"prompt": "p"}, {})),
        ("u", "k", post("/generate", {"prompt": "p"}, {})),
        ("u", None, post("/generate", {"prompt": "q"}, {})),
        ("u", None, post("/generate", {"prompt": "p"}, {"seed": 1})),
        ("u", None, post("/complete", {"prompt": "p"}, {})),
    ]
    assert len({key_of(*call) for call in calls}) == len(calls)
    assert key_of("u", None, Call("POST", "/x", {"a": 1, "b": 2})) == key_of(
        "u", None, Call("POST", "/x", {"b": 2, "a": 1})
    )


def test_only_what_is_set_is_sent() -> None:
    config = GenerationConfig(top_k=50, max_length=10)
    call = post("/generate", {"prompt": "p", "suffix": None}, {"config": config, "max_length": 20, "seed": None})
    assert call.body == {"prompt": "p", "top_k": 50, "max_length": 20}


@given(st.integers(0, 5000), st.integers(0, 5000), st.floats(0, 1, exclude_max=True), st.booleans())
def test_however_many_retries_there_are_never_more(retries: int, attempt: int, jitter: float, repeatable: bool) -> None:
    wait = RetryPolicy(retries, lambda: jitter).after_error(attempt, httpx.ConnectError(""), repeatable)
    assert (wait is None) == (attempt >= retries)
    assert wait is None or 0 <= wait <= LAST_BOUND


@given(st.text() | st.sampled_from(["Mon, 01 Jan 99999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +9999", "1 Jan"]))
def test_no_header_is_too_odd(text: str) -> None:
    seconds = retry_after(httpx.Headers([(b"Retry-After", text.encode())]))
    assert seconds is None or seconds >= 0
