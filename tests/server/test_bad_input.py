"""Every bad input gets the error body of the API reference, and the server keeps working."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sfm2.testing import ScriptedBackend
from sfm2.types import ErrorBody
from tests.server.live import MODEL_ROUTES, Serving

JSON = {"Content-Type": "application/json"}


def problem(response: httpx.Response, status: int, code: str) -> ErrorBody:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    body = ErrorBody.model_validate(response.json())
    assert body.error == code
    assert body.suggestion
    return body


FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": ""}, "prompt", "empty"),
    ({"prompt": "  \n"}, "prompt", "empty"),
    ({"prompt": None}, "prompt", "string"),
    ({"prompt": 3}, "prompt", "string"),
    ({}, "prompt", "required"),
    ({"prompt": "x\ud800"}, "prompt", "lone surrogate"),
    ({"prompt": "x\x00"}, "prompt", "NUL"),
    ({"prompt": "x", "suffix": "\udfff"}, "suffix", "lone surrogate"),
    ({"prompt": "x", "temperature": -1}, "temperature", "0"),
    ({"prompt": "x", "temperature": 5}, "temperature", "2"),
    ({"prompt": "x", "temperature": 1e-320}, "temperature", "1e-30"),
    ({"prompt": "x", "top_p": 1e-320}, "top_p", "1e-30"),
    ({"prompt": "x", "repetition_penalty": 1e-320}, "repetition_penalty", "1e-30"),
    ({"prompt": "x", "temperature": "warm"}, "temperature", "number"),
    ({"prompt": "x", "top_p": 0}, "top_p", "0"),
    ({"prompt": "x", "top_k": -1}, "top_k", "0"),
    ({"prompt": "x", "max_length": 0}, "max_length", "1"),
    ({"prompt": "x", "max_length": 10**9}, "max_length", "32768"),
    ({"prompt": "x", "max_length": 501}, "max_length", "500"),
    ({"prompt": "x", "max_length": 1.5}, "max_length", "integer"),
    ({"prompt": "x", "language": "klingon"}, "language", "python"),
    ({"prompt": "x", "stop": [""]}, "stop", "1 character"),
    ({"prompt": "x", "stop": "\n"}, "stop", "list"),
    ({"prompt": "x", "n": 9}, "n", "8"),
    ({"prompt": "x", "seed": -1}, "seed", "0"),
    ({"prompt": "x", "temprature": 1}, "temprature", "did you mean temperature?"),
    ({"prompt": "x", "maxLength": 1}, "maxLength", "did you mean max_length?"),
    ({"prompt": "x", "\ud800": 1}, "body", "unicode"),
]


@pytest.mark.parametrize(("request_body", "field", "expected"), FIELDS, ids=lambda value: ascii(value)[:50])
@pytest.mark.parametrize("path", ["/generate", "/generate/stream"])
def test_a_wrong_field_is_named_with_what_was_expected(
    client: httpx.Client, path: str, request_body: dict[str, Any], field: str, expected: str
) -> None:
    body = problem(client.post(path, content=json.dumps(request_body), headers=JSON), 422, "invalid_request")
    assert field in body.message
    assert expected in body.message


@pytest.mark.parametrize(
    ("path", "request_body", "field"),
    [
        ("/generate/batch", {}, "prompts"),
        ("/generate/batch", {"prompts": []}, "prompts"),
        ("/generate/batch", {"prompts": "x"}, "prompts"),
        ("/complete", {}, "prefix"),
        ("/complete", {"prefix": "x", "sufix": "y"}, "did you mean suffix?"),
        ("/explain", {"code": " "}, "code"),
    ],
)
def test_other_routes_name_the_field_too(client: httpx.Client, path: str, request_body: Any, field: str) -> None:
    assert field in problem(client.post(path, json=request_body), 422, "invalid_request").message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b'{"prompt": "x",}', "not valid JSON"),
        (b'{"prompt": NaN}', "NaN"),
        (b'["x"]', "array"),
        (b'"x"', "string"),
        (b"null", "null"),
        (b"7", "number"),
        (b'{"prompt": "\xff"}', "not UTF-8"),
        ('{"prompt": "x"}'.encode("utf-16"), "not UTF-8"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"prompt": ' + b'{"a":' * 10_000, "nested too deeply"),
        (b'{"prompt": "x", "seed": ' + b"9" * 5_000 + b"}", "too long"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_json_object_is_malformed(client: httpx.Client, content: bytes, words: str) -> None:
    assert words in problem(client.post("/generate", content=content, headers=JSON), 400, "malformed_request").message


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application", ";"])
@pytest.mark.parametrize("path", MODEL_ROUTES)
def test_only_json_is_taken(client: httpx.Client, path: str, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = client.post(path, content=b'{"prompt": "x"}', headers=headers)
    assert "application/json" in problem(response, 415, "unsupported_media_type").message


def test_a_charset_is_no_harm(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert client.post("/generate", content=b'{"prompt": "x"}', headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/generate/", "/v2/completions", "/health/nix", "/redoc"])
def test_an_unknown_route_is_not_found(client: httpx.Client, path: str) -> None:
    assert path in problem(client.get(path), 404, "not_found").message


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/generate", "POST"), ("POST", "/stats", "GET"), ("DELETE", "/health", "GET")],
)
def test_a_wrong_method_says_which_is_right(client: httpx.Client, method: str, path: str, allowed: str) -> None:
    response = client.request(method, path)
    problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/generate", "/generate/stream", "/explain", "/explain/stream"])
def test_a_prompt_over_the_limit_is_too_large(client: httpx.Client, path: str) -> None:
    field = "code" if path.startswith("/explain") else "prompt"
    body = problem(client.post(path, json={field: "x" * 5_001}), 413, "payload_too_large")
    assert "5,000" in body.message


def test_prompt_and_suffix_count_together(client: httpx.Client) -> None:
    response = client.post("/generate", json={"prompt": "x" * 3_000, "suffix": "y" * 3_000})
    problem(response, 413, "payload_too_large")


def test_of_a_long_file_to_complete_what_is_near_the_cursor_is_read(serving: Serving) -> None:
    backend = ScriptedBackend("sfm2", "x")
    before = "import sys\n" + "a = 1\n" * 3_000 + "def f():\n" + "    b = 2\n" * 3_000 + "    return "
    after = "\n" + "c = 3\n" * 3_000
    with serving(backends=[backend], limits={"max_prompt": 5_000}) as client:
        for path in ("/complete", "/complete/stream"):
            text = client.post(path, json={"prefix": before, "suffix": after, "path": "a.py"}).raise_for_status().text
            assert json.dumps(before + "x") in text, "generated_code is the whole of it"
    for request in backend.requests:
        assert len(request.prefix) + len(request.suffix) <= 5_000
        assert request.prefix.startswith("import sys\ndef f():\n")
        assert request.prefix.endswith("    b = 2\n    return ")
        assert request.suffix.startswith("\nc = 3\n")


def test_a_batch_over_the_limit_is_too_large(client: httpx.Client) -> None:
    body = problem(client.post("/generate/batch", json={"prompts": ["x"] * 1_000}), 413, "payload_too_large")
    assert "8" in body.message


def test_50_megabytes_are_refused_and_the_client_learns_it(client: httpx.Client) -> None:
    response = client.post("/generate", content=b"x" * 50_000_000, headers=JSON)
    assert "100,000 bytes" in problem(response, 413, "payload_too_large").message


def test_50_megabytes_in_pieces_are_refused_too(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 1_000_000

    problem(client.post("/generate", content=pieces(), headers=JSON), 413, "payload_too_large")


def test_a_declared_length_over_the_limit_is_refused_before_the_body_comes(client: httpx.Client) -> None:
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 0, timeout=10)
    connection.putrequest("POST", "/generate")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "50000000")
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["error"] == "payload_too_large"
    connection.close()


def test_a_body_beyond_its_declared_length_is_cut_there(client: httpx.Client) -> None:
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port or 0, timeout=10)
    connection.putrequest("POST", "/generate")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "4")
    connection.endheaders()
    connection.send(b'{"prompt": "x"}')
    response = connection.getresponse()
    assert response.status == 400  # ours, or uvicorn's when it has met the rest, which is no request
    connection.close()


def test_the_server_is_well_after_all_that(client: httpx.Client) -> None:
    assert client.post("/generate", json={"prompt": "fine"}).status_code == 200


# Much of what is wrong.

MANY: list[tuple[str, dict[str, Any]]] = [
    ("/generate", {"prompt": "x", **{f"field_{number}": number for number in range(5_000)}}),
    ("/generate/stream", {"prompt": "x", "context": [{}] * 5_000, **{f"f{number}": 1 for number in range(4_000)}}),
    ("/v1/chat/completions", {"messages": [{}] * 5_000}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": [{}] * 5_000}]}),
]


@pytest.mark.parametrize(("path", "request_body"), MANY, ids=lambda value: ascii(value)[:40])
def test_of_many_complaints_ten_are_told_and_the_rest_counted(
    client: httpx.Client, path: str, request_body: dict[str, Any]
) -> None:
    response = client.post(path, json=request_body)
    assert response.status_code in {400, 422}
    assert "more" in response.text
    assert response.text.count("; ") <= 12
    assert len(response.content) < 6_000


def test_the_rest_is_counted_exactly(client: httpx.Client) -> None:
    body = problem(client.post("/generate", json=MANY[0][1]), 422, "invalid_request")
    assert body.message.endswith("; and 4,990 more")


@pytest.mark.parametrize("path", ["/generate", "/complete", "/v1/chat/completions", "/v1/completions", "/infill"])
@pytest.mark.parametrize(
    "values",
    [
        {f"unknown field {number}": number for number in range(11_000)},
        {"messages": [{}] * 11_000},
        {"a": [[0] * 90] * 150},
    ],
    ids=["fields", "messages", "lists"],
)
def test_a_body_of_too_many_values_is_refused_before_it_is_validated(
    client: httpx.Client, path: str, values: dict[str, Any]
) -> None:
    content = json.dumps(values).encode()
    with httpx.Client(base_url=client.base_url, timeout=20, trust_env=False) as other:
        response = other.post(path, content=content.ljust(len(content)), headers=JSON)
    assert response.status_code == 413
    assert len(response.content) < 1_000


@pytest.mark.parametrize(
    "request_body",
    [
        {"prompt": "x", "n": int("9" * 4_000)},
        {"prompt": "x", "x" * 50_000: 1},
        {"prompt": "x", "temperature": "9" * 50_000},
        {"prompt": "x", "language": "k" * 50_000},
        {"prompt": "x", "model": "m" * 50_000},
    ],
    ids=["number", "name", "text", "choice", "model"],
)
def test_a_long_value_is_not_repeated(client: httpx.Client, request_body: dict[str, Any]) -> None:
    response = client.post("/generate", json=request_body)
    assert response.status_code == 422
    assert len(response.content) < 1_500


def test_a_long_path_is_not_repeated(client: httpx.Client) -> None:
    response = client.get("/" + "x" * 50_000)
    assert response.status_code in {400, 404}
    assert len(response.content) < 5_000
