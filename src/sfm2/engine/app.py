"""The engine's HTTP face: llama.cpp's routes over the pipeline. Loopback only, behind a random key."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sfm2.asgi import ClientGoneError, EventStream, while_connected
from sfm2.engine.pipeline import Delta, Job
from sfm2.engine.protocol import (
    ADAPTER_FAILED,
    CompletionRequest,
    OpenAIRequest,
    completion_body,
    error_body,
    openai_body,
    openai_finish,
    openai_logprobs,
)
from sfm2.engine.task import AdapterFile, Task
from sfm2.engine.vocabulary import Vocabulary
from sfm2.engine.worker import Worker
from sfm2.sse import Event, encode

M = TypeVar("M", bound=BaseModel)
_DONE = encode(Event("[DONE]"))


class EngineError(Exception):
    """A refusal, as it goes over the wire."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(status, kind, message, **more)


@dataclass(frozen=True)
class Started:
    """A job: `read` are the tokens of its prompt; closing `deltas` cancels it."""

    vocabulary: Vocabulary
    read: int
    deltas: AsyncGenerator[Delta, None]

    def names(self, delta: Delta) -> list[str]:
        """The text of each token by itself."""
        return [self.vocabulary.decode([token]) for token in delta.tokens]

    def bytes(self, delta: Delta) -> list[bytes]:
        """The same unread: a character may be spread over tokens."""
        return [self.vocabulary.bytes_of(token) for token in delta.tokens]


class Engine:
    """The worker as coroutines. `worker` is None while weights load."""

    def __init__(self, task: Task) -> None:
        self.name = task.name
        self.task = task
        self.worker: Worker | None = None

    def ready(self) -> Worker:
        if self.worker is None:
            raise EngineError(503, "unavailable_error", "Loading model")
        return self.worker

    def start(self, request: CompletionRequest, by_line: bool, adapter: AdapterFile | None = None) -> Started:
        """Gives the worker a job, so that the next request already counts it. Raises `EngineError` for a prompt beyond the
        window, and when too much is running."""
        worker = self.ready()
        if worker.load >= self.task.max_requests:
            raise EngineError(429, "overloaded_error", f"{self.task.max_requests} requests are running or waiting")
        ids = worker.vocabulary.encode(request.prompt) if isinstance(request.prompt, str) else request.prompt
        if not ids:
            raise EngineError(400, "invalid_request_error", "the prompt is empty")
        if len(ids) >= worker.context:
            message = f"the prompt has {len(ids):,} tokens; the window holds {worker.context:,} with the completion"
            more = {"n_prompt_tokens": len(ids), "n_ctx": worker.context}
            raise EngineError(400, "exceed_context_size_error", message, **more)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Delta] = asyncio.Queue()
        sampling = request.sampling(worker.context - len(ids))
        job = Job(ids, sampling, lambda delta: _post(loop, arrived, delta), by_line, adapter)
        worker.submit(job)
        return Started(worker.vocabulary, len(ids), _deltas(worker, job, arrived))


async def _deltas(worker: Worker, job: Job, arrived: asyncio.Queue[Delta]) -> AsyncGenerator[Delta, None]:
    try:
        while True:
            delta = await arrived.get()
            yield delta
            if delta.last:
                return
    finally:
        worker.cancel(job)


def _post(loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[Delta], delta: Delta) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(arrived.put_nowait, delta)


class Routes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def table(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/props", self.props),
            Route("/completion", self.completion, methods=["POST"]),
            Route("/tokenize", self.tokenize, methods=["POST"]),
            Route("/detokenize", self.detokenize, methods=["POST"]),
            Route("/apply-template", self.apply_template, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/completions", self.openai, methods=["POST"]),
            Route("/v1/chat/completions", self.openai_chat, methods=["POST"]),
        ]

    async def health(self, request: Request) -> JSONResponse:
        self._engine.ready()
        return JSONResponse({"status": "ok"})

    async def props(self, request: Request) -> JSONResponse:
        worker = self._engine.ready()
        return JSONResponse(
            {
                "default_generation_settings": {"n_ctx": worker.context},
                "model_alias": self._engine.name,
                "chat_template": worker.facts.chat_template or "",
                "running": worker.load,
                "weights": self._engine.task.weights,
                "hole_form": self._engine.task.hole_form,
                "adapters": [one.path.parent.name if one else None for one in worker.loaded()],
            }
        )

    async def tokenize(self, request: Request) -> JSONResponse:
        text = await _field(request, "content", str)
        parse_special = await _field(request, "parse_special", bool, default=True)
        vocabulary = self._engine.ready().vocabulary
        return JSONResponse({"tokens": (vocabulary.encode if parse_special else vocabulary.encode_text)(text)})

    async def detokenize(self, request: Request) -> JSONResponse:
        tokens = await _field(request, "tokens", list)
        return JSONResponse({"content": self._engine.ready().vocabulary.decode(tokens)})

    async def apply_template(self, request: Request) -> JSONResponse:
        return JSONResponse({"prompt": self._chat_prompt(await _field(request, "messages", list))})

    async def models(self, request: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": self._engine.name, "object": "model"}]})

    async def completion(self, request: Request) -> ASGIApp:
        asked = await _parse(request, CompletionRequest)
        job = self._engine.start(asked, asked.by_line or not asked.stream, asked.adapter)

        def body(delta: Delta, predicted: int) -> dict[str, Any]:
            return completion_body(delta, job.bytes(delta) if asked.n_probs else None, job.read, predicted)

        if asked.stream:
            return EventStream(_events(job.deltas, body))
        whole = await while_connected(request.receive, _collect(job.deltas))
        return JSONResponse(body(whole, len(whole.tokens)))

    async def openai(self, request: Request) -> ASGIApp:
        asked = await _parse(request, OpenAIRequest)
        return await self._openai(request, asked, asked.prompt, chat=False)

    async def openai_chat(self, request: Request) -> ASGIApp:
        asked = await _parse(request, OpenAIRequest)
        return await self._openai(request, asked, self._chat_prompt(asked.messages), chat=True)

    async def _openai(self, request: Request, asked: OpenAIRequest, prompt: str, chat: bool) -> ASGIApp:
        job = self._engine.start(asked.completion(prompt), by_line=not asked.stream)
        kind = "chat.completion" if chat else "text_completion"

        def choice(delta: Delta, key: str) -> dict[str, Any]:
            content = {key: {"role": "assistant", "content": delta.text}} if chat else {"text": delta.text}
            logprobs = openai_logprobs(chat, delta, job.names(delta)) if asked.logprobs else None
            return {**content, "logprobs": logprobs, "finish_reason": openai_finish(delta)}

        def chunk(delta: Delta, predicted: int) -> dict[str, Any]:
            return openai_body(f"{kind}.chunk" if chat else kind, self._engine.name, choice(delta, "delta"))

        if asked.stream:
            return EventStream(_events(job.deltas, chunk, end=_DONE))
        whole = await while_connected(request.receive, _collect(job.deltas))
        total = len(whole.tokens)
        usage = {"prompt_tokens": job.read, "completion_tokens": total, "total_tokens": job.read + total}
        return JSONResponse(openai_body(kind, self._engine.name, choice(whole, "message"), usage=usage))

    def _chat_prompt(self, messages: list[dict[str, Any]]) -> str:
        worker = self._engine.ready()
        if not worker.facts.chat_template:
            raise EngineError(400, "not_supported_error", "these weights have no chat form")
        try:
            return worker.vocabulary.chat_prompt(messages)
        except (RuntimeError, TypeError) as error:  # what OpenVINO raises for messages the template refuses
            raise EngineError(400, "invalid_request_error", f"messages: {error}") from error


async def _events(deltas: AsyncGenerator[Delta, None], body: Any, end: bytes = b"") -> AsyncGenerator[bytes, None]:
    predicted = 0
    async with aclosing(deltas):
        async for delta in deltas:
            predicted += len(delta.tokens)
            failure = _failure(delta).body if delta.error else None
            yield encode(Event(json.dumps(failure or body(delta, predicted))))
    yield end


async def _collect(deltas: AsyncGenerator[Delta, None]) -> Delta:
    async with aclosing(deltas):
        parts = [delta async for delta in deltas]
    if parts[-1].error:
        raise _failure(parts[-1])
    return Delta(
        "".join(part.text for part in parts),
        tuple(token for part in parts for token in part.tokens),
        tuple(logprob for part in parts for logprob in part.logprobs),
        parts[-1].stop_type,
    )


def _failure(delta: Delta) -> EngineError:
    status, kind = (400, ADAPTER_FAILED) if delta.adapter_failed else (500, "server_error")
    return EngineError(status, kind, delta.error or "")


async def _parse(request: Request, kind: type[M]) -> M:
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EngineError(400, "invalid_request_error", f"{where}: {first['msg']}") from error


async def _field(request: Request, name: str, kind: type[Any], default: Any = None) -> Any:
    try:
        body = json.loads(await request.body())
        value = body[name] if default is None else body.get(name, default)
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(400, "invalid_request_error", f"expected a JSON object with {name!r}") from error
    if not isinstance(value, kind):
        raise EngineError(400, "invalid_request_error", f"{name}: expected {kind.__name__}")
    return value


class _KeyCheck:
    """Lets `/health` through, and what carries the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()
        self._open = not key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/health" and not self._open:
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                body = error_body(401, "authentication_error", "Invalid API Key")
                await JSONResponse(body, 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EngineError)
    return JSONResponse(error.body, error.status)


async def _nobody_waits(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({}, 499)


def create_app(engine: Engine, key: str) -> ASGIApp:
    handlers: dict[Any, Any] = {EngineError: _refused, ClientGoneError: _nobody_waits}
    return _KeyCheck(Starlette(routes=Routes(engine).table(), exception_handlers=handlers), key)
