"""What became of completions: what confidence is fitted to later."""

from __future__ import annotations

from fastapi import APIRouter, Request

from sfm2.server.documentation import documented
from sfm2.server.exchange import Exchange
from sfm2.server.json_route import JSONRoute
from sfm2.server.state import Held
from sfm2.types import FeedbackRequest

router = APIRouter(
    route_class=JSONRoute, tags=["feedback"], responses=documented(400, 401, 404, 413, 415, 422, 429, 500)
)


@router.post("/feedback", status_code=204)
async def feedback(body: FeedbackRequest, request: Request, state: Held) -> None:
    """Say what became of a completion. A second time replaces the first. No code is stored.

    With API keys, only for completions that were asked for with the same key.
    """
    await state.completions.feedback(body, Exchange.of(request.scope).key)
