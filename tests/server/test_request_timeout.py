"""`X-Request-Timeout`: the client says how long it waits, and gets what is there by then."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sfm2.headers import REQUEST_TIMEOUT
from sfm2.testing import FunctionBackend, ScriptedBackend, forever, until
from tests.server.live import Serving

GENERATING = [
    ("/generate", {"prompt": "x"}),
    ("/generate/batch", {"prompts": ["x", "y"]}),
    ("/generate/stream", {"prompt": "x"}),
    ("/complete", {"prefix": "x"}),
    ("/complete/stream", {"prefix": "x"}),
    ("/explain", {"code": "x"}),
    ("/explain/stream", {"code": "x"}),
    ("/v1/completions", {"prompt": "x"}),
    ("/v1/completions", {"prompt": "x", "stream": True}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}]}),
    ("/infill", {"input_prefix": "x"}),
    ("/infill", {"input_prefix": "x", "stream": False}),
]
HOLE = {"prefix": "def f(x):\n    ", "suffix": "\n    return y\n", "path": "f.py"}


def within(seconds: object) -> dict[str, str]:
    return {REQUEST_TIMEOUT: str(seconds)}


@pytest.mark.parametrize("wrong", ["", "soon", "0", "-1", "nan", "inf", "1e999", "1;2"])
@pytest.mark.parametrize(("path", "body"), GENERATING)
def test_what_is_no_number_of_seconds_is_refused(
    client: httpx.Client, path: str, body: dict[str, Any], wrong: str
) -> None:
    response = client.post(path, json=body, headers=within(wrong))
    assert response.status_code == (422 if not path.startswith(("/v1", "/infill")) else 400)
    assert "X-Request-Timeout: expected seconds, a number over 0" in response.text


@pytest.mark.parametrize(("path", "body"), GENERATING)
def test_who_has_time_notices_nothing(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    assert client.post(path, json=body, headers=within(60)).status_code == 200


def test_what_is_written_by_then_is_the_answer(serving: Serving) -> None:
    backend = ScriptedBackend("echo", "y = x + 1\n", "    y = (", forever)
    with serving(backends=[backend]) as client:
        answer = client.post("/complete", json=HOLE, headers=within(1.5)).raise_for_status().json()
    assert (answer["completion"], answer["finish_reason"]) == ("y = x + 1", "time")
    assert backend.running == 0


def test_a_stream_ends_then_too_though_it_never_fell_silent(serving: Serving) -> None:
    backend = FunctionBackend("echo", lambda _: [step for i in range(1_000) for step in (f"y = {i}\n    ", 0.02)])
    with serving(backends=[backend]) as client:
        text = client.post("/generate/stream", json={"prompt": HOLE["prefix"]}, headers=within(1.5)).text
    assert text.count("event: done") == 1
    assert '"finish_reason":"time"' in text


@pytest.mark.parametrize(("path", "body"), GENERATING)
def test_without_anything_by_then_nobody_else_is_asked(serving: Serving, path: str, body: dict[str, Any]) -> None:
    first, second = ScriptedBackend("sfm2", forever), ScriptedBackend("openai", "y = 2")
    with serving(backends=[first, second]) as client:
        response = client.post(path, json=body, headers=within(0.1))
        until(lambda: first.running == 0, what="the end of the work")
    assert second.requests == []
    if path == "/generate/batch":
        assert [one["error"] for one in response.json()["results"]] == ["timeout", "timeout"]
    else:
        assert response.status_code == 504
        assert "X-Request-Timeout" in response.text
        assert "Retry-After" not in response.headers


def test_of_a_batch_there_is_what_was_answered(serving: Serving) -> None:
    backend = FunctionBackend("echo", lambda request: [forever] if "slow" in request.prefix else ["z"])
    with serving(backends=[backend]) as client:
        response = client.post("/generate/batch", json={"prompts": ["a", "slow", "b"]}, headers=within(3))
    assert [one.get("error") for one in response.json()["results"]] == [None, "timeout", None]


def test_a_client_in_a_hurry_takes_the_backend_from_nobody(serving: Serving) -> None:
    """A timeout counts against a backend of which nobody knows whether it works; not if the client made it."""
    backend = FunctionBackend("echo", lambda request: [forever] if "slow" in request.prefix else ["z"])
    with serving(backends=[backend], fallback={"chain": ["echo"], "failures": 1}) as client:
        for _ in range(3):
            assert client.post("/generate", json={"prompt": "slow"}, headers=within(0.05)).status_code == 504
        assert client.post("/generate", json={"prompt": "x"}).status_code == 200
        assert client.get("/stats").json()["errors"] == {"timeout": 3}


def test_it_gives_no_more_than_the_server_does(serving: Serving) -> None:
    with serving(backends=[ScriptedBackend("echo", forever)], generation={"timeout": 0.2}) as client:
        response = client.post("/generate", json={"prompt": "x"}, headers=within(3_600))
    assert (response.status_code, response.json()["error"]) == (503, "overloaded")


def test_time_that_was_over_before_the_work_began_costs_nothing(serving: Serving) -> None:
    backend = ScriptedBackend("echo", "z")
    with serving(backends=[backend]) as client:
        assert client.post("/generate", json={"prompt": "x"}, headers=within(1e-9)).status_code == 504
    assert backend.requests == []
