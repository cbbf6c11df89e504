"""The percentiles in `/stats`: response times in a histogram of log-spaced buckets with ratio 1.1, so within 5 %.

The buckets are counters in the store, and so cover all workers and restarts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate

COUNTER = "latency:"
"""Prefix of the counter of a bucket"""
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_LOG_RATIO = math.log(1.1)
_SHORTEST = 1e-4  # seconds


def counter(seconds: float) -> str:
    """The name of the counter of the bucket that a response time belongs to."""
    return f"{COUNTER}{round(math.log(max(seconds, _SHORTEST)) / _LOG_RATIO)}"


def percentiles(counters: Mapping[str, float]) -> dict[str, float]:
    """Seconds within which each of `SHARES` of the requests was answered; empty if none was counted."""
    buckets = sorted(
        (int(name.removeprefix(COUNTER)), count) for name, count in counters.items() if name.startswith(COUNTER)
    )
    total = sum(count for _, count in buckets)
    return {name: _percentile(buckets, share * total) for name, share in SHARES.items()} if total else {}


def _percentile(buckets: list[tuple[int, float]], rank: float) -> float:
    counted = accumulate(count for _, count in buckets)
    number = next(number for (number, _), seen in zip(buckets, counted, strict=True) if seen >= rank)
    return round(math.exp(number * _LOG_RATIO), 6)
