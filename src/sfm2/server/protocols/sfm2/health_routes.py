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


_NOT_READY = "Loading, shutting down, no backend can answer, or no API key can be checked"


def _unavailable(model: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    return {503: {"model": model, "description": description}}


@router.get("/health", responses=_unavailable(Health, "No backend can answer, or no API key can be checked"))
async def health(response: Response, state: AppStateDep) -> Health:
    """Each backend's status, and the reason for it. 503 with the same body when no request can be answered."""
    found = await _with_storage(await state.manager.health(), state)
    response.status_code = 503 if found.status == "unhealthy" else 200
    return found


@router.get("/health/live")
async def live() -> Probe:
    """Whether the process runs and answers."""
    return Probe(status="ok")


@router.get(
    "/health/ready",
    responses=_unavailable(Probe, _NOT_READY),
)
async def ready(response: Response, state: AppStateDep) -> Probe:
    """Whether a load balancer should send requests here."""
    reason = await _unready(state)
    response.status_code = 503 if reason else 200
    return Probe(status="unavailable" if reason else "ok", reason=reason)


async def _unready(state: AppState) -> str | None:
    if state.in_flight.draining:
        return "draining: the server is shutting down"
    refused = await state.authentication.problem()
    if refused is not None:
        return refused.message
    found = await state.manager.health()
    first = state.settings.fallback.chain[0]
    if found.model_status.get(first) is BackendStatus.LOADING:
        return f"loading: {first}: {found.model_details.get(first, '')}"
    if found.status == "unhealthy":
        return "no backend can answer: " + "; ".join(f"{name}: {why}" for name, why in found.model_details.items())
    return None


async def _with_storage(found: Health, state: AppState) -> Health:
    """`found`, with what is wrong with the store. Where it is needed for keys, no request can be answered."""
    refused = await state.authentication.problem()
    problem = refused or state.reading.problem or state.writing.problem
    if problem is None:
        return found
    status = "unhealthy" if refused else found.status
    return found.model_copy(update={"status": status, "storage": problem.message})
