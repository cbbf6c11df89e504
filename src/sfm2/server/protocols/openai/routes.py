"""OpenAI's routes: models, completions, chat."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from functools import partial

from fastapi import Depends, Request

from sfm2.completer import Asker
from sfm2.requests import split_choices
from sfm2.server.http.context import RequestContext
from sfm2.server.http.deadline import take_deadline
from sfm2.server.http.documentation import OPENAI_EVENTS, error_responses
from sfm2.server.http.event_stream import EventStreamResponse
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.model_names import adapter_of
from sfm2.server.protocols.openai.from_internal import AnswerHead, chat_answer, completion_answer, without_output
from sfm2.server.protocols.openai.protocol import OPENAI
from sfm2.server.protocols.openai.schemas import (
    ChatAnswer,
    ChatBody,
    CompletionAnswer,
    CompletionBody,
    Model,
    ModelList,
    OpenAIErrorBody,
)
from sfm2.server.protocols.openai.stream import OpenCompletion, chat_events, completion_events
from sfm2.server.protocols.openai.to_internal import chat_request, completion_requests, max_tokens
from sfm2.server.protocols.openai.unsupported import check_chat, check_completion
from sfm2.server.state import AppState, AppStateDep
from sfm2.types import ChatRequest, Chunk, CompleteRequest, Completion, GenerateRequest, Reply

models_router = ServiceRouter(RoutePolicy(OPENAI), prefix="/v1", tags=["openai"])
router = ServiceRouter(
    RoutePolicy(OPENAI, counted=True),
    prefix="/v1",
    tags=["openai"],
    dependencies=[Depends(take_deadline)],
    responses=error_responses(400, 401, 403, 404, 409, 413, 415, 429, 500, 503, 504, body=OpenAIErrorBody),
)


@models_router.get("/models", responses=error_responses(401, 403, 429, 503, body=OpenAIErrorBody))
async def list_models(state: AppStateDep) -> ModelList:
    """The names that a request may give as `model`."""
    return ModelList(data=[_model(name) for name in state.model_names.all()])


@models_router.get("/models/{name:path}", responses=error_responses(401, 403, 404, 429, 503, body=OpenAIErrorBody))
async def retrieve_model(name: str, state: AppStateDep) -> Model:
    """Whether there is a model with this name."""
    return _model(state.model_names.find(name))


@router.post("/completions", responses=OPENAI_EVENTS, response_model=CompletionAnswer)
async def create_completion(
    body: CompletionBody, request: Request, state: AppStateDep
) -> CompletionAnswer | EventStreamResponse:
    """Complete a prompt, or fill a hole. With `stream`, server-sent events that end with `[DONE]`."""
    check_completion(body)
    context = RequestContext.of(request.scope)
    head = AnswerHead.new("cmpl", state.model_names.find(body.model))
    requests = completion_requests(body, state.settings, adapter_of(head.model))
    requests = [context.with_key_adapter(one) for one in requests]
    if body.stream:
        choices = _choices(body, requests, state, request)
        events = completion_events(head, choices, context, _includes_usage(body))
        return EventStreamResponse(events, state.in_flight)
    answers = await state.answering.answers(
        request, requests, lambda: state.manager.submit_all(requests, context.asker)
    )
    answers = [without_output(one) for one in answers] if max_tokens(body) == 0 else answers
    context.answers = answers
    return completion_answer(head, answers, body.n or 1, body.prompt if body.echo else None)


@router.post("/chat/completions", responses=OPENAI_EVENTS, response_model=ChatAnswer)
async def create_chat_completion(
    body: ChatBody, request: Request, state: AppStateDep
) -> ChatAnswer | EventStreamResponse:
    """Write the next message of a conversation. With `stream`, server-sent events that end with `[DONE]`."""
    check_chat(body)
    context = RequestContext.of(request.scope)
    head = AnswerHead.new("chatcmpl", state.model_names.find(body.model))
    internal = chat_request(body, state.settings, adapter_of(head.model))
    if body.stream:
        stream = partial(_reply_without_output, state) if max_tokens(body) == 0 else state.manager.chat_stream
        replies = [partial(stream, one, context.asker) for one in split_choices(internal)]
        events = chat_events(head, replies, context, _includes_usage(body))
        return EventStreamResponse(events, state.in_flight)
    answers = await state.answering.answers(request, [internal], lambda: state.manager.chat(internal, context.asker))
    answers = [without_output(one) for one in answers] if max_tokens(body) == 0 else answers
    context.answers = answers
    return chat_answer(head, answers)


def _choices(
    body: CompletionBody,
    requests: list[GenerateRequest | CompleteRequest],
    state: AppState,
    http_request: Request,
) -> list[tuple[str, OpenCompletion]]:
    stream = partial(_completion_without_output if max_tokens(body) == 0 else _completion, state, http_request)
    echoed = body.prompt if body.echo else [""] * len(requests)
    return [
        (prompt, partial(stream, one))
        for prompt, request in zip(echoed, requests, strict=True)
        for one in split_choices(request)
    ]


def _completion(
    state: AppState, http_request: Request, asked: GenerateRequest | CompleteRequest
) -> AsyncGenerator[Chunk | Completion, None]:
    context = RequestContext.of(http_request.scope)
    return state.answering.stream(http_request, asked, lambda: state.manager.stream(asked, context.asker))


async def _completion_without_output(
    state: AppState, http_request: Request, asked: GenerateRequest | CompleteRequest
) -> AsyncGenerator[Chunk | Completion, None]:
    """The stream of a request of 0 tokens."""
    yield without_output(await state.manager.submit(asked, RequestContext.of(http_request.scope).asker))


async def _reply_without_output(
    state: AppState, request: ChatRequest, asker: Asker
) -> AsyncGenerator[Chunk | Reply, None]:
    """The same for a conversation."""
    (reply,) = await state.manager.chat(request, asker)
    yield without_output(reply)


def _includes_usage(body: CompletionBody | ChatBody) -> bool:
    return bool(body.stream_options and body.stream_options.include_usage)


def _model(name: str) -> Model:
    return Model(id=name, created=int(time.time()))
