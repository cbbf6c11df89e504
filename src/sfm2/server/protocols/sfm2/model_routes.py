"""Our model routes: generate (one, many, or as a stream), complete, explain."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request, Response

from sfm2.server.http.context import RequestContext
from sfm2.server.http.documentation import EVENTS, error_responses
from sfm2.server.http.event_stream import EventStreamResponse, StreamEvent
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
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
)

Answer = TypeVar("Answer", Completion, Explanation, Batch)

router = ServiceRouter(
    RoutePolicy(SFM2, counted=True),
    tags=["models"],
    responses=error_responses(400, 401, 413, 415, 422, 429, 500, 503),
)


@router.post("/generate")
async def generate(body: GenerateRequest, request: Request, state: AppStateDep) -> Completion:
    """Complete a prompt."""
    context = RequestContext.of(request.scope)
    internal = context.with_key_adapter(body)
    return _visible(body, await _run(request, state, lambda: state.manager.submit(internal)))


@router.post("/generate/batch")
async def generate_batch(body: BatchRequest, request: Request, state: AppStateDep) -> Batch:
    """Complete many prompts. A prompt that fails has an error in its place; the others are answered."""
    context = RequestContext.of(request.scope)
    internal = context.with_key_adapter(body)
    batch = await _run(request, state, lambda: state.manager.submit(internal))
    return Batch(results=[_visible(body, one) if isinstance(one, Completion) else one for one in batch.results])


@router.post(
    "/generate/stream",
    response_class=Response,
    response_model=None,
    responses=EVENTS,
)
async def generate_stream(body: GenerateRequest, request: Request, state: AppStateDep) -> EventStreamResponse:
    """Complete a prompt and send the text as it is written.

    Server-sent events: any number of `chunk` events with `{"text": ...}`, then exactly one `done` with what `/generate`
    would answer, or one `error` with the body of an error response. Errors before the first chunk are ordinary responses.
    """
    context = RequestContext.of(request.scope)
    items = state.manager.stream(context.with_key_adapter(body))
    return EventStreamResponse(_events(items, context, body), state.in_flight)


@router.post("/complete")
async def complete(body: CompleteRequest, request: Request, state: AppStateDep) -> Completion:
    """Fill the hole at the cursor: the editor's call."""
    context = RequestContext.of(request.scope)
    internal = context.with_key_adapter(body)
    return _visible(body, await _run(request, state, lambda: state.manager.submit(internal)))


@router.post("/explain")
async def explain(body: ExplainRequest, request: Request, state: AppStateDep) -> Explanation:
    """Explain in words what code does."""
    return await _run(request, state, lambda: state.manager.submit(body))


async def _run(request: Request, state: AppState, work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    answer = await state.in_flight.run(request.receive, work)
    RequestContext.of(request.scope).record(answer)
    return answer


async def _events(
    items: AsyncGenerator[Chunk | Completion, None], context: RequestContext, body: GenerateRequest
) -> AsyncGenerator[StreamEvent, None]:
    """`chunk` events, then one `done`."""
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Completion):
                context.record(item)
                yield StreamEvent(Event(_visible(body, item).model_dump_json(), "done"), last=True)
            else:
                yield StreamEvent(Event(item.model_dump_json(exclude_none=True), "chunk"))


def _visible(body: GenerationOptions, answer: Completion) -> Completion:
    """The answer as the client sees it: features only on request. The service keeps them for `/feedback`."""
    return answer if body.features else answer.model_copy(update={"features": None})
