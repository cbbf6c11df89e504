"""vLLM's client against servers that do not keep to its protocol: real sockets, and what comes out of them."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.engines.base import AdapterFile
from sfm2.engines.client import EngineAddress, EngineWork
from sfm2.engines.vllm import tokens
from sfm2.engines.vllm.foreign import ForeignVLLMClient
from sfm2.engines.vllm.metrics import progress_in, work_in
from sfm2.engines.vllm.recognition import too_old
from sfm2.engines.vllm.refusals import UnknownModelError
from sfm2.errors import (
    AdapterError,
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    BackendRefusedError,
    BackendTimeoutError,
    BackendUnavailableError,
    BackendUnsupportedError,
    PromptTooLongError,
    SFM2Error,
)
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams
from tests.engines.raw_server import JSON, Server, answer, events, serving

COMPLETIONS = "/v1/completions"
MODELS = {
    "data": [
        {"id": "tiny", "owned_by": "vllm", "parent": None, "max_model_len": 16},
        {"id": "mine", "owned_by": "vllm", "parent": "tiny", "max_model_len": None},
    ]
}


def routes(completion: bytes = b"", **others: bytes) -> dict[str, bytes]:
    """A server that is well but for what is given."""
    return {
        "/v1/models": answer(MODELS),
        "/tokenize": answer({"tokens": [7, 8], "token_strs": ["<|endoftext|>", "x"], "count": 2, "max_model_len": 16}),
        "/detokenize": answer({"prompt": "said"}),
        "/health": answer(b""),
        "/version": answer({"version": "0.32.0"}),
        "/metrics": answer(b"", kind="text/plain"),
        COMPLETIONS: completion,
        **{f"/{path}": content for path, content in others.items()},
    }


def choice(text: str, *tokens: tuple[str, float], **fields: Any) -> dict[str, Any]:
    said = {"tokens": [one for one, _ in tokens], "token_logprobs": [value for _, value in tokens], "top_logprobs": []}
    return {"id": "cmpl-1", "choices": [{"index": 0, "text": text, "logprobs": said, "finish_reason": None, **fields}]}


WORD = choice("a", ("a", -0.5), token_ids=[1])
LAST = choice("", ("", -0.1), token_ids=[7], finish_reason="stop", stop_reason=None)


def refused(status: int, **error: Any) -> bytes:
    return answer(
        {"error": {"message": "no", "type": "BadRequestError", "param": None, "code": status, **error}}, status
    )


async def collect(
    url: str, prompt: str | list[int] = "x", adapter: str | None = None, timeout: float = 5, **named: Any
) -> list[TokenChunk]:
    client = ForeignVLLMClient(EngineAddress(url, "key"), timeout)
    lora = AdapterFile.elsewhere(adapter) if adapter else None
    try:
        return [chunk async for chunk in client.generate(prompt, SamplingParams(temperature=0), lora, **named)]
    finally:
        await client.aclose()


def generated(server: Server, *arguments: Any, **named: Any) -> list[TokenChunk]:
    return asyncio.run(collect(server.url, *arguments, **named))


def asked(server: Server) -> dict[str, Any]:
    """The last completion that was asked for."""
    body: dict[str, Any] = json.loads(server.requests[-1].splitlines()[-1])
    return body


def raised(content: dict[str, bytes], expected: type[SFM2Error], *arguments: Any) -> SFM2Error:
    with serving(content) as server, pytest.raises(expected) as caught:
        generated(server, *arguments)
    assert type(caught.value) is expected
    return caught.value


def test_tokens_go_out_and_each_has_its_text_and_how_likely_it_was() -> None:
    with serving(routes(events(WORD, LAST, "[DONE]"))) as server:
        first, last = generated(server, priority=Priority.BATCH)
    assert (first.text, first.logprobs, first.tokens, first.token_texts) == ("a", (-0.5,), 1, ("a",))
    assert (first.prompt_seconds or 0) > 0
    assert last == TokenChunk("", finish_reason="stop", prompt_tokens=2)
    body = asked(server)
    assert (body["model"], body["prompt"], body["max_tokens"]) == ("tiny", [7, 8], 14)
    assert (body["stop_token_ids"], body["priority"], body["stream"]) == ([7], 2, True)
    assert all(b"authorization: bearer key" in request.lower() for request in server.requests)


def test_a_stop_text_s_tokens_count() -> None:
    ended = choice("", ("b", -0.2), token_ids=[2], finish_reason="stop", stop_reason="b")
    with serving(routes(events(WORD, ended))) as server:
        assert generated(server)[-1].token_texts == ("b",)


def test_a_server_without_probabilities_still_says_how_many_tokens() -> None:
    plain = {"choices": [{"text": "ab", "finish_reason": "length", "token_ids": [1, 2]}]}
    with serving(routes(events(plain))) as server:
        (only,) = generated(server)
    assert (only.tokens, only.logprobs, only.finish_reason) == (2, (), "length")


@pytest.mark.parametrize(
    "content",
    [
        answer(b"<html>It works!</html>", kind="text/html"),
        events("not json"),
        events("[1]"),
        events({"choices": 5}),
        events({"choices": [{"text": 5}]}),
        b"\x00\xff no HTTP at all",
    ],
    ids=["html", "not-json", "list", "number", "odd-text", "no-http"],
)
def test_what_is_not_in_the_protocol_is_a_backend_error(content: bytes) -> None:
    error = raised(routes(content), BackendError)
    assert any(said in error.message for said in ("protocol", "closed the stream", "RemoteProtocolError"))


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (answer(b"<html>"), "does not speak vLLM's protocol"),
        (answer({"data": []}), "serves no model"),
        (answer({"data": [{"id": "x", "owned_by": "vllm"}]}), "how long a prompt may be"),
    ],
)
def test_a_server_that_does_not_say_what_it_runs_is_an_error(models: bytes, said: str) -> None:
    assert said in raised({**routes(), "/v1/models": models}, BackendError).message


@pytest.mark.parametrize("content", [events(), events(WORD), events(WORD, "[DONE]")])
def test_a_stream_that_closes_early_is_an_error(content: bytes) -> None:
    assert "closed the stream before its end" in raised(routes(content), BackendError).message


def test_a_body_that_breaks_off_is_an_error() -> None:
    raised(routes(answer(b'data: {"choi', kind=JSON, length=1000)), BackendError)


def test_an_error_in_mid_stream_comes_after_what_was_sent() -> None:
    seen: list[str] = []

    async def read(url: str) -> None:
        client = ForeignVLLMClient(EngineAddress(url), 5)
        try:
            async for chunk in client.generate("x", SamplingParams()):
                seen.append(chunk.text)
        finally:
            await client.aclose()

    broken = events(WORD, {"error": {"code": 500, "message": "EngineCore died", "type": "InternalServerError"}})
    with (
        serving(routes(broken)) as server,
        pytest.raises(BackendError, match="the engine failed: EngineCore died"),
    ):
        asyncio.run(read(server.url))
    assert seen == ["a"]


@pytest.mark.parametrize("reason", ["abort", "error"])
def test_a_request_that_is_given_up_is_an_error(reason: str) -> None:
    ended = choice("", finish_reason=reason)
    assert f"gave up the request ({reason})" in raised(routes(events(WORD, ended)), BackendError).message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (refused(400), BackendRefusedError),
        (refused(400, param="input_tokens"), PromptTooLongError),
        (refused(404, param="model", message="The model `tiny` does not exist."), UnknownModelError),
        (refused(404), BackendError),
        (refused(429), BackendOverloadedError),
        (refused(503), BackendLoadingError),
        (refused(500), BackendError),
        (answer({"error": "Unauthorized"}, 401), BackendUnavailableError),
        (answer(b"Bad Gateway", 502), BackendError),
    ],
    ids=["its-values", "too-long", "gone", "no-route", "busy", "loading", "broken", "no-key", "no-json"],
)
def test_each_refusal_has_its_error(content: bytes, expected: type[SFM2Error]) -> None:
    raised(routes(content), expected)


def test_a_prompt_beyond_the_window_is_not_sent() -> None:
    error = raised(routes(), PromptTooLongError, [1] * 16)
    assert error.details == {"n_prompt_tokens": 16, "n_ctx": 16}


def test_after_the_model_is_gone_it_is_asked_what_there_is() -> None:
    async def scenario(url: str) -> None:
        client = ForeignVLLMClient(EngineAddress(url), 5)
        for _ in range(2):
            with pytest.raises(UnknownModelError, match="does not run that any more"):
                _ = [chunk async for chunk in client.generate([1], SamplingParams())]
        await client.aclose()

    with serving(routes(refused(404, param="model"))) as server:
        asyncio.run(scenario(server.url))
        assert sum(request.startswith(b"GET /v1/models") for request in server.requests) == 2


def test_an_adapter_is_asked_for_by_its_name() -> None:
    with serving(routes(events(WORD, LAST))) as server:
        generated(server, [1], "mine")
        assert asked(server)["model"] == "mine"
        with pytest.raises(AdapterError, match="the server has no 'other'; it has mine"):
            generated(server, [1], "other")


def test_keys_share_no_memory_of_prompts() -> None:
    with serving(routes(events(WORD, LAST))) as server:
        salts = []
        for owner in ("ada", "bob", "ada", None):
            generated(server, [1], owner=owner)
            salts.append(asked(server).get("cache_salt"))
    assert salts[0] == salts[2] != salts[1]
    assert salts[3] is None
    assert "ada" not in str(salts[0])


def test_silence_is_a_timeout() -> None:
    with serving(routes(), hold=COMPLETIONS) as server, pytest.raises(BackendTimeoutError):
        generated(server, timeout=0.3)


def test_nobody_waits_longer_than_the_request_allows() -> None:
    with serving(routes(), hold=COMPLETIONS) as server, pytest.raises(BackendTimeoutError):
        generated(server, timeout=60, patience=0.3)


def test_nothing_listens_there() -> None:
    with serving(routes()) as server:
        url = server.url
    with pytest.raises(BackendError, match="cannot be reached"):
        asyncio.run(collect(url))


def test_closing_the_stream_closes_the_connection() -> None:
    async def leave(url: str) -> None:
        client = ForeignVLLMClient(EngineAddress(url), 5)
        async with aclosing(client.generate([1], SamplingParams())) as chunks:
            await anext(chunks)
        await client.aclose()

    with serving(routes(events(WORD)), hold=COMPLETIONS) as server:
        asyncio.run(leave(server.url))
        assert server.left.wait(5)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"/version": answer({"version": "0.6.3"})}, "vLLM 0.6.3; expected 0.11 or later"),
        ({"/version": answer({"build": "?"})}, "does not speak vLLM's protocol"),
        ({"/health": answer(b"", 500)}, "status 500"),
    ],
    ids=["old", "odd", "dead"],
)
def test_a_server_that_is_not_well_says_why(changed: dict[str, bytes], expected: str) -> None:
    async def check(url: str) -> None:
        client = ForeignVLLMClient(EngineAddress(url), 5)
        try:
            await client.check()
        finally:
            await client.aclose()

    with serving({**routes(), **changed}) as server, pytest.raises(BackendError, match=expected):
        asyncio.run(check(server.url))
    with serving(routes()) as server:
        asyncio.run(check(server.url))


def test_weights_without_a_template_say_so() -> None:
    async def template(url: str) -> str:
        client = ForeignVLLMClient(EngineAddress(url), 5)
        try:
            return await client.apply_chat_template([ConversationMessage(role="user", content="x")])
        finally:
            await client.aclose()

    with serving(routes()) as server:
        assert asyncio.run(template(server.url)) == "said"
    with (
        serving({**routes(), "/tokenize": refused(400, message="no chat template")}) as server,
        pytest.raises(BackendUnsupportedError, match="no chat template"),
    ):
        asyncio.run(template(server.url))


# The pure parts.

METRICS = """# HELP vllm:num_requests_running Number of requests in model execution batches.
vllm:num_requests_running{engine="0",model_name="tiny"} 2.0
vllm:num_requests_running{engine="1",model_name="tiny"} 1.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 4.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny",reason="capacity"} 4.0
vllm:kv_cache_usage_perc{engine="0",model_name="tiny"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="tiny"} 0.5
vllm:prompt_tokens_total{engine="0",model_name="tiny"} 30.0
vllm:generation_tokens_total{engine="0",model_name="tiny"} 1.2e+01
"""


def test_what_the_metrics_say() -> None:
    assert work_in(METRICS) == EngineWork(7, 4, 0.5)
    assert work_in("") == EngineWork(0, 0, None)
    assert progress_in(METRICS) == 42


@pytest.mark.parametrize(
    ("version", "old"),
    [("0.10.2", True), ("0.11.0", False), ("0.32.0+cpu", False), ("1.0", False), ("dev", False), ("0.0.1.dev1", False)],
)
def test_versions(version: str, old: bool) -> None:
    assert too_old(version) is old


@given(st.lists(st.sampled_from(["a", "<", "|", "<|im_end|>", "<|x|>", "[INST]", " ", "é"]), max_size=12))
def test_what_is_broken_up_has_no_special_token_and_is_all_there(parts: list[str]) -> None:
    text, special = "".join(parts), frozenset({"<|im_end|>", "[INST]"})
    broken = list(tokens.broken_up(text, special))
    assert "".join(broken) == text
    assert not any(mark in part for part in broken for mark in special)


def test_special_tokens_are_those_that_the_vocabulary_spells_so() -> None:
    assert tokens.special_in("a<|im_end|>b<b>", ["a", "<|im_end|>", "b", "<", "b", ">"]) == {"<|im_end|>"}
    assert tokens.special_in("x[]", ["x", "[]"]) == set()
    ends = "".join(tokens.ENDS)
    assert ends.count("<|endoftext|>") == 1
    assert tokens.ids_of_ends([5, 9, 5, 3], ["<|endoftext|>", "<", "<|endoftext|>", "<|fim_pad|>"]) == (3, 5)
