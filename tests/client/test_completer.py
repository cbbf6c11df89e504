"""The clients and the model managers are completers: one piece of code asks each of them the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from sfm2.client import AsyncSFM2Client, SFM2Client
from sfm2.completer import AsyncCompleter, Completer
from sfm2.core import AsyncModelManager, ModelManager
from sfm2.types import (
    BatchRequest,
    ChatRequest,
    Chunk,
    CompleteRequest,
    Completion,
    ConversationMessage,
    ErrorBody,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    Reply,
)
from tests.server.live import settings_for

GENERATE = GenerateRequest(prompt="x\necho:a b")
COMPLETE = CompleteRequest(prefix="x = 1\necho:2 3", suffix="\ny = 3\n", path="a.txt")
BATCH = BatchRequest(prompts=["x\necho:1", ""])
CHAT = ChatRequest(messages=[ConversationMessage(role="user", content="echo:three four")])
EXPLAIN = ExplainRequest(code="x\necho:words")


def check_stream(items: Sequence[Chunk | Completion | Explanation], text: str) -> None:
    """Chunks, then the answer that they add up to."""
    *chunks, answer = items
    assert isinstance(answer, Completion | Explanation)
    whole = answer.completion if isinstance(answer, Completion) else answer.explanation
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Chunk)) == whole
    assert whole.startswith(text)


def check(completer: Completer) -> None:
    assert completer.submit(GENERATE).completion == "a b"
    assert completer.submit(COMPLETE).completion == "2 3"
    assert completer.submit(EXPLAIN).model_used == "echo"
    good, bad = completer.submit(BATCH).results
    assert isinstance(good, Completion)
    assert isinstance(bad, ErrorBody)
    with closing(completer.stream(GENERATE)) as stream:
        check_stream(list(stream), "a b")
    with closing(completer.stream(COMPLETE)) as stream:
        check_stream(list(stream), "2 3")
    with closing(completer.stream(EXPLAIN)) as explaining:
        check_stream(list(explaining), "words")
    with closing(completer.chat_stream(CHAT)) as chatting:
        *chunks, reply = chatting
    assert isinstance(reply, Reply)
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Chunk)) == reply.text == "three four"
    assert (reply.model_used, reply.finish_reason, reply.tokens.completion) == ("echo", "stop", 2)
    assert completer.health().status == "healthy"
    completer.close()
    completer.close()


async def check_async(completer: AsyncCompleter) -> None:
    assert (await completer.submit(GENERATE)).completion == "a b"
    assert (await completer.submit(COMPLETE)).completion == "2 3"
    assert (await completer.submit(EXPLAIN)).model_used == "echo"
    good, bad = (await completer.submit(BATCH)).results
    assert isinstance(good, Completion)
    assert isinstance(bad, ErrorBody)
    async with aclosing(completer.stream(GENERATE)) as stream:
        check_stream([item async for item in stream], "a b")
    async with aclosing(completer.stream(COMPLETE)) as stream:
        check_stream([item async for item in stream], "2 3")
    async with aclosing(completer.stream(EXPLAIN)) as explaining:
        check_stream([item async for item in explaining], "words")
    assert (await completer.health()).status == "healthy"
    await completer.aclose()
    await completer.aclose()


def test_a_client_is_a_completer(echo_url: str) -> None:
    check(SFM2Client(echo_url))


def test_a_model_manager_is_a_completer(tmp_path: Path) -> None:
    check(ModelManager(settings_for(tmp_path)))


@pytest.mark.parametrize("make", [AsyncSFM2Client, AsyncModelManager], ids=lambda make: str(make.__name__))
def test_those_for_asyncio_are_completers(
    make: type[AsyncSFM2Client] | type[AsyncModelManager], echo_url: str, tmp_path: Path
) -> None:
    async def run() -> None:
        if make is AsyncSFM2Client:
            await check_async(AsyncSFM2Client(echo_url))
        else:
            manager = AsyncModelManager(settings_for(tmp_path))
            await manager.start()
            await check_async(manager)

    asyncio.run(run())


def test_a_request_object_and_arguments_share_an_answer(echo_url: str) -> None:
    with SFM2Client(echo_url, enable_cache=True) as client:
        first = client.generate("x\necho:once")
        assert client.submit(GenerateRequest(prompt="x\necho:once")).id == first.id
        before = client.stats().total_requests
        client.submit(BATCH)
        client.submit(BATCH)
        assert client.stats().total_requests == before + 2, "batches are not kept"


def test_health_has_the_name_of_the_reference_too(echo_url: str) -> None:
    with SFM2Client(echo_url) as client:
        assert client.health_check().model_status == client.health().model_status
