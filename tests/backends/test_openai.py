"""The openai backend against a live server that speaks the protocol, and against the same server's faults."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from sfm2.backends.openai.backend import OpenAI
from sfm2.config import OpenAISettings
from sfm2.errors import (
    BackendError,
    BackendNotConfiguredError,
    BackendOverloadedError,
    BackendTimeoutError,
    BackendUnavailableError,
    PromptTooLongError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.installation import command_for
from sfm2.types import BackendStatus, ConversationMessage, SamplingParams
from tests.backends.openai_faults import ANSWER, FaultyOpenAI, serving

PROMPT = GenerationRequest("def add(a, b):\n    ", language="python", sampling=SamplingParams(temperature=0.0))


@pytest.fixture(scope="module")
def live() -> Iterator[FaultyOpenAI]:
    with serving(FaultyOpenAI()) as server:
        yield server


@pytest.fixture
def server(live: FaultyOpenAI) -> FaultyOpenAI:
    live.__dict__ |= FaultyOpenAI(url=live.url, stopping=live.stopping).__dict__
    return live


def backend_for(server: FaultyOpenAI, model: str = "good", timeout: float = 10.0, **settings: Any) -> OpenAI:
    return OpenAI(OpenAISettings(base_url=server.url, model=model, **settings), timeout)


async def collect(backend: OpenAI, request: GenerationRequest = PROMPT) -> list[TokenChunk]:
    return [chunk async for chunk in backend.stream(request)]


def request_once(backend: OpenAI, request: GenerationRequest = PROMPT) -> list[TokenChunk]:
    async def scenario() -> list[TokenChunk]:
        try:
            return await collect(backend, request)
        finally:
            await backend.aclose()

    return asyncio.run(scenario())


def text_of(chunks: list[TokenChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


@pytest.mark.parametrize("mode", ["chat", "completions"])
def test_streams_text_with_log_probabilities_and_counts(server: FaultyOpenAI, mode: str) -> None:
    chunks = request_once(backend_for(server, mode=mode))
    assert text_of(chunks) == ANSWER
    assert len(chunks) > 2
    assert [p for chunk in chunks for p in chunk.logprobs] == [-0.5] * 5
    assert chunks[-1].finish_reason == "stop"
    assert chunks[-1].prompt_tokens == 12
    assert sum(chunk.tokens for chunk in chunks) == 9  # as the server counts


def test_a_server_without_log_probabilities_is_fine(server: FaultyOpenAI) -> None:
    server.logprobs = False
    chunks = request_once(backend_for(server))
    assert text_of(chunks) == ANSWER
    assert all(chunk.logprobs == () for chunk in chunks)


def test_the_length_limit_is_reported(server: FaultyOpenAI) -> None:
    chunks = request_once(backend_for(server), GenerationRequest(PROMPT.prefix, sampling=SamplingParams(max_length=2)))
    assert (text_of(chunks), chunks[-1].finish_reason) == ("return a", "length")


def test_what_is_asked(server: FaultyOpenAI) -> None:
    request = GenerationRequest(
        "x = ",
        "\nprint(x)",
        sampling=SamplingParams(temperature=0.3, top_p=0.8, seed=7, max_length=5, stop=("a", "b", "c", "d", "e")),
    )
    request_once(backend_for(server, mode="completions", api_key="secret"), request)
    request_once(backend_for(server), request)
    completions, chat = server.requests
    assert completions.items() >= {"prompt": "x =", "suffix": "\nprint(x)", "logprobs": 1, "stop": list("abcd")}.items()
    assert chat["messages"][1]["content"] == "x = <CURSOR>\nprint(x)"
    assert chat["logprobs"] is True
    assert "stop" not in chat  # it would end the answer in the fence or in the repeated line
    for sent in server.requests:
        assert sent.items() >= {"temperature": 0.3, "top_p": 0.8, "seed": 7, "max_tokens": 5}.items()
    assert server.keys == ["Bearer secret", "Bearer none"]


def test_white_space_before_the_cursor_is_left_to_the_model_and_taken_off_again(server: FaultyOpenAI) -> None:
    server.words = ("   ", " return", " a")
    assert text_of(request_once(backend_for(server, mode="completions"))) == "return a"
    assert server.requests[0]["prompt"] == "def add(a, b):\n"


def test_code_comes_without_fence_and_repeated_prompt(server: FaultyOpenAI) -> None:
    server.words = ("```", "python\n", "def add(", "a, b):", "\n    ", "return a", " + b", "\n``", "`\n", "This adds.")
    chunks = request_once(backend_for(server))
    assert text_of(chunks) == "return a + b"
    assert chunks[-1].finish_reason == "stop"
    assert sum(len(chunk.logprobs) for chunk in chunks) < len(server.words) - 3  # the fence's are left out


def test_a_question_is_answered_as_it_comes(server: FaultyOpenAI) -> None:
    server.words = ("```\n", "x", "\n```\n", "is a name.")
    request = GenerationRequest(messages=(ConversationMessage(role="user", content="What is x?"),))
    assert text_of(request_once(backend_for(server), request)) == "```\nx\n```\nis a name."
    assert server.requests[0]["messages"][-1] == {"role": "user", "content": "What is x?"}
    assert backend_for(server).capabilities.chats
    assert not backend_for(server, mode="completions").capabilities.chats


@pytest.mark.parametrize(
    ("model", "left_out"),
    [("max_tokens", {"max_tokens"}), ("temperature,top_p", {"temperature", "top_p"}), ("strict", {"logprobs", "seed"})],
)
def test_fields_that_a_server_refuses_are_left_out_from_then_on(
    server: FaultyOpenAI, model: str, left_out: set[str]
) -> None:
    backend = backend_for(server, model)
    request = GenerationRequest(PROMPT.prefix, sampling=SamplingParams(seed=1))

    async def scenario() -> tuple[str, str, int]:
        first = text_of(await collect(backend, request))
        requests = len(server.requests)
        second = text_of(await collect(backend, request))
        await backend.aclose()
        return first, second, len(server.requests) - requests

    assert asyncio.run(scenario()) == (ANSWER, ANSWER, 1)
    last = server.requests[-1]
    assert not left_out & last.keys()
    assert last.get("max_tokens", last.get("max_completion_tokens")) == request.sampling.max_length


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("bad-request", BackendError),
        ("too-long", PromptTooLongError),
        ("too-long-for-llama", PromptTooLongError),
        ("wrong-key", BackendUnavailableError),
        ("forbidden", BackendUnavailableError),
        ("missing", BackendUnavailableError),
        ("busy", BackendOverloadedError),
        ("no-quota", BackendUnavailableError),
        ("broken", BackendError),
        ("not-json", BackendError),
        ("garbage", BackendError),
        ("foreign", BackendError),
        ("failing", BackendError),
        ("unfinished", BackendError),
        ("cut", BackendError),
    ],
)
def test_every_fault_has_its_error(server: FaultyOpenAI, model: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        request_once(backend_for(server, model))
    assert type(caught.value) is error


def test_the_wait_that_a_busy_server_asks_for_is_passed_on(server: FaultyOpenAI) -> None:
    with pytest.raises(BackendOverloadedError) as caught:
        request_once(backend_for(server, "busy"))
    assert caught.value.retry_after == 7
    assert len(server.requests) == 1  # the chain tries again, not the SDK


def test_a_withheld_answer_is_an_error(server: FaultyOpenAI) -> None:
    server.finish = "content_filter"
    with pytest.raises(BackendError, match="content filter"):
        request_once(backend_for(server))


def test_an_editors_long_prompt_is_cut_until_it_fits(server: FaultyOpenAI) -> None:
    request = GenerationRequest("x = 1\n" * 10_000, truncate=True)
    with pytest.raises(PromptTooLongError):
        request_once(backend_for(server, "too-long"), request)
    sizes = [len(request["messages"][1]["content"]) for request in server.requests]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] <= 24_000


def test_a_rejected_key_shows_in_the_status_until_a_request_succeeds(server: FaultyOpenAI) -> None:
    async def scenario() -> None:
        backend = backend_for(server, "wrong-key")
        assert (await backend.health()).status is BackendStatus.CONFIGURED
        with pytest.raises(BackendUnavailableError):
            await collect(backend)
        health = await backend.health()
        assert health.status is BackendStatus.UNAVAILABLE
        assert "OPENAI_API_KEY" in health.reason
        backend._settings = OpenAISettings(base_url=server.url, model="good")
        await collect(backend)
        assert (await backend.health()).status is BackendStatus.CONFIGURED
        await backend.aclose()

    asyncio.run(scenario())


def test_no_answer_in_time(server: FaultyOpenAI) -> None:
    with pytest.raises(BackendTimeoutError):
        request_once(backend_for(server, "hanging", timeout=0.2))


def test_closing_the_stream_closes_the_connection(server: FaultyOpenAI) -> None:
    async def scenario() -> None:
        backend = backend_for(server, "hanging")
        chunks: AsyncGenerator[TokenChunk, None] = backend.stream(PROMPT)
        async with aclosing(chunks):
            assert (await anext(chunks)).text == "return"
        assert await asyncio.to_thread(server.left.wait, 5)
        await backend.aclose()

    asyncio.run(scenario())


def test_nothing_listens_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(BackendError, match="could not be reached"):
            request_once(OpenAI(OpenAISettings(base_url=url), 5))


@pytest.mark.parametrize(
    ("settings", "status", "word", "error"),
    [
        (OpenAISettings(), BackendStatus.NOT_CONFIGURED, "OPENAI_API_KEY", BackendNotConfiguredError),
        (OpenAISettings(api_key=" "), BackendStatus.NOT_CONFIGURED, "OPENAI_API_KEY", BackendNotConfiguredError),
        (OpenAISettings(base_url="localhost:80"), BackendStatus.UNAVAILABLE, "base_url", BackendUnavailableError),
        (OpenAISettings(base_url="http://[x"), BackendStatus.UNAVAILABLE, "base_url", BackendUnavailableError),
    ],
)
def test_what_is_not_set_up_says_so(
    settings: OpenAISettings, status: BackendStatus, word: str, error: type[BackendError]
) -> None:
    backend = OpenAI(settings, 5)
    health = asyncio.run(backend.health())
    assert health.status is status
    assert word in health.reason
    with pytest.raises(error, match=word):
        request_once(backend)


def test_a_key_alone_is_enough() -> None:
    status = asyncio.run(OpenAI(OpenAISettings(api_key="secret"), 5).health())
    assert status.status is BackendStatus.CONFIGURED
    assert "secret" not in status.reason


WITHOUT_OPENAI = """
import asyncio, sys
sys.modules["openai"] = None
from sfm2.backends.openai.backend import OpenAI
from sfm2.config import OpenAISettings
from sfm2.generation import GenerationRequest
from sfm2.errors import BackendUnavailableError

async def main():
    backend = OpenAI(OpenAISettings(api_key="k"), 5)
    print(await backend.health())
    try:
        await anext(backend.stream(GenerationRequest("x")))
    except BackendUnavailableError as error:
        print(error)

asyncio.run(main())
"""


def test_without_the_extra_it_says_what_to_install() -> None:
    output = subprocess.run([sys.executable, "-c", WITHOUT_OPENAI], capture_output=True, text=True, check=True).stdout
    assert output.count(command_for("openai")) == 2
    assert "unavailable" in output


def test_importing_the_backend_does_not_import_the_package() -> None:
    code = "import sys, sfm2.backends.openai.backend; assert 'openai' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
