"""Conversations, in OpenAI's protocol: the server has no other road for them. Pure.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import time

from pydantic import BaseModel, ValidationError

from sfm2.client._events import EventReader
from sfm2.client._openai_errors import OpenAIProblem
from sfm2.client._requests import Call
from sfm2.sse import Event
from sfm2.types import Attempt, ChatRequest, Chunk, FinishReason, Reply, TokenUsage

_PATH = "/v1/chat/completions"
_DONE = "[DONE]"
_NAMES = {"max_length": "max_tokens"}  # the rest is called as here, or left out
_NOT_THEIRS = {"mode", "guard", "features", "logprobs", "adapter", "use_fallback", "n"}


class _Particulars(BaseModel):
    model_used: str = ""
    adapter: str | None = None
    fallback: list[Attempt] = []


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: FinishReason | None = None
    sfm2: _Particulars | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Piece(BaseModel):
    """The data of an event."""

    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: OpenAIProblem | None = None


def chat_call(request: ChatRequest) -> Call:
    """The call for a streamed reply."""
    fields = request.model_dump(exclude_none=True, exclude=_NOT_THEIRS)
    body = {_NAMES.get(name, name): value for name, value in fields.items()}
    if request.adapter is not None:
        body["model"] = f"sfm2:{request.adapter}"
    return Call("POST", _PATH, {**body, "stream": True, "stream_options": {"include_usage": True}})


class ChatReader(EventReader[Reply]):
    """Reads the events of a streamed reply. `result.processing_time` is that until the last event, as seen from here."""

    def __init__(self, request_id: str | None) -> None:
        super().__init__(Reply, request_id)
        self._started = time.perf_counter()
        self._text = ""
        self._usage = _Usage()
        self._last = _Choice()

    def _read(self, event: Event) -> Chunk | None:
        if event.data == _DONE:
            self.result = self._reply()
            return None
        try:
            piece = _Piece.model_validate_json(event.data)
        except ValidationError as error:
            raise self._interrupted("the stream holds something else than a chat.completion.chunk") from error
        if piece.error:
            raise piece.error.as_error(request_id=self._request_id)
        self._usage = piece.usage or self._usage
        for choice in piece.choices:
            self._last = choice if choice.finish_reason else self._last
            if text := choice.delta.content:
                self._text += text
                return Chunk(text=text)
        return None

    def _reply(self) -> Reply:
        own = self._last.sfm2 or _Particulars()
        return Reply(
            text=self._text,
            model_used=own.model_used,
            adapter=own.adapter,
            processing_time=time.perf_counter() - self._started,
            finish_reason=self._last.finish_reason or "stop",
            tokens=TokenUsage(prompt=self._usage.prompt_tokens, completion=self._usage.completion_tokens),
            fallback=own.fallback,
        )
