"""Streamed replies in OpenAI's form, however odd."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfm2.client._chat import ChatReader, chat_call
from sfm2.errors import RateLimitError, ServerError, SFM2Error, StreamInterruptedError
from sfm2.types import ChatRequest, Reply


def event(**data: Any) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def read_all(reader: ChatReader, stream: bytes) -> Reply:
    for _ in reader.feed(stream):
        pass
    return reader.end()


TEXT = event(choices=[{"delta": {"content": "a"}}])
END = event(choices=[{"delta": {}, "finish_reason": "length", "sfm2": {"model_used": "sfm2"}}])
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_reply_however_its_bytes_are_split(size: int) -> None:
    reader = ChatReader(None)
    stream = TEXT + TEXT + END + event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2}) + DONE + b"rest"
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [chunk.text for piece in pieces for chunk in reader.feed(piece)] == ["a", "a"]
    reply = reader.end()
    assert (reply.text, reply.finish_reason, reply.model_used, reply.tokens.prompt) == ("aa", "length", "sfm2", 3)


def test_what_other_servers_leave_out_is_no_fault() -> None:
    reader = ChatReader(None)
    assert [chunk.text for chunk in reader.feed(event(choices=[{"delta": {"role": "assistant"}}]) + TEXT + DONE)] == [
        "a"
    ]
    assert reader.end().finish_reason == "stop"


@pytest.mark.parametrize("stream", [TEXT, b"", b"data: {", b"data: 1\n\n", event(choices=[{"delta": {"content": 1}}])])
def test_a_stream_that_is_none_or_ends_too_soon_is_an_error(stream: bytes) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        read_all(ChatReader("id"), stream)
    assert caught.value.request_id == "id"


@pytest.mark.parametrize(
    ("code", "kind"), [("rate_limit_exceeded", RateLimitError), ("no_such_code", ServerError), (None, ServerError)]
)
def test_an_error_in_mid_stream(code: str | None, kind: type[SFM2Error]) -> None:
    reader = ChatReader(None)
    message = f"too much. {kind.default_suggestion}"
    with pytest.raises(kind) as caught:
        list(reader.feed(TEXT + event(error={"message": message, "code": code})))
    assert caught.value.message == "too much"


def test_what_is_sent() -> None:
    request = ChatRequest.model_validate(
        {"messages": [{"role": "user", "content": "x"}], "max_length": 5, "temperature": 0.5, "adapter": "none", "n": 1}
    )
    assert chat_call(request).body == {
        "messages": [{"role": "user", "content": "x"}],
        "max_tokens": 5,
        "temperature": 0.5,
        "model": "sfm2:none",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
