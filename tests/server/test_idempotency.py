"""`Idempotency-Key`: a request that is sent again is not computed again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2 import SFM2Client
from sfm2.errors import BackendError, BackendOverloadedError, IdempotencyConflictError, RequestInProgressError
from sfm2.headers import IDEMPOTENCY_KEY
from sfm2.server.answering.replays import Replays, WholeResponse
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import FunctionBackend, ScriptedBackend, until
from tests.server.gated import Gated, posting, until_running, until_waiting
from tests.server.live import Serving
from tests.server.test_disconnect import connect_and_post
from tests.server.test_metrics import metrics

KEY = {IDEMPOTENCY_KEY: "8e03978e-40d5-43e8-bc93-6894a57f9324"}
DRAWN = {"prompt": "x = ", "temperature": 1}
GENERATING: list[tuple[str, dict[str, Any]]] = [
    ("/generate", DRAWN),
    ("/generate/batch", {"prompts": ["x = ", "y = "]}),
    ("/complete", {"prefix": "x = ", "temperature": 1}),
    ("/explain", {"code": "x = 1"}),
    ("/v1/completions", DRAWN),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}]}),
    ("/infill", {"input_prefix": "x = ", "stream": False}),
]


def numbering() -> FunctionBackend:
    """Another answer each time."""
    backend = FunctionBackend("echo", lambda _: [str(len(backend.requests))])
    return backend


@pytest.mark.parametrize(("path", "body"), GENERATING)
def test_the_same_request_again_gets_the_same_response(serving: Serving, path: str, body: dict[str, Any]) -> None:
    backend = numbering()
    with serving(backends=[backend]) as client:
        first = client.post(path, json=body, headers=KEY)
        asked = len(backend.requests)
        second = client.post(path, json=body, headers=KEY)
        found = metrics(client)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content, "with the same id, for feedback"
    assert len(backend.requests) == asked
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == "application/json"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert found['sfm2_requests_total{outcome="success"}'] == 2
    assert found['sfm2_reused_total{source="replay"}'] == 1


def test_another_request_needs_another_key(serving: Serving) -> None:
    with serving(backends=[numbering()]) as client:
        assert client.post("/generate", json=DRAWN, headers=KEY).status_code == 200
        others = [
            client.post("/generate", json=DRAWN | {"seed": 1}, headers=KEY),
            client.post("/generate?a=b", json=DRAWN, headers=KEY),
            client.post("/complete", json=DRAWN, headers=KEY),
        ]
        again = client.post("/generate", json=DRAWN | {"seed": 1}, headers={IDEMPOTENCY_KEY: "another"})
    assert [(one.status_code, one.json()["error"]) for one in others] == [(409, "idempotency_conflict")] * 3
    assert "Retry-After" not in others[0].headers
    assert again.status_code == 200


def test_another_clients_key_is_another(serving: Serving, tmp_path: Path) -> None:
    keys = Keys(Store.in_folder(tmp_path))
    with serving(backends=[numbering()]) as client:
        answers = [
            client.post("/generate", json=body, headers={**KEY, "Authorization": f"Bearer {keys.create()[1]}"})
            for body in (DRAWN, DRAWN, DRAWN | {"seed": 1})
        ]
    assert [one.json()["completion"] for one in answers] == ["1", "2", "3"]


def test_while_it_is_answered_a_second_is_asked_to_come_back(serving: Serving) -> None:
    backend = Gated()
    with serving(backends=[backend]) as client, posting(client, ("/generate", DRAWN, KEY)) as (first,):
        early = client.post("/generate", json=DRAWN, headers=KEY)
        other = client.post("/generate", json=DRAWN | {"seed": 1}, headers=KEY)
        backend.open()
        answer = first.result()
        late = client.post("/generate", json=DRAWN, headers=KEY)
    assert (early.status_code, early.json()["error"], early.headers["Retry-After"]) == (409, "request_in_progress", "1")
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_conflict")
    assert late.content == answer.content
    assert len(backend.requests) == 1


def test_who_left_before_the_answer_may_ask_again(serving: Serving) -> None:
    backend = Gated()
    with serving(backends=[backend]) as client:
        leaving = connect_and_post(client, "/generate", DRAWN, KEY)
        until_running(backend, 1)
        leaving.close()
        until(lambda: backend.closed == 1, what="the end of the work")
        until_waiting(client, 0)
        backend.open()
        assert client.post("/generate", json=DRAWN, headers=KEY).status_code == 200


def test_what_failed_is_tried_again(serving: Serving) -> None:
    backend = FunctionBackend("echo", lambda _: [BackendOverloadedError("full") if len(backend.requests) == 1 else "y"])
    with serving(backends=[backend]) as client:
        wrong = client.post("/generate", json={"prompt": ""}, headers=KEY)
        told = [client.post("/generate", json=DRAWN, headers=KEY).status_code for _ in range(3)]
    assert (wrong.status_code, told) == (422, [503, 200, 200])
    assert len(backend.requests) == 2


def test_so_is_a_batch_of_which_a_part_failed(serving: Serving) -> None:
    faults: list[Exception] = [BackendError("died")]
    backend = FunctionBackend("echo", lambda request: [faults.pop() if faults and "y" in request.prefix else "z"])
    body = {"prompts": ["x = ", "y = ", ""]}
    with serving(backends=[backend]) as client:
        answers = [client.post("/generate/batch", json=body, headers=KEY) for _ in range(3)]
    failed = [[one.get("error") for one in answer.json()["results"]] for answer in answers]
    assert failed == [[None, "model_unavailable", "invalid_request"]] + [[None, None, "invalid_request"]] * 2
    assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, False, True]


def test_a_stream_is_not_kept(serving: Serving) -> None:
    backend = ScriptedBackend("echo", "y")
    with serving(backends=[backend]) as client:
        told = [client.post("/generate/stream", json=DRAWN, headers=KEY) for _ in range(2)]
    assert ["event: done" in one.text for one in told] == [True, True]
    assert len(backend.requests) == 2


def test_other_routes_take_no_notice(client: httpx.Client) -> None:
    for _ in range(2):
        response = client.post("/language", json={"code": "x = 1"}, headers=KEY)
        assert (response.status_code, "Idempotency-Replayed" in response.headers) == (200, False)
        assert client.get("/stats", headers=KEY).status_code == 200


@pytest.mark.parametrize("wrong", ["", "x" * 256, "\xe9", "a\tb"])
def test_a_key_that_is_none_is_refused(client: httpx.Client, wrong: str) -> None:
    headers = {IDEMPOTENCY_KEY.encode(): wrong.encode("latin-1")}
    response = client.post("/generate", json=DRAWN, headers=headers)
    assert (response.status_code, response.json()["error"]) == (422, "invalid_request")
    assert "Idempotency-Key: expected 1 to 255 printable ASCII characters" in response.json()["message"]
    assert client.post("/v1/completions", json=DRAWN, headers=headers).status_code == 400


def test_a_body_over_the_limit_is_refused_as_ever(client: httpx.Client) -> None:
    response = client.post("/generate", json={"prompt": "x" * 200_000}, headers=KEY)
    assert response.status_code == 413


def test_the_sdk_has_another_key_for_each_call(serving: Serving) -> None:
    backend = numbering()
    with serving(backends=[backend]) as client, SFM2Client(str(client.base_url)) as sdk:
        assert [sdk.generate("x = ").completion for _ in range(3)] == ["1", "2", "3"]


# The part.


def response(size: int) -> WholeResponse:
    return WholeResponse(200, (), b"x" * size)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from(["keep", "end", "go on"]), st.floats(0, 9)
        )
    )
)
def test_a_key_belongs_to_one_request_while_it_runs_and_while_its_response_is_kept(
    events: list[tuple[str, str, str, float]],
) -> None:
    now = 0.0
    replays = Replays(10_000, 20, lambda: now)
    running: dict[str, str] = {}
    kept: dict[str, tuple[str, float]] = {}
    for key, request, end, seconds in events:
        now += seconds
        kept = {one: (of, since) for one, (of, since) in kept.items() if now < since + 20}
        owner = running.get(key) or kept.get(key, (None, 0.0))[0]
        if owner not in (None, request):
            with pytest.raises(IdempotencyConflictError):
                replays.begin("me", key, request)
        elif key in running:
            with pytest.raises(RequestInProgressError):
                replays.begin("me", key, request)
        else:
            assert (replays.begin("me", key, request) is not None) == (key in kept)
            if key not in kept:
                running[key] = request
        if key in running and end != "go on":
            if end == "keep":
                replays.keep("me", key, response(10))
                kept[key] = running[key], now
            replays.end("me", key)
            del running[key]
        assert replays.begin("other", f"{key}{now}", request) is None, "another client's is another"
        replays.end("other", f"{key}{now}")


def test_what_is_too_large_is_not_kept() -> None:
    replays = Replays(5_000, 20)
    for _ in range(2):
        assert replays.begin("me", "a", "x") is None
        replays.keep("me", "a", response(6_000))
