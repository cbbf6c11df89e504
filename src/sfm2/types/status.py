"""How a service is doing: health, probes and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from sfm2.types.names import BackendStatus
from sfm2.types.wire import Wire

# Units of statistics, for programs that show all of them.
_SECONDS: JsonDict = {"x-unit": "seconds"}
_SHARE: JsonDict = {"x-unit": "share"}


class BackendHealth(Wire):
    """The state of one backend."""

    status: BackendStatus
    reason: str = ""
    """Why, in words to act on"""
    model: str | None = None
    """The model that answers, where known"""
    device: str | None = None
    """What it runs on, such as CPU; null: unknown or elsewhere"""
    adapter: str | None = None
    """The adapter that answers by default; null: none"""
    progress: float | None = Field(None, ge=0, le=1)
    """While loading: the share of the current step that is done, where known"""


class Health(Wire):
    """The state of a service and its backends."""

    status: Literal["healthy", "degraded", "unhealthy"]
    model_status: dict[str, BackendStatus]
    model_details: dict[str, str] = {}
    """The reason for each status"""
    backends: dict[str, BackendHealth] = {}
    """The same per backend, with what it runs"""
    timestamp: datetime
    version: str = ""


class Probe(Wire):
    """What `/health/live` and `/health/ready` answer."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None


class Stats(Wire):
    """Usage statistics of a service, over all its workers and restarts."""

    total_requests: int
    successful_requests: int
    average_response_time: float = Field(json_schema_extra=_SECONDS)
    """Seconds, over the successful requests"""
    latency: dict[str, float] = Field({}, json_schema_extra=_SECONDS)
    """Seconds within which 50 % (p50), 90, 95 and 99 % of the successful requests were answered; empty: none yet"""
    model_usage: dict[str, int]
    errors: dict[str, int] = {}
    """Failed requests by error code"""
    fallbacks: int = 0
    """Requests that another backend than the first answered"""
    tokens_generated: int = 0
    uptime: float = Field(0, json_schema_extra=_SECONDS)
    """Seconds since this process started"""
    feedback: dict[str, int] = {}
    """Completions by outcome, as `/feedback` reported"""
    acceptance_rate: float | None = Field(None, json_schema_extra=_SHARE)
    """Share of accepted and edited ones among those with feedback; null: there is none"""
