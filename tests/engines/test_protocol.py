"""llama.cpp's routes and OpenAI's, spoken by a real engine process on tiny weights."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sfm2.sse import Decoder
from tests.engines.conftest import MakeSettings
from tests.engines.running import running_engine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tiny_settings: MakeSettings) -> Iterator[httpx.Client]:
    """A client of a running engine that takes four requests at once."""
    with running_engine(tiny_settings(models__sfm2__max_requests=4)) as address:
        headers = {"Authorization": f"Bearer {address.key}"}
        with httpx.Client(base_url=address.url, headers=headers, timeout=30) as client:
            yield client


def complete(engine: httpx.Client, **fields: Any) -> dict[str, Any]:
    response = engine.post("/completion", json={"prompt": "def return", "n_predict": 24, "temperature": 0, **fields})
    response.raise_for_status()
    body: dict[str, Any] = response.json()
    return body


def stream(engine: httpx.Client, path: str = "/completion", **fields: Any) -> list[str]:
    body = {"prompt": "def return", "n_predict": 24, "temperature": 0, "stream": True, **fields}
    decoder = Decoder()
    with engine.stream("POST", path, json=body) as response:
        response.raise_for_status()
        return [event.data for chunk in response.iter_bytes() for event in decoder.feed(chunk)]


def test_health_needs_no_key_and_the_rest_does(engine: httpx.Client) -> None:
    url = str(engine.base_url)
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert httpx.post(f"{url}/completion", json={"prompt": "x"}, headers=headers).status_code == 401


def test_streaming_gives_the_same_text(engine: httpx.Client) -> None:
    whole = complete(engine)
    for by_line in (False, True):
        events = [json.loads(data) for data in stream(engine, by_line=by_line)]
        assert "".join(event["content"] for event in events) == whole["content"]
        assert [event["stop"] for event in events] == [False] * (len(events) - 1) + [True]
        assert events[-1]["tokens_predicted"] == whole["tokens_predicted"] == 24


def test_text_is_whole_characters_though_tokens_are_bytes(engine: httpx.Client) -> None:
    events = [json.loads(data) for data in stream(engine, temperature=2, seed=3, n_predict=200)]
    tokens = [token for event in events for token in event["tokens"]]
    assert len(tokens) > 50
    assert (
        "".join(event["content"] for event in events)
        == engine.post("/detokenize", json={"tokens": tokens}).json()["content"]
    )


def test_the_chosen_tokens_have_probabilities(engine: httpx.Client) -> None:
    entries = complete(engine, n_probs=1)["completion_probabilities"]
    assert len(entries) == 24
    assert all(entry["logprob"] <= 0 for entry in entries)
    assert "completion_probabilities" not in complete(engine)


def test_tokens_go_in_and_out(engine: httpx.Client) -> None:
    text = "def return    é🙂\n"
    tokens = engine.post("/tokenize", json={"content": text}).json()["tokens"]
    assert engine.post("/detokenize", json={"tokens": tokens}).json() == {"content": text}
    assert complete(engine, prompt=tokens)["content"] == complete(engine, prompt=text)["content"]


def test_a_special_token_in_a_text_can_be_only_text(engine: httpx.Client) -> None:
    text = "a<|im_end|>b<|endoftext|><|im_<|im_end|>"

    def tokens(text: str, parse_special: bool) -> list[int]:
        body = {"content": text, "parse_special": parse_special}
        found: list[int] = engine.post("/tokenize", json=body).json()["tokens"]
        return found

    (end,) = tokens("<|im_end|>", parse_special=True)
    assert tokens(text, parse_special=True).count(end) == 2
    plain = tokens(text, parse_special=False)
    assert end not in plain
    assert engine.post("/detokenize", json={"tokens": plain}).json() == {"content": text}
    assert tokens("def return", parse_special=False) == tokens("def return", parse_special=True)


def test_each_tokens_bytes_are_told_and_the_time_until_the_first(engine: httpx.Client) -> None:
    events = [json.loads(data) for data in stream(engine, temperature=2, seed=3, n_predict=60, n_probs=1)]
    told = b"".join(bytes(one["bytes"]) for event in events for one in event["completion_probabilities"])
    assert told.decode("utf-8", "replace") == "".join(event["content"] for event in events)
    times = {event["timings"]["prompt_ms"] for event in events}
    assert len(times) == 1
    assert times.pop() > 0


def test_a_stop_text_ends_it(engine: httpx.Client) -> None:
    text = complete(engine)["content"]
    body = complete(engine, stop=[text[5:8]])
    assert body["stop_type"] == "word"
    assert body["content"] == text[: text.index(text[5:8])]


def test_equal_seeds_give_equal_samples(engine: httpx.Client) -> None:
    one, same, other = (complete(engine, temperature=1.5, seed=seed)["content"] for seed in (1, 1, 2))
    assert one == same != other
    assert complete(engine, temperature=1.5)["content"] != complete(engine, temperature=1.5)["content"]


def test_a_prompt_beyond_the_window_says_both_lengths(engine: httpx.Client) -> None:
    response = engine.post("/completion", json={"prompt": "x y " * 10_000})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "exceed_context_size_error"
    assert error["n_prompt_tokens"] == 40_000
    assert error["n_ctx"] == 512


def test_a_completion_ends_at_the_window(engine: httpx.Client) -> None:
    body = complete(engine, prompt="x" * 500, n_predict=-1)
    assert body["stop_type"] in ("limit", "eos")
    assert body["tokens_evaluated"] + body["tokens_predicted"] <= 512


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"prompt": 3}', b'{"prompt": ""}', b'{"prompt":"x","top_p":7}'])
def test_a_malformed_request_is_refused(engine: httpx.Client, body: bytes) -> None:
    response = engine.post("/completion", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def running(engine: httpx.Client) -> int:
    return int(engine.get("/props").json()["running"])


def until_idle(engine: httpx.Client) -> bool:
    deadline = time.monotonic() + 10
    while running(engine) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running(engine) == 0


def test_leaving_a_stream_frees_the_engine(engine: httpx.Client) -> None:
    with engine.stream("POST", "/completion", json={"prompt": "x", "temperature": 2, "stream": True}) as response:
        next(response.iter_bytes())
    assert until_idle(engine)


def test_too_many_at_once_are_refused(engine: httpx.Client) -> None:
    body = {"prompt": "x" * 100, "temperature": 2, "stream": True, "n_predict": 400}
    statuses = []
    open_streams = [engine.stream("POST", "/completion", json=body) for _ in range(6)]
    for one in open_streams:
        statuses.append(one.__enter__().status_code)
    for one in open_streams:
        one.__exit__(None, None, None)
    assert statuses.count(429) >= 1
    assert statuses.count(200) >= 4
    assert until_idle(engine)


def test_openai_completions(engine: httpx.Client) -> None:
    body = {"prompt": "def return", "max_tokens": 24, "temperature": 0, "logprobs": 1}
    answer = engine.post("/v1/completions", json=body).json()
    assert answer["choices"][0]["text"] == complete(engine)["content"]
    assert answer["choices"][0]["finish_reason"] == "length"
    assert len(answer["choices"][0]["logprobs"]["token_logprobs"]) == 24
    assert answer["usage"]["completion_tokens"] == 24


def test_openai_chat_streams(engine: httpx.Client) -> None:
    *events, done = stream(
        engine, "/v1/chat/completions", messages=[{"role": "user", "content": "def return"}], max_tokens=24
    )
    assert done == "[DONE]"
    text = "".join(json.loads(data)["choices"][0]["delta"]["content"] for data in events)
    assert text == complete(engine)["content"]
