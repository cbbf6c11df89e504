"""Identical requests at once are computed once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.errors import BackendError
from sfm2.headers import REQUEST_TIMEOUT
from sfm2.server.answering.shared_work import SharedWork
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import FunctionBackend, forever, until
from tests.server.gated import Gated, posting, until_running, until_waiting
from tests.server.live import Serving
from tests.server.test_disconnect import connect_and_post
from tests.server.test_metrics import metrics

HOLE = {"prefix": "x = ", "suffix": "\n", "path": "a.py"}
SAME: list[tuple[str, dict[str, Any], int]] = [  # in each protocol, with how many streams it takes
    ("/generate", {"prompt": "x = ", "temperature": 0}, 1),
    ("/generate", {"prompt": "x = ", "seed": 7, "n": 2}, 2),
    ("/complete", HOLE, 1),
    ("/explain", {"code": "x = 1"}, 1),
    ("/v1/completions", {"prompt": ["x = ", "y = "], "temperature": 0}, 2),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "temperature": 0}, 1),
    ("/infill", {"input_prefix": "x = ", "stream": False}, 1),
]


def without_own(answer: Any) -> Any:
    """What two answers to the same request have in common."""
    if isinstance(answer, list):
        return list(map(without_own, answer))
    if not isinstance(answer, dict):
        return answer
    own = {"id", "created", "processing_time", "prompt_time"}
    return {name: without_own(value) for name, value in answer.items() if name not in own}


@pytest.mark.parametrize(("path", "body", "streams"), SAME)
def test_the_second_gets_what_the_first_waits_for(
    serving: Serving, path: str, body: dict[str, Any], streams: int
) -> None:
    backend = Gated()
    with serving(backends=[backend]) as client, posting(client, *[(path, body, {})] * 3) as posted:
        until_running(backend, streams)
        backend.open()
        first, *others = [one.result().json() for one in posted]
        found = metrics(client)
    assert len(backend.requests) == streams == backend.most_running
    assert list(map(without_own, others)) == [without_own(first)] * 2
    assert found['sfm2_reused_total{source="shared"}'] == 2
    assert found['sfm2_requests_total{outcome="success"}'] == 3
    assert found['sfm2_tokens_total{kind="completion"}'] <= streams


def test_each_has_a_completion_of_its_own_for_feedback(serving: Serving) -> None:
    backend = Gated()
    with serving(backends=[backend]) as client, posting(client, *[("/complete", HOLE, {})] * 3) as posted:
        backend.open()
        ids = {one.result().json()["id"] for one in posted}
        assert len(ids) == 3
        for one, outcome in zip(sorted(ids), ("accepted", "edited", "rejected"), strict=True):
            assert client.post("/feedback", json={"id": one, "outcome": outcome}).status_code == 204
        assert client.get("/stats").json()["feedback"] == {"accepted": 1, "edited": 1, "rejected": 1}


def test_the_same_in_another_protocol_is_the_same(serving: Serving) -> None:
    backend = Gated()
    theirs = {"prompt": "x = ", "suffix": "y", "temperature": 0, "max_tokens": 9, "logprobs": 1}
    ours = {"prefix": "x = ", "suffix": "y", "temperature": 0, "max_length": 9, "logprobs": True}
    with (
        serving(backends=[backend]) as client,
        posting(client, ("/v1/completions", theirs, {}), ("/complete", ours, {})) as posted,
    ):
        backend.open()
        assert [one.result().status_code for one in posted] == [200, 200]
    assert len(backend.requests) == 1


DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "another prompt": ({"prefix": "y = "}, {}),
    "another length": ({"max_length": 3}, {}),
    "less time": ({}, {REQUEST_TIMEOUT: "20"}),
    "drawn": ({"temperature": 0.5}, {}),
}


@pytest.mark.parametrize("other", DIFFERENT)
def test_what_differs_is_computed(serving: Serving, other: str) -> None:
    fields, headers = DIFFERENT[other]
    backend, body = Gated(), HOLE | fields
    expected = 3 if other == "drawn" else 2
    with (
        serving(backends=[backend]) as client,
        posting(client, ("/complete", HOLE, {}), ("/complete", body, headers), ("/complete", body, headers)) as posted,
    ):
        until_running(backend, expected)
        backend.open()
        assert len({one.result().json()["id"] for one in posted}) == 3
    assert len(backend.requests) == expected


def test_what_others_with_another_key_ask_is_not_shared(serving: Serving, tmp_path: Path) -> None:
    keys = Keys(Store.in_folder(tmp_path))
    one, other = ({"Authorization": f"Bearer {keys.create()[1]}"} for _ in range(2))
    backend = Gated()
    with serving(backends=[backend]) as client:
        client.headers.update(one)
        with posting(client, *[("/complete", HOLE, key) for key in (one, other, one, other)]) as posted:
            until_running(backend, 2)
            backend.open()
            assert [answer.result().status_code for answer in posted] == [200] * 4
    assert len(backend.requests) == 2


def test_the_first_may_leave(serving: Serving) -> None:
    backend = Gated()
    with serving(backends=[backend]) as client:
        leaving = connect_and_post(client, "/complete", HOLE)
        until_waiting(client, 1)
        until_running(backend, 1)
        with posting(client, ("/complete", HOLE, {}), waiting=1) as (staying,):
            leaving.close()
            until_waiting(client, 1)
            assert backend.closed == 0
            backend.open()
            assert staying.result().json()["completion"] == "1"
    assert len(backend.requests) == 1


def test_if_all_leave_the_work_ends(serving: Serving) -> None:
    backend = Gated()
    with serving(backends=[backend]) as client:
        connections = [connect_and_post(client, "/complete", HOLE) for _ in range(3)]
        until_waiting(client, 3)
        until_running(backend, 1)
        assert backend.closed == 0
        for connection in connections:
            connection.close()
        until(lambda: backend.closed == 1, what="the end of the stream")
        until_waiting(client, 0)
        assert client.get("/stats").json()["errors"] == {"client_left": 3}


def test_an_error_is_everybodys(serving: Serving) -> None:
    backend = Gated(BackendError("broken"))
    with serving(backends=[backend]) as client, posting(client, *[("/complete", HOLE, {})] * 3) as posted:
        backend.open()
        assert [one.result().json()["error"] for one in posted] == ["model_unavailable"] * 3
    assert len(backend.requests) == 1


@pytest.mark.parametrize("written", [["y = 1\n"], []], ids=["cut", "nothing"])
def test_the_end_of_the_firsts_time_is_not_that_of_the_second(serving: Serving, written: list[str]) -> None:
    """Its own began later."""
    backend = FunctionBackend("echo", lambda _: [*written, forever if len(backend.requests) == 1 else "z = 2"])
    body = HOLE | {"mode": "free", "prefix": ""}
    with (
        serving(backends=[backend], generation={"timeout": 3}) as client,
        posting(client, ("/complete", body, {}), ("/complete", body, {})) as posted,
    ):
        first, second = (one.result() for one in posted)
    assert first.json().get("finish_reason", "overloaded") == ("time" if written else "overloaded")
    assert second.json()["finish_reason"] == "stop"


def test_what_the_request_itself_has_cut_is_everybodys(serving: Serving) -> None:
    """Its `time_limit` counts from the first text, whoever waits for it."""
    backend = Gated("y = 1\n", 0.1, "z = 2\n", forever)
    body = HOLE | {"mode": "free", "prefix": "", "time_limit": 0.05}
    with serving(backends=[backend]) as client, posting(client, *[("/complete", body, {})] * 3) as posted:
        backend.open()
        answers = [one.result().json() for one in posted]
    assert [answer["finish_reason"] for answer in answers] == ["time"] * 3
    assert len({answer["completion"] for answer in answers}) == len(backend.requests) == 1


@given(st.lists(st.tuples(st.sampled_from(["come", "leave", "end"]), st.integers(0, 2)), max_size=30))
def test_work_runs_once_and_as_long_as_somebody_waits(events: list[tuple[str, int]]) -> None:
    shared: SharedWork[str] = SharedWork()
    waiting: dict[int, list[asyncio.Task[str]]] = {0: [], 1: [], 2: []}
    running: dict[int, asyncio.Event] = {}

    def work(number: int) -> Callable[[], Coroutine[Any, Any, str]]:
        async def begin() -> str:
            assert number not in running
            running[number] = asyncio.Event()
            try:
                await running[number].wait()
                return str(number)
            finally:
                del running[number]

        return begin

    async def happens(event: str, number: int) -> None:
        if event == "come":
            waiting[number].append(asyncio.create_task(shared.result(str(number), work(number))))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        elif event == "leave" and waiting[number]:
            leaving = waiting[number].pop(0)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        elif event == "end" and waiting[number]:
            running[number].set()
            assert set(await asyncio.gather(*waiting[number])) == {str(number)}
            waiting[number].clear()

    async def run() -> None:
        for event, number in events:
            await happens(event, number)
            assert sorted(running) == [number for number in waiting if waiting[number]]
            assert all(shared.runs(str(number)) == bool(waiting[number]) for number in waiting)
        left = [task for tasks in waiting.values() for task in tasks]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        assert not running

    asyncio.run(run())
