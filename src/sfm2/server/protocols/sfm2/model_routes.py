"""Our model routes: generate (also many), complete and explain, each whole or as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar, overload

from fastapi import Depends, Request, Response

from sfm2.completer import Streamable
from sfm2.server.http.context import RequestContext
from sfm2.server.http.deadline import take_deadline
from sfm2.server.http.documentation import ONE_ANSWER, error_responses, events
from sfm2.server.http.event_stream import EventStreamResponse, StreamEvent
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.http.session import take_session
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppState, AppStateDep
from sfm2.sse import Event
from sfm2.types import (
    Batch,
    BatchRequest,
    Chunk,
    CompleteRequest,
    Completion,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    GenerationOptions,
    Wire,
)

One = TypeVar("One", bound=Wire)

router = ServiceRouter(
    RoutePolicy(SFM2, counted=True),
    tags=["models"],
    dependencies=[Depends(take_deadline)],
    responses=error_responses(400, 401, 403, 409, 413, 415, 422, 429, 500, 503, 504),
)


@router.post("/generate")
async def generate(body: GenerateRequest, request: Request, state: AppStateDep) -> Completion:
    """Complete a prompt."""
    internal = RequestContext.of(request.scope).with_key_adapter(body)
    return _visible(body, await _answer(internal, request, state))


@router.post("/generate/batch")
async def generate_batch(body: BatchRequest, request: Request, state: AppStateDep) -> Batch:
    """Complete many prompts. A prompt that fails has an error in its place; the others are answered."""
    context = RequestContext.of(request.scope)
    internal = context.with_key_adapter(body)
    batch = await state.in_flight.run(request.receive, lambda: state.manager.submit(internal, context.asker))
    context.record(batch)
    return Batch(results=[_visible(body, one) if isinstance(one, Completion) else one for one in batch.results])


@router.post(
    "/generate/stream",
    response_class=Response,
    response_model=None,
    responses=events(Completion),
    openapi_extra=ONE_ANSWER,
)
async def generate_stream(body: GenerateRequest, request: Request, state: AppStateDep) -> EventStreamResponse:
    """Complete a prompt and send the text as it is written.

    Server-sent events: any number of `chunk` events with `{"text": ...}`, then exactly one `done` with what `/generate`
    would answer, or one `error` with the body of an error response. Errors before the first chunk are ordinary responses.
    """
    context = RequestContext.of(request.scope)
    return _stream(request, state, context.with_key_adapter(body))


@router.post("/complete", dependencies=[Depends(take_session)])
async def complete(body: CompleteRequest, request: Request, state: AppStateDep) -> Completion:
    """Fill the hole at the cursor: the editor's call."""
    internal = RequestContext.of(request.scope).with_key_adapter(body)
    return _visible(body, await _answer(internal, request, state))


@router.post(
    "/complete/stream",
    dependencies=[Depends(take_session)],
    response_class=Response,
    response_model=None,
    responses=events(Completion),
    openapi_extra=ONE_ANSWER,
)
async def complete_stream(body: CompleteRequest, request: Request, state: AppStateDep) -> EventStreamResponse:
    """Fill the hole at the cursor, and send each line as soon as it is sure to stay.

    The events are those of `/generate/stream`; `done` has what `/complete` would answer.
    """
    context = RequestContext.of(request.scope)
    return _stream(request, state, context.with_key_adapter(body))


@router.post("/explain")
async def explain(body: ExplainRequest, request: Request, state: AppStateDep) -> Explanation:
    """Explain in words what code does."""
    return await _answer(body, request, state)


@router.post("/explain/stream", response_class=Response, response_model=None, responses=events(Explanation))
async def explain_stream(body: ExplainRequest, request: Request, state: AppStateDep) -> EventStreamResponse:
    """Explain in words what code does, and send the words as they are written.

    The events are those of `/generate/stream`; `done` has what `/explain` would answer.
    """
    return _stream(request, state, body)


@overload
async def _answer(asked: GenerateRequest | CompleteRequest, request: Request, state: AppState) -> Completion: ...
@overload
async def _answer(asked: ExplainRequest, request: Request, state: AppState) -> Explanation: ...
async def _answer(
    asked: GenerateRequest | CompleteRequest | ExplainRequest, request: Request, state: AppState
) -> Completion | Explanation:
    context = RequestContext.of(request.scope)

    async def work() -> list[Any]:
        return [await state.manager.submit(asked, context.asker)]

    answer: Completion | Explanation
    (answer,) = await state.answering.answers(request, [asked], work)
    context.record(answer)
    return answer


def _stream(request: Request, state: AppState, body: Streamable) -> EventStreamResponse:
    context = RequestContext.of(request.scope)
    items = state.answering.stream(request, body, lambda: state.manager.stream(body, context.asker))
    return EventStreamResponse(_events(items, context, body), state.in_flight)


async def _events(
    items: AsyncGenerator[Chunk | Completion | Explanation, None], context: RequestContext, body: Streamable
) -> AsyncGenerator[StreamEvent, None]:
    """`chunk` events, then one `done`."""
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Chunk):
                yield StreamEvent(Event(item.model_dump_json(exclude_none=True), "chunk"))
            else:
                context.record(item)
                yield StreamEvent(Event(_visible(body, item).model_dump_json(), "done"), last=True)


def _visible(body: GenerationOptions | ExplainRequest, answer: One) -> One:
    """The answer as the client sees it: features only on request. The service keeps them for `/feedback`."""
    if isinstance(body, ExplainRequest) or body.features:
        return answer
    return answer.model_copy(update={"features": None})
