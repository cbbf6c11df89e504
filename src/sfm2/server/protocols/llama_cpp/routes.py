"""llama.cpp's route for editors."""

from __future__ import annotations

from fastapi import Depends, Request, Response

from sfm2.server.http.context import RequestContext
from sfm2.server.http.deadline import take_deadline
from sfm2.server.http.documentation import error_responses
from sfm2.server.http.event_stream import EventStreamResponse
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.model_names import adapter_of
from sfm2.server.protocols.llama_cpp.from_internal import infill_answer, infill_events, json_of
from sfm2.server.protocols.llama_cpp.protocol import LLAMA_CPP
from sfm2.server.protocols.llama_cpp.schemas import InfillAnswer, InfillBody, InfillErrorBody
from sfm2.server.protocols.llama_cpp.to_internal import complete_request
from sfm2.server.state import AppStateDep

router = ServiceRouter(
    RoutePolicy(LLAMA_CPP, counted=True),
    tags=["llama.cpp"],
    dependencies=[Depends(take_deadline)],
    responses=error_responses(400, 401, 403, 404, 409, 413, 415, 429, 500, 503, 504, body=InfillErrorBody),
)


@router.post("/infill", response_model=InfillAnswer)
async def infill(body: InfillBody, request: Request, state: AppStateDep) -> Response:
    """Fill the hole at the cursor, for editors that use llama.cpp's server: llama.vim, llama.vscode."""
    context = RequestContext.of(request.scope)
    model = state.model_names.find(body.model)
    internal = context.with_key_adapter(complete_request(body, state.settings, adapter_of(model)))
    if body.stream and not body.only_reads:
        chunks = state.answering.stream(request, internal, lambda: state.manager.stream(internal, context.asker))
        return EventStreamResponse(infill_events(chunks, context, model), state.in_flight)
    (completion,) = await state.answering.answers(
        request, [internal], lambda: state.manager.submit_all([internal], context.asker)
    )
    context.record(completion)
    answer = infill_answer(completion, model, body.only_reads)
    return Response(json_of(answer, body.response_fields), media_type="application/json")
