"""The counters of the store as Prometheus's metrics: over all workers and restarts, whichever worker is asked.

A new metric needs a counter in `stats.changes`, and here its family. Labels have few values: backends, error codes, reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from sfm2.engines.base import EngineLoad
from sfm2.server.usage import feedback, latency, stats
from sfm2.types import BackendStatus, Health

EDGES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 30.0, 60.0)
"""Upper edges of the buckets of times, in seconds; the last bucket has none"""
_ANSWERING = (BackendStatus.AVAILABLE, BackendStatus.CONFIGURED)


@dataclass(frozen=True)
class Observed:
    """What is so now, and is no counter of the store."""

    health: Health
    loads: Mapping[str, EngineLoad]
    """By backend"""
    in_flight: int
    """Requests that this worker answers"""
    loop_lag: float
    """Seconds by which this worker's event loop was late, at most, in the last minute"""


def exposition(counters: Mapping[str, float], observed: Observed) -> bytes:
    """In Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Families([*_of_counters(counters), *_of_health(observed.health), *_of_now(observed)]))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _of_counters(counters: Mapping[str, float]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "sfm2_requests",
        "Requests to the model routes by outcome: success, or the code of the error",
        labels=["outcome"],
    )
    requests.add_metric(["success"], counters.get("successes", 0))
    for code, count in _with_prefix(counters, stats.ERROR):
        requests.add_metric([code], count)
    yield requests
    yield _histogram(
        counters, "sfm2_request_duration_seconds", "Seconds of successful requests", latency.COUNTER, "seconds"
    )
    yield _histogram(
        counters,
        "sfm2_time_to_first_token_seconds",
        "Seconds until the first token, where the backend reports it",
        latency.FIRST,
        "first_token_seconds",
    )
    tokens = CounterMetricFamily(
        "sfm2_tokens", "Tokens that were read (prompt) and written (completion)", labels=["kind"]
    )
    tokens.add_metric(["prompt"], counters.get("prompt_tokens", 0))
    tokens.add_metric(["completion"], counters.get("tokens", 0))
    yield tokens
    misses = CounterMetricFamily("sfm2_cache_misses", "Requests whose answer was not among those that are kept")
    misses.add_metric([], counters.get(stats.CACHE_MISSES, 0))
    yield misses
    labelled = (
        ("sfm2_answers", "Answers by the backend that gave them", "backend", stats.MODEL),
        ("sfm2_fallbacks", "Backends that failed before another one answered, by the reason", "reason", stats.REASON),
        ("sfm2_guard_outcomes", "Completions by what the guard did", "action", stats.GUARD),
        ("sfm2_reused", "Answers that no model was asked for, by where they came from", "source", stats.REUSED),
        ("sfm2_feedback", "Completions by what became of them, as clients reported", "outcome", feedback.COUNTER),
    )
    for name, description, label, prefix in labelled:
        family = CounterMetricFamily(name, description, labels=[label])
        for value, count in _with_prefix(counters, prefix):
            family.add_metric([value], count)
        yield family


def _of_health(health: Health) -> Iterator[Metric]:
    up = GaugeMetricFamily("sfm2_backend_up", "Whether the backend can answer", labels=["backend"])
    for name, backend in health.backends.items():
        if backend.status is not BackendStatus.NOT_CONFIGURED:
            up.add_metric([name], backend.status in _ANSWERING)
    yield up


def _of_now(observed: Observed) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "sfm2_in_flight", "Requests that are being answered, by the worker that was asked", value=observed.in_flight
    )
    yield GaugeMetricFamily(
        "sfm2_event_loop_lag_seconds",
        "Seconds by which the worker that was asked attended late to a request, at most, in the last minute",
        value=observed.loop_lag,
    )
    running, waiting, cache = (
        GaugeMetricFamily(f"sfm2_engine_{name}", description, labels=["backend"])
        for name, description in (
            ("running", "Requests that the engine works on"),
            ("waiting", "Requests in the engine that have not begun"),
            ("kv_cache_use_ratio", "Share of the engine's memory for keys and values that is in use, from 0 to 1"),
        )
    )
    restarts = CounterMetricFamily("sfm2_engine_restarts", "How often the engine was started again", labels=["backend"])
    for name, load in observed.loads.items():
        running.add_metric([name], load.running)
        waiting.add_metric([name], load.waiting)
        restarts.add_metric([name], load.restarts)
        if load.cache_use is not None:
            cache.add_metric([name], load.cache_use)
    yield from (running, waiting, cache, restarts)


def _histogram(counters: Mapping[str, float], name: str, description: str, prefix: str, total: str) -> Metric:
    times = latency.times(counters, prefix)
    buckets = [(str(edge), sum(count for seconds, count in times if seconds <= edge)) for edge in EDGES]
    whole = sum(count for _, count in times)
    return HistogramMetricFamily(name, description, [*buckets, ("+Inf", whole)], sum_value=counters.get(total, 0.0))


def _with_prefix(counters: Mapping[str, float], prefix: str) -> Iterator[tuple[str, float]]:
    for name, value in sorted(counters.items()):
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value
