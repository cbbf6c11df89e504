"""The client against servers that do not keep to llama.cpp's protocol: real sockets, and what comes out of them."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest
import uvicorn

from sfm2.engines.at_url.engine import EngineAtURL
from sfm2.engines.base import AdapterFile, Phase
from sfm2.engines.client import EngineAddress
from sfm2.engines.http import KEEP_ALIVE
from sfm2.engines.llama_cpp.client import LlamaCppClient
from sfm2.engines.llama_cpp.foreign import ForeignClient
from sfm2.engines.llama_cpp.wire import ADAPTER_FAILED, REFUSED, TOO_LONG, UNSUPPORTED
from sfm2.errors import (
    AdapterError,
    BackendAdapterError,
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    BackendRefusedError,
    BackendTimeoutError,
    BackendUnsupportedError,
    PromptTooLongError,
    SFM2Error,
)
from sfm2.generation import TokenChunk
from sfm2.types import SamplingParams
from tests.engines.raw_server import Server, answer, events, refusal, serving


def generated(server: Server, timeout: float = 5) -> list[TokenChunk]:
    """The chunks up to the end. Raises what the client raises."""

    async def collect() -> list[TokenChunk]:
        client = LlamaCppClient(EngineAddress(server.url), timeout)
        try:
            return [chunk async for chunk in client.generate("x", SamplingParams())]
        finally:
            await client.aclose()

    return asyncio.run(collect())


def raised(content: bytes, expected: type[SFM2Error]) -> SFM2Error:
    with serving(content) as server, pytest.raises(expected) as caught:
        generated(server)
    assert type(caught.value) is expected
    return caught.value


WORD = {"content": "a", "tokens": [1]}
LAST = {"content": "", "stop": True, "stop_type": "eos", "tokens_evaluated": 3}


def test_a_plain_llama_cpp_stream_is_read() -> None:
    """Without any of our own fields, and with more of theirs."""
    probability = {"id": 1, "token": "a", "logprob": -0.5, "top_logprobs": []}
    first = {"index": 0, **WORD, "completion_probabilities": [probability], "timings": {"prompt_ms": 250.0}}
    with serving(events(first, {**LAST, "truncated": False})) as server:
        chunks = generated(server)
    assert chunks == [
        TokenChunk("a", (-0.5,), tokens=1, prompt_seconds=0.25, token_texts=("a",)),
        TokenChunk("", finish_reason="stop", prompt_tokens=3),
    ]
    asked = json.loads(server.requests[0].splitlines()[-1])
    assert (asked["prompt"], asked["n_predict"], asked["stream"], asked["cache_prompt"]) == ("x", 100, True, True)


def test_a_character_over_two_tokens_counts_as_the_second_ones() -> None:
    halves = [{"id": i, "token": "?", "bytes": [byte], "logprob": -1.0} for i, byte in enumerate("é".encode())]
    whole = {"content": "é", "tokens": [1, 2], "completion_probabilities": halves}
    with serving(events(whole, LAST)) as server:
        assert generated(server)[0].token_texts == ("", "é")


@pytest.mark.parametrize(
    "content",
    [
        answer(b"<html>It works!</html>", kind="text/html"),
        events("not json"),
        events("[1]"),
        events({"content": 5}),
        events({**WORD, "completion_probabilities": [{"logprob": "?"}]}),
    ],
    ids=["html", "not-json", "list", "number", "odd-logprob"],
)
def test_what_is_not_in_the_protocol_is_a_backend_error(content: bytes) -> None:
    error = raised(content, BackendError)
    assert "protocol" in error.message or "closed the stream" in error.message


def test_an_error_in_mid_stream_comes_after_what_was_sent() -> None:
    seen: list[str] = []

    async def collect(server: Server) -> None:
        client = LlamaCppClient(EngineAddress(server.url), 5)
        try:
            async for chunk in client.generate("x", SamplingParams()):
                seen.append(chunk.text)
        finally:
            await client.aclose()

    with (
        serving(events(WORD, {"error": {"code": 500, "message": "out of memory"}})) as server,
        pytest.raises(BackendError, match="the engine failed: out of memory"),
    ):
        asyncio.run(collect(server))
    assert seen == ["a"]


def test_a_failing_adapter_in_mid_stream_is_told_from_a_failing_engine() -> None:
    body = {"error": {"code": 400, "type": ADAPTER_FAILED, "message": "the adapter does not work"}}
    assert raised(events(WORD, body), BackendAdapterError).message == "the adapter does not work"


@pytest.mark.parametrize("content", [events(), events(WORD), events(WORD, WORD)])
def test_a_stream_that_closes_early_is_an_error(content: bytes) -> None:
    assert "closed the stream before its end" in raised(content, BackendError).message


def test_a_body_that_breaks_off_is_an_error() -> None:
    raised(answer(b'data: {"con', length=1000), BackendError)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (refusal(503, type="unavailable_error"), BackendLoadingError),
        (refusal(429), BackendOverloadedError),
        (refusal(400, type=REFUSED), BackendRefusedError),
        (refusal(501, type=UNSUPPORTED), BackendUnsupportedError),
        (refusal(500), BackendError),
        (refusal(401), BackendError),
        (answer(b"Bad Gateway", 502), BackendError),
        (answer({"error": "a text"}, 500), BackendError),
    ],
    ids=["loading", "busy", "its-values", "no-template", "broken", "no-key", "no-json", "odd-json"],
)
def test_each_refusal_has_its_error(content: bytes, expected: type[SFM2Error]) -> None:
    raised(content, expected)


def test_a_prompt_beyond_the_window_carries_the_sizes_that_are_known() -> None:
    error = raised(refusal(400, type=TOO_LONG, n_prompt_tokens=900, n_ctx=512), PromptTooLongError)
    assert error.details == {"n_prompt_tokens": 900, "n_ctx": 512}
    assert raised(refusal(400, type=TOO_LONG), PromptTooLongError).details == {}


def test_silence_is_a_timeout() -> None:
    with serving(b"", hold=True) as server, pytest.raises(BackendTimeoutError):
        generated(server, timeout=0.2)


def test_closing_the_stream_closes_the_connection() -> None:
    async def leave(server: Server) -> None:
        client = LlamaCppClient(EngineAddress(server.url), 5)
        async with aclosing(client.generate("x", SamplingParams())) as chunks:
            await anext(chunks)
        await client.aclose()

    with serving(events(WORD), hold=True) as server:
        asyncio.run(leave(server))
        assert server.left.wait(5)


@pytest.mark.parametrize(
    ("content", "phase", "said"),
    [
        (answer({"status": "ok", "model_alias": "their-model"}), Phase.READY, "the server at"),
        (refusal(503, message="Loading model"), Phase.LOADING, "Loading model"),
        (refusal(500), Phase.FAILED, "is it running?"),
        (answer(b"<html>"), Phase.FAILED, "protocol"),
    ],
    ids=["ready", "loading", "broken", "no-llama"],
)
def test_the_health_of_a_server_says_what_it_answers(content: bytes, phase: Phase, said: str) -> None:
    async def health(url: str) -> tuple[Phase, str, str | None]:
        engine = EngineAtURL(url, 5)
        try:
            found = await engine.health()
        finally:
            await engine.aclose()
        return found.phase, found.reason, found.model

    with serving(content) as server:
        found, reason, model = asyncio.run(health(server.url))
    assert found is phase
    assert said in reason
    assert model == ("their-model" if phase is Phase.READY else None)


def test_an_idle_connection_is_given_up_long_before_the_engine_closes_it() -> None:
    # Both waited 5 s: on a busy machine requests met a connection that was being closed (`ReadError`).
    assert uvicorn.Config("app").timeout_keep_alive > 2 * KEEP_ALIVE


@pytest.mark.parametrize(
    ("server", "expected"), [(answer({"detail": "Not Found"}, 404), AdapterError), (b"", BackendError)]
)
def test_a_server_that_knows_no_adapters_is_told_from_one_that_fails(server: bytes, expected: type[SFM2Error]) -> None:
    async def generate(url: str) -> None:
        client = ForeignClient(EngineAddress(url), 5)
        try:
            async for _ in client.generate("x", SamplingParams(), AdapterFile.elsewhere("ours")):
                pass
        finally:
            await client.aclose()

    with serving(server) as served, pytest.raises(expected) as caught:
        asyncio.run(generate(served.url))
    assert type(caught.value) is expected


def test_a_web_site_is_told_from_an_engine_that_died() -> None:
    page = answer(b"<html>welcome</html>", kind="text/html; charset=utf-8")
    assert "speak llama.cpp's protocol: it answers with text/html" in raised(page, BackendError).message


def test_an_engine_that_wants_a_key_says_how() -> None:
    assert "http://:KEY@host" in raised(refusal(401), BackendError).message


def test_a_server_that_answers_everything_with_json_is_no_engine() -> None:
    async def facts(url: str) -> None:
        client = LlamaCppClient(EngineAddress(url), 5)
        try:
            await client.facts()
        finally:
            await client.aclose()

    with (
        serving(answer({"ok": True})) as server,
        pytest.raises(BackendError, match=r"does not speak llama\.cpp's protocol"),
    ):
        asyncio.run(facts(server.url))
