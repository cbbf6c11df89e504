"""Retries and the cache, without a server."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.client._cache import Cache, key_of
from sfm2.client._requests import Call, from_request, post, stream_from_request
from sfm2.client._retry import FIRST_BOUND, LAST_BOUND, LONGEST_WAIT, SLOW, RetryPolicy
from sfm2.completer import Streamable
from sfm2.types import BatchRequest, CompleteRequest, ExplainRequest, GenerateRequest, GenerationConfig, Snippet


@given(
    attempt=st.integers(0, 10),
    retries=st.integers(0, 10),
    jitter=st.floats(0, 1, exclude_max=True),
    status=st.integers(200, 599),
    wait=st.none() | st.floats(0, 1000),
    repeatable=st.booleans(),
    took=st.floats(0, 100),
)
def test_waits_are_within_bounds(
    attempt: int, retries: int, jitter: float, status: int, wait: float | None, repeatable: bool, took: float
) -> None:
    policy = RetryPolicy(retries, jitter=lambda: jitter)
    response = httpx.Response(status, headers={} if wait is None else {"Retry-After": str(wait)})
    seconds = policy.after_response(attempt, response, repeatable, took)
    if seconds is None:
        return
    assert attempt < retries
    assert status >= 400
    assert repeatable or took < SLOW
    asked = wait or 0.0
    assert asked <= seconds <= min(asked, LONGEST_WAIT) + min(LAST_BOUND, FIRST_BOUND * 2.0**attempt)


@pytest.mark.parametrize("status", [408, 409, 429, 503])
def test_what_took_long_to_be_refused_is_not_asked_for_again_unless_it_costs_nothing(status: int) -> None:
    policy = RetryPolicy(jitter=lambda: 0.5)
    response = httpx.Response(status, headers={"Retry-After": "1"})
    assert policy.after_response(0, response, repeatable=False, took=0.1) == 1.25
    assert policy.after_response(0, response, repeatable=False, took=SLOW) is None
    assert policy.after_response(0, response, repeatable=True, took=SLOW) == 1.25


def test_a_conflict_is_asked_for_again_only_where_the_server_says_when() -> None:
    assert RetryPolicy().after_response(0, httpx.Response(409), repeatable=False, took=0.1) is None
    assert RetryPolicy().after_response(0, httpx.Response(503), repeatable=False, took=0.1) is not None


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


def test_of_a_request_object_only_what_was_set_is_sent() -> None:
    request = CompleteRequest(prefix="p", suffix="", context=[Snippet(text="x")], seed=None, mode="line")
    assert from_request(request) == Call(
        "POST", "/complete", {"prefix": "p", "suffix": "", "context": [{"text": "x"}], "mode": "line"}
    )
    assert from_request(BatchRequest(prompts=["a"])).path == "/generate/batch"


@pytest.mark.parametrize(
    "request_", [GenerateRequest(prompt="p"), CompleteRequest(prefix="p"), ExplainRequest(code="p", max_length=9)]
)
def test_a_stream_is_asked_for_as_the_whole_is(request_: Streamable) -> None:
    whole, streamed = from_request(request_), stream_from_request(request_)
    assert (streamed.path, streamed.body) == (f"{whole.path}/stream", whole.body)
