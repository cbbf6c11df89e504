"""What the models do: generate, in one piece, many or as a stream; complete in an editor; explain."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from sfm2.server.documentation import EVENTS, documented
from sfm2.server.event_stream import EventStream, our_events, our_failure
from sfm2.server.exchange import Exchange
from sfm2.server.json_route import JSONRoute
from sfm2.server.key_adapter import with_key
from sfm2.server.state import Held, State
from sfm2.types import (
    Batch,
    BatchRequest,
    CompleteRequest,
    Completion,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    GenerationOptions,
)

Answer = TypeVar("Answer", Completion, Explanation, Batch)

router = APIRouter(route_class=JSONRoute, tags=["models"], responses=documented(400, 401, 413, 415, 422, 429, 500, 503))


@router.post("/generate")
async def generate(body: GenerateRequest, request: Request, state: Held) -> Completion:
    """Go on from a prompt."""
    asked = with_key(body, request)
    return _shown(body, await _answer(request, state, lambda: state.manager.submit(asked)))


@router.post("/generate/batch")
async def generate_batch(body: BatchRequest, request: Request, state: Held) -> Batch:
    """Many prompts at once. A prompt that fails has an error in its place; the others are answered."""
    asked = with_key(body, request)
    return _shown_all(body, await _answer(request, state, lambda: state.manager.submit(asked)))


@router.post(
    "/generate/stream",
    response_class=Response,
    response_model=None,
    responses=EVENTS,
)
async def generate_stream(body: GenerateRequest, request: Request, state: Held) -> EventStream:
    """As `/generate`, in pieces as they come.

    Server-sent events: `chunk` with `{"text": ...}`, any number of times, then exactly one `done` with what `/generate`
    would answer, or one `error` with the body of an error response. Errors before the first chunk are ordinary responses.
    """
    asked = with_key(body, request)
    exchange = Exchange.of(request.scope)
    events = our_events(state.manager.stream(asked), exchange, lambda answer: _shown(body, answer))
    return EventStream(events, state.in_flight, our_failure)


@router.post("/complete")
async def complete(body: CompleteRequest, request: Request, state: Held) -> Completion:
    """Fill the hole at the cursor: the editor's call."""
    asked = with_key(body, request)
    return _shown(body, await _answer(request, state, lambda: state.manager.submit(asked)))


@router.post("/explain")
async def explain(body: ExplainRequest, request: Request, state: Held) -> Explanation:
    """Say in words what code does."""
    return await _answer(request, state, lambda: state.manager.submit(body))


def _shown(body: GenerationOptions, answer: Completion) -> Completion:
    """The features are for those who ask; the service itself keeps them for `/feedback`."""
    return answer if body.features else answer.model_copy(update={"features": None})


def _shown_all(body: GenerationOptions, batch: Batch) -> Batch:
    return Batch(results=[_shown(body, one) if isinstance(one, Completion) else one for one in batch.results])


async def _answer(request: Request, state: State, work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    answer = await state.in_flight.run(request.receive, work)
    Exchange.of(request.scope).answered(answer)
    return answer
