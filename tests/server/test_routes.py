"""What the routes answer when nothing is wrong."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from typing import Any

import httpx
import pytest

import sfm2
from sfm2.sse import Decoder
from sfm2.testing import ScriptedBackend
from sfm2.types import Batch, Completion, Explanation, Health
from tests.server.live import Serving


def test_health_names_every_backend_and_the_version(client: httpx.Client) -> None:
    response = client.get("/health")
    health = Health.model_validate(response.json())
    assert response.status_code == 200
    assert health.status == "healthy"
    assert health.model_status["echo"] == "available"
    assert {"sfm2", "gpt2_lora", "openai"} <= health.model_status.keys()
    assert health.version == sfm2.__version__


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probes_are_ok(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_generate_answers_with_prompt_and_completion(client: httpx.Client) -> None:
    prompt = "f = 1  # echo:pass"
    request = {
        "prompt": prompt,
        "max_length": 100,
        "temperature": 0.7,
        "top_p": 0.9,
        "language": "python",
    }
    answer = Completion.model_validate(client.post("/generate", json=request).raise_for_status().json())
    assert answer.completion == "pass"
    assert answer.generated_code == prompt + "pass"
    assert answer.model_used == "echo"
    assert 0 < answer.confidence <= 1
    assert answer.tokens.completion == 1


def test_one_bad_prompt_in_a_batch_leaves_the_others_answered(client: httpx.Client) -> None:
    request = {"prompts": ["a b", "", 7, "x\ud800", "x" * 5_001, "c d"], "max_length": 50}
    batch = Batch.model_validate(_post(client, "/generate/batch", request).raise_for_status().json())
    first, empty, number, surrogate, long, last = batch.results
    assert isinstance(first, Completion)
    assert isinstance(last, Completion)
    assert (first.completion, last.completion) == (" b", " d")
    errors = [result.error for result in (empty, number, surrogate, long) if not isinstance(result, Completion)]
    assert errors == ["invalid_request"] * 3 + ["payload_too_large"]


def _post(client: httpx.Client, path: str, request: Any) -> httpx.Response:
    """As `json=`, which would refuse to send lone surrogates."""
    return client.post(path, content=json.dumps(request), headers={"Content-Type": "application/json"})


def test_complete_fills_the_hole(client: httpx.Client) -> None:
    request = {"prefix": "x = 1\nprint(x)  # echo:x", "suffix": "\nprint(1)\n", "path": "demo.py"}
    assert client.post("/complete", json=request).raise_for_status().json()["completion"].startswith("x")


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({"prefix": "x = 1  # echo:y", "language": "ruby"}, "ruby"),
        ({"prefix": "x := 1 // echo:y", "path": "a/main.go"}, "go"),
        ({"prefix": "def f(n):\n    return n  # echo:y"}, "python"),
        ({"prefix": "echo:y"}, None),
    ],
    ids=["named", "by its file", "guessed", "unknown"],
)
def test_an_answer_names_the_language_that_it_was_judged_in(
    client: httpx.Client, asked: dict[str, str], language: str | None
) -> None:
    assert _post(client, "/complete", asked).raise_for_status().json()["language"] == language


def test_the_language_of_code_is_told_without_a_model(client: httpx.Client) -> None:
    def told(**asked: str) -> Any:
        return _post(client, "/language", asked).raise_for_status().json()

    assert told(code="def f(n):\n    return n\n") == {"language": "python", "guessed": True}
    assert told(code="#!/bin/sh\nls\n") == {"language": "bash", "guessed": False}
    assert told(code="x", path="main.go") == {"language": "go", "guessed": False}
    assert told(code="") == {"language": None, "guessed": False}
    assert "X-RateLimit-Limit" not in _post(client, "/language", {"code": "x"}).headers


@pytest.mark.parametrize("path", ["/complete", "/complete/stream", "/generate", "/explain"])
def test_a_model_that_is_named_answers_or_nobody_does(client: httpx.Client, path: str) -> None:
    code = {"prefix" if "complete" in path else "prompt" if path == "/generate" else "code": "x = 1  # echo:y"}
    assert _post(client, path, {**code, "model": "echo"}).status_code == 200
    refused = _post(client, path, {**code, "model": "gpt-9"})
    assert (refused.status_code, refused.json()["error"]) == (422, "invalid_request")
    assert refused.json()["message"] == "model: 'gpt-9' is not in the chain; expected one of echo"


def test_explain_answers_in_words(client: httpx.Client) -> None:
    answer = client.post("/explain", json={"code": "def f(x, y): return x**2 + y**2"}).raise_for_status().json()
    assert Explanation.model_validate(answer).model_used == "echo"
    (facts,) = answer["facts"]
    assert (facts["kind"], facts["name"], facts["returns"]) == ("function", "f", ["x**2 + y**2"])
    assert (0 < answer["confidence"] <= 1, answer["calibrated"]) == (True, False)


def test_a_stream_is_chunks_and_one_done(client: httpx.Client) -> None:
    with client.stream("POST", "/generate/stream", json={"prompt": "# echo:one two", "guard": False}) as response:
        raw = response.read()
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    chunks = b'event: chunk\ndata: {"text":"one"}\n\nevent: chunk\ndata: {"text":" two"}\n\n'
    assert raw.startswith(chunks + b"event: done\ndata: {")
    assert raw.endswith(b"}\n\n")
    events = list(Decoder().feed(raw))
    assert [event.name for event in events] == ["chunk", "chunk", "done"]
    assert Completion.model_validate_json(events[-1].data).completion == "one two"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/generate", {"prompt": "# echo:one two"}),
        ("/complete", {"prefix": "# echo:one two", "suffix": "\nx = 1\n", "path": "a.py"}),
        ("/complete", {"prefix": "echo:one two", "language": "text"}),
        ("/explain", {"code": "echo:one two"}),
    ],
)
def test_done_has_what_the_route_without_stream_answers(client: httpx.Client, path: str, body: dict[str, str]) -> None:
    own = {"id", "processing_time"}  # of each answer
    whole = client.post(path, json=body).raise_for_status().json()
    *chunks, done = Decoder().feed(client.post(f"{path}/stream", json=body).raise_for_status().content)
    assert {event.name for event in chunks} == {"chunk"}
    assert done.name == "done"
    answer = json.loads(done.data)
    assert answer.keys() == whole.keys()
    assert {name: answer[name] for name in answer if name not in own} == {
        name: whole[name] for name in whole if name not in own
    }
    text = answer["explanation" if path == "/explain" else "completion"]
    assert "".join(json.loads(event.data)["text"] for event in chunks) == text != ""


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/generate/stream", {"prompt": "# echo-slow:a b c d", "guard": False}),
        ("/complete/stream", {"prefix": "# echo-slow:a b c d", "guard": False}),
        ("/explain/stream", {"code": "echo-slow:a b c d"}),
    ],
)
def test_chunks_arrive_while_the_rest_is_being_made(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    with client.stream("POST", path, json=body) as response:
        pieces = list(response.iter_raw())
    assert len(pieces) >= 4


def test_a_line_of_a_completion_arrives_while_the_next_is_being_made(serving: Serving) -> None:
    go_on = threading.Event()
    backend = ScriptedBackend("sfm2", "total = 1\n", "    total += 2\n", lambda: asyncio.to_thread(go_on.wait, 20))
    hole = {"prefix": "def f():\n    ", "path": "f.py"}
    with serving(backends=[backend]) as client, client.stream("POST", "/complete/stream", json=hole) as response:
        pieces = response.iter_raw()
        assert b'{"text":"total = 1' in next(pieces)
        assert backend.running == 1, "the model is still writing"
        go_on.set()
        assert b"event: done" in b"".join(pieces)


def test_a_sane_request_id_comes_back(client: httpx.Client) -> None:
    assert client.get("/health", headers={"X-Request-ID": "trace-7.a"}).headers["x-request-id"] == "trace-7.a"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "a\tb"])
def test_an_odd_request_id_is_replaced(client: httpx.Client, given: str) -> None:
    found = client.get("/health", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert found
    assert found != given


def test_documentation_is_served(client: httpx.Client) -> None:
    page = client.get("/docs").raise_for_status().text
    assert "openapi.json" in page
    assert not [url for url in re.findall(r"https?://[^\"' ]+", page) if not url.startswith(str(client.base_url))]
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert client.get(f"/swagger/{name}").raise_for_status().content
    assert "/generate/stream" in client.get("/openapi.json").raise_for_status().json()["paths"]


def test_other_origins_are_not_let_in(client: httpx.Client) -> None:
    response = client.options(
        "/generate", headers={"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in response.headers
    assert response.status_code == 405
