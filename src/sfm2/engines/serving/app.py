"""The engine process's HTTP interface: llama.cpp's routes over the worker. Loopback only, behind a random key."""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sfm2.asgi import EventStream
from sfm2.engines.llama_cpp.wire import (
    REFUSED,
    UNSUPPORTED,
    CompletionCall,
    CompletionEvent,
    ErrorDetail,
    ErrorReply,
    GenerationDefaults,
    PromptTimings,
    Properties,
    TemplateCall,
    TemplateReply,
    TokenizeCall,
    TokenizeReply,
    TokenProbability,
)
from sfm2.engines.serving.job import JobOutput
from sfm2.engines.serving.jobs import JobRunner, RefusedError, StartedJob, failure_of
from sfm2.sse import Event, encode

M = TypeVar("M", bound=BaseModel)


class _Routes:
    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner

    def table(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/props", self.properties),
            Route("/completion", self.completion, methods=["POST"]),
            Route("/tokenize", self.tokenize, methods=["POST"]),
            Route("/apply-template", self.apply_template, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        self._runner.ready()
        return Response('{"status": "ok"}', media_type="application/json")

    async def properties(self, request: Request) -> Response:
        worker, spec = self._runner.ready(), self._runner.spec
        return _answer(
            Properties(
                default_generation_settings=GenerationDefaults(n_ctx=worker.context),
                model_alias=spec.name,
                chat_template=worker.runtime.chat_template or "",
                weights=spec.weights,
                prompt_form=spec.prompt_form,
                running=worker.load,
                waiting=worker.waiting,
                cache_use=worker.cache_use,
                adapters=[one.path.parent.name if one else None for one in worker.loaded()],
            )
        )

    async def tokenize(self, request: Request) -> Response:
        call = await _parse(request, TokenizeCall)
        vocabulary = self._runner.ready().vocabulary
        return _answer(
            TokenizeReply(tokens=(vocabulary.encode if call.parse_special else vocabulary.encode_text)(call.content))
        )

    async def apply_template(self, request: Request) -> Response:
        call = await _parse(request, TemplateCall)
        worker = self._runner.ready()
        if not worker.runtime.chat_template:
            raise RefusedError(400, UNSUPPORTED, "these weights have no chat template")
        refused: tuple[type[Exception], ...] = (*worker.runtime.errors, TypeError)  # for messages unlike the template's
        try:
            return _answer(TemplateReply(prompt=worker.vocabulary.chat_prompt(call.model_dump()["messages"])))
        except refused as error:
            raise RefusedError(400, REFUSED, f"messages: {worker.runtime.plain(error)}") from error

    async def completion(self, request: Request) -> EventStream:
        call = await _parse(request, CompletionCall)
        return EventStream(_events(self._runner.start(call), bool(call.n_probs)))


async def _events(job: StartedJob, probabilities: bool) -> AsyncGenerator[bytes, None]:
    predicted = 0
    async with aclosing(job.outputs) as outputs:
        async for output in outputs:
            predicted += len(output.tokens)
            body = (
                ErrorReply(error=failure_of(output)) if output.error else _event(output, job, predicted, probabilities)
            )
            yield encode(Event(body.model_dump_json(exclude_none=True)))


def _event(output: JobOutput, job: StartedJob, predicted: int, probabilities: bool) -> CompletionEvent:
    seconds = output.prompt_seconds
    return CompletionEvent(
        content=output.text,
        tokens=list(output.tokens),
        completion_probabilities=_probabilities(output, job) if probabilities else None,
        tokens_evaluated=job.prompt_tokens,
        tokens_predicted=predicted if output.last else None,
        stop=output.last,
        stop_type=output.stop_type,
        timings=None
        if seconds is None
        else PromptTimings(
            prompt_n=job.prompt_tokens, prompt_ms=round(seconds * 1000, 3), wait_ms=_milliseconds(output.wait_seconds)
        ),
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _probabilities(output: JobOutput, job: StartedJob) -> list[TokenProbability]:
    texts = [job.vocabulary.bytes_of(token) for token in output.tokens]
    return [
        # Nothing to validate: these are our own numbers, and there is one for each token.
        TokenProbability.model_construct(
            id=token, token=text.decode("utf-8", "replace"), bytes=list(text), logprob=logprob
        )
        for token, text, logprob in zip(output.tokens, texts, output.logprobs, strict=True)
    ]


async def _parse(request: Request, kind: type[M]) -> M:
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedError(400, REFUSED, f"{where}: {first['msg']}") from error


def _answer(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump_json(exclude_none=status != 200), status, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _answer(ErrorReply(error=error.detail), error.detail.code)


class _KeyCheck:
    """Lets requests for `/health` through, and those that carry the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/health":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                detail = ErrorDetail(code=401, type="authentication_error", message="Invalid API Key")
                await _answer(ErrorReply(error=detail), 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def create_app(runner: JobRunner, key: str) -> ASGIApp:
    """The routes over `runner`; requests must carry `key` as a bearer token."""
    handlers: dict[Any, Any] = {RefusedError: _refused}
    return _KeyCheck(Starlette(routes=_Routes(runner).table(), exception_handlers=handlers), key)
