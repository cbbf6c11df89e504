"""Usage statistics, and feedback on completions."""

from __future__ import annotations

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from sfm2.server.http.context import RequestContext
from sfm2.server.http.documentation import error_responses
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppStateDep
from sfm2.server.usage.metrics import Observed, exposition
from sfm2.types import FeedbackRequest, KeyScope, Stats

router = ServiceRouter(RoutePolicy(SFM2))
stats_router = ServiceRouter(RoutePolicy(SFM2, scope=KeyScope.STATS))


@stats_router.get("/stats", tags=["stats"], responses=error_responses(401, 403, 429, 503))
async def stats(state: AppStateDep) -> Stats:
    """Requests to the model routes since the store was created, over all workers and restarts.

    They are everybody's: an API key needs the scope `stats`.
    """
    found = await state.usage.stats()
    return found.model_copy(update={"loop_lag": round(state.loop_lag.most, 3), "loop_lags": state.loop_lag.counts})


@stats_router.get("/metrics", tags=["stats"], response_class=Response, responses=error_responses(401, 403, 429, 503))
async def metrics(state: AppStateDep) -> Response:
    """The same and more in Prometheus's text format, over all workers. An API key needs the scope `stats`."""
    observed = Observed(
        await state.manager.health(), await state.manager.loads(), state.in_flight.count, state.loop_lag.most
    )
    return Response(exposition(await state.usage.counters(), observed), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.post(
    "/feedback",
    tags=["feedback"],
    status_code=204,
    responses=error_responses(400, 401, 403, 404, 413, 415, 422, 429, 500, 503),
)
async def feedback(body: FeedbackRequest, request: Request, state: AppStateDep) -> None:
    """Report what became of a completion. A second report replaces the first. No code is stored.

    With API keys, only for completions that were requested with the same key.
    """
    await state.completions.feedback(body, RequestContext.of(request.scope).key)
