"""Whether the service works, for people, monitors and load balancers. Never needs a key."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import BaseModel

from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppState, AppStateDep
from sfm2.types import BackendStatus, Health, Probe

router = ServiceRouter(RoutePolicy(SFM2, open=True, limited=False, logged_at_debug=True), tags=["health"])


def _unavailable(model: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    return {503: {"model": model, "description": description}}


@router.get("/health", responses=_unavailable(Health, "No backend can answer"))
async def health(response: Response, state: AppStateDep) -> Health:
    """Each backend's status, and the reason for it. 503 with the same body when no backend can answer."""
    found = await state.manager.health()
    response.status_code = 503 if found.status == "unhealthy" else 200
    return found


@router.get("/health/live")
async def live() -> Probe:
    """Whether the process runs and answers."""
    return Probe(status="ok")


@router.get("/health/ready", responses=_unavailable(Probe, "Loading, shutting down, or no backend can answer"))
async def ready(response: Response, state: AppStateDep) -> Probe:
    """Whether a load balancer should send requests here."""
    reason = await _unready(state)
    response.status_code = 503 if reason else 200
    return Probe(status="unavailable" if reason else "ok", reason=reason)


async def _unready(state: AppState) -> str | None:
    if state.in_flight.draining:
        return "draining: the server is shutting down"
    found = await state.manager.health()
    first = state.settings.fallback.chain[0]
    if found.model_status.get(first) is BackendStatus.LOADING:
        return f"loading: {first}: {found.model_details.get(first, '')}"
    if found.status == "unhealthy":
        return "no backend can answer: " + "; ".join(f"{name}: {why}" for name, why in found.model_details.items())
    return None
