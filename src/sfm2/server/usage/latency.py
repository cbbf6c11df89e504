"""The percentiles in `/stats`: response times in a histogram of log-spaced buckets with ratio 1.1, so within 5 %.

The buckets are counters in the store, and so cover all workers and restarts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate

COUNTER = "latency:"
"""Prefix of the counter of a bucket of response times"""
FIRST = "first_token:"
"""The same, of times until the first token"""
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_LOG_RATIO = math.log(1.1)
_SHORTEST = 1e-4  # seconds


def counter(seconds: float, prefix: str = COUNTER) -> str:
    """The name of the counter of the bucket that a time belongs to."""
    return f"{prefix}{round(math.log(max(seconds, _SHORTEST)) / _LOG_RATIO)}"


def times(counters: Mapping[str, float], prefix: str = COUNTER) -> list[tuple[float, float]]:
    """The times that were counted, in seconds (the middle of their bucket), and how often, in ascending order."""
    buckets = sorted(
        (int(name.removeprefix(prefix)), count) for name, count in counters.items() if name.startswith(prefix)
    )
    return [(round(math.exp(number * _LOG_RATIO), 6), count) for number, count in buckets]


def percentiles(counters: Mapping[str, float]) -> dict[str, float]:
    """Seconds within which each of `SHARES` of the requests was answered; empty if none was counted."""
    found = times(counters)
    total = sum(count for _, count in found)
    return {name: _percentile(found, share * total) for name, share in SHARES.items()} if total else {}


def _percentile(found: list[tuple[float, float]], rank: float) -> float:
    counted = accumulate(count for _, count in found)
    return next(seconds for (seconds, _), seen in zip(found, counted, strict=True) if seen >= rank)
