"""Response times, counted in classes that grow by a tenth: percentiles to within 5 %, over all workers and restarts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate

COUNTER = "latency:"
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_GROWTH = math.log(1.1)
_SHORTEST = 1e-4  # seconds


def counter(seconds: float) -> str:
    """The counter of its class."""
    return f"{COUNTER}{round(math.log(max(seconds, _SHORTEST)) / _GROWTH)}"


def percentiles(counters: Mapping[str, float]) -> dict[str, float]:
    """Seconds within which each of `SHARES` was answered; empty when nothing was counted."""
    classes = sorted(
        (int(name.removeprefix(COUNTER)), count) for name, count in counters.items() if name.startswith(COUNTER)
    )
    total = sum(count for _, count in classes)
    return {name: _within(classes, share * total) for name, share in SHARES.items()} if total else {}


def _within(classes: list[tuple[int, float]], wanted: float) -> float:
    counted = accumulate(count for _, count in classes)
    number = next(number for (number, _), seen in zip(classes, counted, strict=True) if seen >= wanted)
    return round(math.exp(number * _GROWTH), 6)
