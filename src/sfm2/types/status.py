"""How a service is doing: health, probes and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, overload

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

    brief = ("status", "model_status")

    status: Literal["healthy", "degraded", "unhealthy"]
    model_status: dict[str, BackendStatus]
    model_details: dict[str, str] = {}
    """The reason for each status"""
    backends: dict[str, BackendHealth] = {}
    """The same per backend, with what it runs"""
    storage: str | None = None
    """Why the store of keys, rates and statistics can't be used; null: it can"""
    timestamp: datetime
    version: str = ""

    # What type checkers know of `health["status"]`.
    @overload
    def __getitem__(self, name: Literal["status"]) -> Literal["healthy", "degraded", "unhealthy"]: ...
    @overload
    def __getitem__(self, name: Literal["model_status"]) -> dict[str, BackendStatus]: ...
    @overload
    def __getitem__(self, name: Literal["model_details"]) -> dict[str, str]: ...
    @overload
    def __getitem__(self, name: Literal["backends"]) -> dict[str, BackendHealth]: ...
    @overload
    def __getitem__(self, name: Literal["timestamp"]) -> datetime: ...
    @overload
    def __getitem__(self, name: Literal["version"]) -> str: ...
    @overload
    def __getitem__(self, name: str) -> Any: ...

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name)


class Probe(Wire):
    """What `/health/live` and `/health/ready` answer."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None


class WindowStats(Wire):
    """What a service did lately, over all its workers."""

    total_requests: int = 0
    successful_requests: int = 0
    latency: dict[str, float] = Field({}, json_schema_extra=_SECONDS)
    """As of `Stats`; empty: no request succeeded"""
    errors: dict[str, int] = {}
    """Failed requests by error code"""
    tokens_generated: int = 0


class StatsWindows(Wire):
    """What a service did until now, each from up to 5 seconds further back."""

    minute: WindowStats = WindowStats()
    five_minutes: WindowStats = WindowStats()
    hour: WindowStats = WindowStats()


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
    loop_lag: float = Field(0, json_schema_extra=_SECONDS)
    """Seconds by which this process was late to attend to its requests, at most, in the last minute"""
    loop_lags: dict[str, int] = {}
    """How often it was late in that minute, of the times that it was measured: by at most so many seconds; inf: more"""
    windows: StatsWindows | None = None
    """The same of the last minute, five minutes and hour; null: an older server"""
