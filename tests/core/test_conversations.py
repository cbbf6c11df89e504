"""Conversations through the chain, and completions that have only so much time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sfm2.backends.echo import Echo
from sfm2.config import Settings, load
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendError, InvalidRequestError, PayloadTooLargeError
from sfm2.testing import FunctionBackend, ScriptedBackend
from sfm2.types import ChatRequest, Chunk, CompleteRequest, ConversationMessage, Reply


def settings(**arguments: object) -> Settings:
    given = {name.replace("__", "."): value for name, value in arguments.items()}
    return load({"fallback.chain": ["echo"], **given}, environment={}).settings


def conversation(*said: str, **fields: Any) -> ChatRequest:
    roles = ("user", "assistant")
    messages = [ConversationMessage(role=roles[i % 2], content=text) for i, text in enumerate(said)]
    return ChatRequest(messages=messages, **fields)


def counting() -> FunctionBackend:
    """Says how many requests it has had."""
    backend = FunctionBackend("counting", lambda request: [str(len(backend.requests))])
    return backend


def test_a_reply_is_what_the_model_said() -> None:
    manager = AsyncModelManager(settings())
    (reply,) = asyncio.run(manager.chat(conversation("hello", "hi", "echo:x = (", stop=["never"])))
    assert (reply.text, reply.model_used, reply.finish_reason) == ("x = (", "echo", "stop")


def test_the_next_backend_says_it_unless_somebody_has_heard_the_first() -> None:
    def models(*script: str) -> AsyncModelManager:
        return AsyncModelManager(settings(), [ScriptedBackend("dead", *script, BackendError("died")), Echo()])

    async def heard(manager: AsyncModelManager) -> list[Chunk | Reply]:
        return [item async for item in manager.chat_stream(conversation("echo:yes"))]

    for script in ((), ("half",)):
        (reply,) = asyncio.run(models(*script).chat(conversation("echo:yes")))
        assert (reply.text, reply.model_used) == ("yes", "echo")
        assert [attempt.backend for attempt in reply.fallback] == ["dead"]
    *_, last = asyncio.run(heard(models()))
    assert isinstance(last, Reply)
    assert last.model_used == "echo"
    with pytest.raises(BackendError, match="died"):
        asyncio.run(heard(models("half")))


def test_each_of_several_replies_has_a_seed_of_its_own() -> None:
    backend = counting()
    replies = asyncio.run(AsyncModelManager(settings(), [backend]).chat(conversation("x", n=3, seed=7)))
    assert sorted(reply.text for reply in replies) == ["1", "2", "3"]
    assert sorted(request.sampling.seed or 0 for request in backend.requests) == [7, 8, 9]


def test_it_goes_on_as_long_as_the_server_lets_it() -> None:
    backend = counting()
    manager = AsyncModelManager(settings(generation__max_length=500), [backend])
    asyncio.run(manager.chat(conversation("x")))
    asyncio.run(manager.chat(conversation("x", max_length=9)))
    assert [request.sampling.max_length for request in backend.requests] == [500, 9]


def test_a_stream_carries_one_reply_and_a_conversation_has_a_limit() -> None:
    async def stream(request: ChatRequest) -> list[Chunk | Reply]:
        return [item async for item in AsyncModelManager(settings(limits__max_prompt=10)).chat_stream(request)]

    *chunks, last = asyncio.run(stream(conversation("echo:a b")))
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Chunk)) == "a b"
    assert isinstance(last, Reply)
    with pytest.raises(InvalidRequestError, match="n: "):
        asyncio.run(stream(conversation("x", n=2)))
    with pytest.raises(PayloadTooLargeError):
        asyncio.run(stream(conversation("123456", "123456")))


def line_by_line() -> ScriptedBackend:
    """Says line after line, each after a moment."""
    return ScriptedBackend("lines", *(step for i in range(1000) for step in (0.01, f"a{i} = ", f"{i}\n")))


def test_a_completion_ends_with_the_line_it_has_come_to() -> None:
    manager = AsyncModelManager(settings(), [line_by_line()])
    request = CompleteRequest(prefix="x = 1\n", language="python", time_limit=0.05, max_length=2000)
    answer = asyncio.run(manager.submit(request))
    lines = answer.completion.splitlines()
    assert lines == [f"a{i} = {i}" for i in range(len(lines))]
    assert 1 <= len(lines) < 900
    assert answer.finish_reason == "time"


def test_without_time_there_is_a_first_line_all_the_same() -> None:
    manager = AsyncModelManager(settings(), [line_by_line()])
    request = CompleteRequest(prefix="x = 1\n", language="python", time_limit=0.000001, max_length=2000)
    assert asyncio.run(manager.submit(request)).completion.strip() == "a0 = 0"
