"""Usage statistics, and feedback on completions."""

from __future__ import annotations

from fastapi import Request

from sfm2.server.http.context import RequestContext
from sfm2.server.http.documentation import error_responses
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppStateDep
from sfm2.types import FeedbackRequest, Stats

router = ServiceRouter(RoutePolicy(SFM2))


@router.get("/stats", tags=["stats"], responses=error_responses(401, 429))
async def stats(state: AppStateDep) -> Stats:
    """Requests to the model routes since the store was created, over all workers and restarts."""
    return await state.usage.stats()


@router.post(
    "/feedback", tags=["feedback"], status_code=204, responses=error_responses(400, 401, 404, 413, 415, 422, 429, 500)
)
async def feedback(body: FeedbackRequest, request: Request, state: AppStateDep) -> None:
    """Report what became of a completion. A second report replaces the first. No code is stored.

    With API keys, only for completions that were requested with the same key.
    """
    await state.completions.feedback(body, RequestContext.of(request.scope).key)
