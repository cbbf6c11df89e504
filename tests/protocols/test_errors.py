"""Errors on the routes of other protocols are in the form of those protocols."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.errors import BackendError, ModelUnavailableError, PromptTooLongError, StreamInterruptedError
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.sse import Decoder
from sfm2.types import KeyScope
from tests.server.failing import FailingManager
from tests.server.live import Serving

V1 = ("/v1/completions", "/v1/chat/completions")


def body_for(path: str, **more: Any) -> dict[str, Any]:
    asked = {"messages": [{"role": "user", "content": "x"}]} if "chat" in path else {"prompt": "x"}
    return {**({"input_prefix": "x"} if path == "/infill" else asked), **more}


def openai_error(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["error"]
    error = response.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["code"] == code
    assert error["message"]
    return dict(error)


def llama_error(response: httpx.Response, status: int, kind: str) -> str:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error["type"]) == (status, kind)
    return str(error["message"])


@pytest.mark.parametrize("path", V1)
def test_a_malformed_body(client: httpx.Client, path: str) -> None:
    openai_error(
        client.post(path, content=b"{", headers={"Content-Type": "application/json"}), 400, "malformed_request"
    )
    openai_error(client.post(path, content=b"{}"), 415, "unsupported_media_type")
    openai_error(client.post(path, json={"prompt": "x" * 100_001}), 413, "payload_too_large")
    openai_error(client.post(path, json={}), 400, "invalid_request")
    openai_error(client.get(path), 405, "method_not_allowed")


def test_an_unknown_route(client: httpx.Client) -> None:
    assert openai_error(client.post("/v1/embeddings", json={}), 404, "not_found")["param"] is None


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        *((path, "temperature", 3) for path in V1),
        *((path, "n", 0) for path in V1),
        *((path, "stop", ["x"] * 65) for path in V1),
        *((path, "stop", 7) for path in V1),
        ("/v1/completions", "prompt", [1, 2, 3]),
        ("/v1/completions", "prompt", [[1, 2, 3]]),
        ("/v1/completions", "prompt", []),
        ("/v1/completions", "prompt", {"text": "x"}),
        ("/v1/completions", "prompt", ["x"] * 9),
        ("/v1/chat/completions", "messages", []),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, path: str, field: str, value: object) -> None:
    response = client.post(path, json=body_for(path, **{field: value}))
    assert response.status_code in (400, 413)
    assert field in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        *((path, "presence_penalty", 0.5) for path in V1),
        *((path, "frequency_penalty", -1) for path in V1),
        *((path, "logit_bias", {"50256": -100}) for path in V1),
        ("/v1/completions", "logprobs", 5),
        ("/v1/chat/completions", "top_logprobs", 2),
        ("/v1/chat/completions", "tools", [{"type": "function", "function": {"name": "f"}}]),
        ("/v1/chat/completions", "functions", [{"name": "f"}]),
    ],
)
def test_what_would_change_the_answer_and_cannot_be_had_is_refused_by_name(
    client: httpx.Client, path: str, field: str, value: object
) -> None:
    error = openai_error(client.post(path, json=body_for(path, **{field: value})), 400, "invalid_request")
    assert error["param"] == field
    assert error["message"].startswith(field)


def test_what_asks_for_nothing_is_let_pass(client: httpx.Client) -> None:
    neutral = {"presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": None, "user": "me", "n": 1}
    assert client.post("/v1/completions", json=body_for("", **neutral, best_of=1, unknown=3)).status_code == 200
    chat: dict[str, Any] = {
        **neutral,
        "tools": [],
        "tool_choice": "auto",
        "response_format": {"type": "text"},
        "store": False,
    }
    assert client.post(V1[1], json=body_for(V1[1], **chat)).status_code == 200
    tools = {"tools": [{"type": "function"}], "tool_choice": "none"}
    assert client.post(V1[1], json=body_for(V1[1], **tools)).status_code == 200


def test_scoring_a_text_is_refused_in_words_that_help(client: httpx.Client) -> None:
    asked = {"prompt": "x = 1", "max_tokens": 1, "logprobs": 1, "echo": True}  # lm-eval's loglikelihood
    error = openai_error(client.post("/v1/completions", json=asked), 400, "invalid_request")
    assert error["param"] == "echo"
    assert "loglikelihood" in error["message"]


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
            "messages.0.content.0.type",
        ),
        ([{"role": "user", "content": "x"}, {"role": "tool", "content": "y"}], "messages.1.role"),
    ],
)
def test_a_message_that_is_not_text_is_refused(client: httpx.Client, messages: object, param: str) -> None:
    error = openai_error(client.post(V1[1], json={"messages": messages}), 400, "invalid_request")
    assert error["param"] == param


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", V1)
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ModelUnavailableError("all failed", retry_after=3), 503, "model_unavailable"),
        (PromptTooLongError("9 of 8", details={"n_ctx": 8}), 400, "context_length_exceeded"),
        (KeyError("secret"), 500, "internal_error"),
    ],
)
def test_a_failure_of_ours(serving: Serving, path: str, error: Exception, status: int, code: str, stream: bool) -> None:
    with serving(manager=FailingManager(error)) as client:
        response = client.post(path, json=body_for(path, stream=stream))
    told = openai_error(response, status, code)
    assert "secret" not in told["message"]
    if status == 503:
        assert response.headers["retry-after"] == "3"
    if status == 400:
        assert "maximum context length is 8 tokens" in told["message"], "by these words clients know it"


@pytest.mark.parametrize("path", [*V1, "/infill"])
def test_a_stream_that_breaks_says_so_and_does_not_say_done(serving: Serving, path: str) -> None:
    with serving(manager=FailingManager(StreamInterruptedError("the engine died"), chunks=2)) as client:
        response = client.post(path, json=body_for(path, stream=True))
        stats = client.get("/stats").json()
    events = [event.data for event in Decoder().feed(response.content)]
    assert response.status_code == 200
    assert "[DONE]" not in events
    assert "the engine died" in json.loads(events[-1])["error"]["message"]
    assert stats["errors"] == {"stream_interrupted": 1}


def test_a_missing_key(serving: Serving, tmp_path: Path) -> None:
    Keys(Store.in_folder(tmp_path)).create()
    with serving() as client:
        for path in V1:
            response = client.post(path, json=body_for(path))
            assert openai_error(response, 401, "invalid_api_key")["type"] == "invalid_request_error"
            assert response.headers["www-authenticate"] == "Bearer"
        openai_error(client.get("/v1/models"), 401, "invalid_api_key")
        llama_error(client.post("/infill", json={}), 401, "authentication_error")


def test_a_key_without_the_scope(serving: Serving, tmp_path: Path) -> None:
    _, key = Keys(Store.in_folder(tmp_path)).create(scopes=[KeyScope.STATS])
    headers = {"X-API-Key": key}
    with serving() as client:
        for path in V1:
            told = openai_error(client.post(path, json=body_for(path), headers=headers), 403, "forbidden")
            assert told["type"] == "invalid_request_error"
            assert "scope generate" in told["message"]
        openai_error(client.get("/v1/models", headers=headers), 403, "forbidden")
        llama_error(client.post("/infill", json={}, headers=headers), 403, "permission_error")


def test_a_client_over_its_rate_limit(serving: Serving) -> None:
    with serving(limits={"rate": "1/minute"}) as client:
        assert client.get("/v1/models").headers["x-ratelimit-remaining-requests"] == "0"
        response = client.post(V1[0], json=body_for(V1[0]))
        assert openai_error(response, 429, "rate_limit_exceeded")["type"] == "requests"
        assert response.headers["x-ratelimit-limit-requests"] == "1"
        assert "x-ratelimit-limit" not in response.headers
        refused = client.post("/infill", json={})
        llama_error(refused, 429, "rate_limit_error")
        assert refused.headers["retry-after"]


def test_a_strange_host(serving: Serving) -> None:
    with serving() as client:
        openai_error(client.get("/v1/models", headers={"Host": "evil.example"}), 400, "malformed_request")


def test_on_infill_they_are_llama_cpps(serving: Serving, client: httpx.Client) -> None:
    assert "input_prefix" in llama_error(client.post("/infill", json={"input_prefix": 3}), 400, "invalid_request_error")
    assert "sfm2:ADAPTER" in llama_error(
        client.post("/infill", json={"lora": [{"id": 0}]}), 400, "invalid_request_error"
    )
    llama_error(client.post("/infill", json={"model": "gpt-4"}), 404, "not_found_error")
    llama_error(client.post("/infill", content=b"{}"), 415, "invalid_request_error")
    for error, status, kind in (
        (BackendError("died"), 503, "unavailable_error"),
        (KeyError("secret"), 500, "server_error"),
        (PromptTooLongError("9 of 8", details={"n_ctx": 8}), 400, "exceed_context_size_error"),
    ):
        with serving(manager=FailingManager(error)) as failing:
            llama_error(failing.post("/infill", json={"input_prefix": "x"}), status, kind)
