"""A small server that speaks OpenAI's protocol and, asked by the model's name, gets things wrong. For tests only."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sfm2.testing import serve

WORDS = ("return", " a", " +", " b", "\n")
ANSWER = "".join(WORDS)


def refusal(status: int, headers: dict[str, str] | None = None, **error: Any) -> JSONResponse:
    body = {"message": "refused", "type": "invalid_request_error", "code": None, "param": None, **error}
    return JSONResponse({"error": body}, status, headers)


REFUSALS: dict[str, Callable[[], Response]] = {
    "bad-request": lambda: refusal(400, param="messages"),
    "too-long": lambda: refusal(400, code="context_length_exceeded", param="messages"),
    "too-long-for-llama": lambda: refusal(400, code=400, type="exceed_context_size_error"),
    "wrong-key": lambda: refusal(401, code="invalid_api_key"),
    "forbidden": lambda: refusal(403),
    "missing": lambda: refusal(404, code="model_not_found"),
    "busy": lambda: refusal(429, {"Retry-After": "7"}, code="rate_limit_exceeded"),
    "no-quota": lambda: refusal(429, code="insufficient_quota"),
    "broken": lambda: refusal(500),
    "not-json": lambda: Response("<html>It works!</html>", media_type="text/html"),
}
STREAMS = {
    "garbage": [b"data: {not json\n\n"],
    "foreign": [
        b"data: [1]\n\n",
        b'data: {"choices": 5}\n\n',
        b'data: {"choices": [{"delta": "x"}]}\n\n',
        b"data: 1\n\n",
    ],
    "failing": [b'data: {"error": {"message": "out of memory", "code": 500}}\n\n'],
    "unfinished": [b'data: {"choices": [{"index": 0, "delta": {"content": "re"}}]}\n\n'],
}


@dataclass
class FaultyOpenAI:
    """`requests` holds what was asked, `left` is set when a client leaves a hanging stream."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    words: tuple[str, ...] = WORDS
    logprobs: bool = True
    finish: str = "stop"

    def app(self) -> Starlette:
        routes = [
            Route("/v1/chat/completions", self._answer(chat_event), methods=["POST"]),
            Route("/v1/completions", self._answer(completions_event), methods=["POST"]),
        ]
        return Starlette(routes=routes)

    def _answer(self, event: Event) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            asked = await request.json()
            self.requests.append(asked)
            self.keys.append(request.headers.get("authorization", ""))
            model = asked["model"]
            if model in REFUSALS:
                return REFUSALS[model]()
            if unwanted := next((name for name in model.split(",") if name in asked), None):
                return refusal(400, code="unsupported_parameter", param=unwanted)
            if model == "strict" and (asked.keys() & {"logprobs", "seed", "stream_options"}):
                return refusal(422)
            return StreamingResponse(self._stream(asked, event), media_type="text/event-stream")

        return endpoint

    async def _stream(self, asked: dict[str, Any], event: Event) -> AsyncIterator[bytes]:
        model = asked["model"]
        if model in STREAMS:
            for chunk in STREAMS[model]:
                yield chunk
            return
        words = self.words[: asked.get("max_tokens") or asked.get("max_completion_tokens")]
        for word in words:
            yield sse(event(word, self.logprobs and bool(asked.get("logprobs")), None))
            if model == "hanging":
                await self._hang()
            if model == "cut":
                raise ConnectionAbortedError
        yield sse(event("", False, "length" if len(words) < len(self.words) else self.finish))
        if "stream_options" in asked:
            yield sse({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}})
        yield b"data: [DONE]\n\n"

    async def _hang(self) -> None:
        try:
            await self.stopping.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise


Event = Callable[[str, bool, str | None], dict[str, Any]]


def chat_event(word: str, logprobs: bool, finish: str | None) -> dict[str, Any]:
    content = [{"token": word, "logprob": -0.5, "bytes": None, "top_logprobs": []}]
    choice = {"index": 0, "delta": {"content": word}, "finish_reason": finish}
    return {"id": "1", "choices": [choice | ({"logprobs": {"content": content}} if logprobs else {})]}


def completions_event(word: str, logprobs: bool, finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "text": word, "finish_reason": finish}
    return {"id": "1", "choices": [choice | ({"logprobs": {"token_logprobs": [-0.5]}} if logprobs else {})]}


def sse(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


@contextmanager
def serving(server: FaultyOpenAI) -> Iterator[FaultyOpenAI]:
    """The server on a free loopback port."""
    with serve(server.app()) as running:
        server.url = f"{running.url}/v1"
        yield server
