"""OpenAI's routes: models, completions, chat. What they answer goes the way of `/generate` and `/complete`."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from functools import partial

from fastapi import APIRouter, Request

from sfm2.requests import split_choices
from sfm2.server.documentation import OPENAI_EVENTS, documented_as
from sfm2.server.event_stream import EventStream
from sfm2.server.exchange import Exchange
from sfm2.server.json_route import JSONRoute
from sfm2.server.key_adapter import with_key
from sfm2.server.openai import streaming
from sfm2.server.openai.answers import Head, chat_answer, completion_answer, emptied
from sfm2.server.openai.asking import chat_request, completion_requests, length_of
from sfm2.server.openai.names import adapter_of
from sfm2.server.openai.refusals import check_chat, check_completion
from sfm2.server.openai.schemas import (
    ChatAnswer,
    ChatBody,
    CompletionAnswer,
    CompletionBody,
    Model,
    ModelList,
    OpenAIErrorBody,
)
from sfm2.server.state import Held, State
from sfm2.types import ChatRequest, Chunk, CompleteRequest, Completion, GenerateRequest, Reply

router = APIRouter(prefix="/v1", route_class=JSONRoute, tags=["openai"])
_OF_MODELS = documented_as(OpenAIErrorBody, 401, 404, 429)
_ERRORS = documented_as(OpenAIErrorBody, 400, 401, 404, 413, 415, 429, 500, 503)


@router.get("/models", responses=documented_as(OpenAIErrorBody, 401, 429))
async def list_models(state: Held) -> ModelList:
    """The names that a request may give as `model`."""
    return ModelList(data=[_model(name) for name in state.names.all()])


@router.get("/models/{name:path}", responses=_OF_MODELS)
async def retrieve_model(name: str, state: Held) -> Model:
    """Whether there is a model of this name."""
    return _model(state.names.find(name))


@router.post("/completions", responses={**_ERRORS, **OPENAI_EVENTS}, response_model=CompletionAnswer)
async def create_completion(body: CompletionBody, request: Request, state: Held) -> CompletionAnswer | EventStream:
    """Go on from a prompt, or fill a hole. With `stream`, server-sent events that end with `[DONE]`."""
    check_completion(body)
    head = Head.new("cmpl", state.names.find(body.model))
    asked = [with_key(one, request) for one in completion_requests(body, state.settings, adapter_of(head.model))]
    exchange = Exchange.of(request.scope)
    if body.stream:
        events = streaming.completion_events(head, _choices(body, asked, state), exchange, _wants_usage(body))
        return EventStream(events, state.in_flight, streaming.failure)
    answers = await state.in_flight.run(request.receive, lambda: state.manager.submit_all(asked))
    answers = [emptied(one) for one in answers] if length_of(body) == 0 else answers
    exchange.answers = answers
    return completion_answer(head, answers, body.n or 1, body.prompt if body.echo else None)


@router.post("/chat/completions", responses={**_ERRORS, **OPENAI_EVENTS}, response_model=ChatAnswer)
async def create_chat_completion(body: ChatBody, request: Request, state: Held) -> ChatAnswer | EventStream:
    """Say what comes next in a conversation. With `stream`, server-sent events that end with `[DONE]`."""
    check_chat(body)
    head = Head.new("chatcmpl", state.names.find(body.model))
    asked = chat_request(body, state.settings, adapter_of(head.model))
    exchange = Exchange.of(request.scope)
    if body.stream:
        stream = partial(_no_reply, state) if length_of(body) == 0 else state.manager.chat_stream
        choices = [partial(stream, one) for one in split_choices(asked)]
        events = streaming.chat_events(head, choices, exchange, _wants_usage(body))
        return EventStream(events, state.in_flight, streaming.failure)
    replies = await state.in_flight.run(request.receive, lambda: state.manager.chat(asked))
    replies = [emptied(one) for one in replies] if length_of(body) == 0 else replies
    exchange.answers = replies
    return chat_answer(head, replies)


def _choices(
    body: CompletionBody, asked: list[GenerateRequest | CompleteRequest], state: State
) -> list[tuple[str, streaming.Open]]:
    stream = partial(_nothing, state) if length_of(body) == 0 else state.manager.stream
    echoed = body.prompt if body.echo else [""] * len(asked)
    return [
        (prompt, partial(stream, one))
        for prompt, request in zip(echoed, asked, strict=True)
        for one in split_choices(request)
    ]


async def _nothing(
    state: State, request: GenerateRequest | CompleteRequest
) -> AsyncGenerator[Chunk | Completion, None]:
    """For who asked for no token."""
    yield emptied(await state.manager.submit(request))


async def _no_reply(state: State, request: ChatRequest) -> AsyncGenerator[Chunk | Reply, None]:
    (reply,) = await state.manager.chat(request)
    yield emptied(reply)


def _wants_usage(body: CompletionBody | ChatBody) -> bool:
    return bool(body.stream_options and body.stream_options.include_usage)


def _model(name: str) -> Model:
    return Model(id=name, created=int(time.time()))
