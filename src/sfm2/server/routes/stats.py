"""Usage statistics."""

from __future__ import annotations

from fastapi import APIRouter

from sfm2.server.documentation import documented
from sfm2.server.state import Held
from sfm2.types import Stats

router = APIRouter(tags=["stats"], responses=documented(401, 429))


@router.get("/stats")
async def stats(state: Held) -> Stats:
    """Requests of the model routes since the store was made, over all workers and restarts."""
    return await state.counters.stats()
