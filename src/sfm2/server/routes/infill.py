"""llama.cpp's route for editors. What it answers goes the way of `/complete`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from sfm2.server.documentation import documented_as
from sfm2.server.event_stream import EventStream
from sfm2.server.exchange import Exchange
from sfm2.server.json_route import JSONRoute
from sfm2.server.key_adapter import with_key
from sfm2.server.llama_cpp import answers
from sfm2.server.llama_cpp.schemas import InfillAnswer, InfillBody, InfillErrorBody
from sfm2.server.openai.names import adapter_of
from sfm2.server.state import Held

router = APIRouter(route_class=JSONRoute, tags=["llama.cpp"])


@router.post(
    "/infill",
    responses=documented_as(InfillErrorBody, 400, 401, 404, 413, 415, 429, 500, 503),
    response_model=InfillAnswer,
)
async def infill(body: InfillBody, request: Request, state: Held) -> Response:
    """Fill the hole at the cursor, for editors that know llama.cpp's server: llama.vim, llama.vscode."""
    model = state.names.find(body.model)
    asked = with_key(answers.complete_request(body, state.settings, adapter_of(model)), request)
    exchange = Exchange.of(request.scope)
    warming = body.n_predict == 0
    if body.stream and not warming:
        events = answers.events(state.manager.stream(asked), exchange, model)
        return EventStream(events, state.in_flight, answers.failure)
    completion = await state.in_flight.run(request.receive, lambda: state.manager.submit(asked))
    exchange.answered(completion)
    answer = answers.answer_of(completion, model, warming)
    return Response(answers.json_of(answer, body.response_fields), media_type="application/json")
