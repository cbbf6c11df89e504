"""How fast memory is read and matrices are multiplied, as far as Python can measure it: numpy on all cores."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sfm2.diagnosis.finding import Finding, ok, warning
from sfm2.diagnosis.processor import usable_cores

NAME = "speed"
_BUFFER = 128 * 2**20  # bytes that all threads copy together: more than caches hold
_SIDE = 1024  # of the matrices
_SECONDS = 0.4  # for each measurement, about
_SLOW = 8.0  # tokens a second; below, a line of code takes more than a second


@dataclass(frozen=True)
class Speed:
    """What was measured."""

    bandwidth: float
    """Bytes a second that a copy reads and writes"""
    matrices: float
    """Operations a second of a float32 matrix product"""
    threads: int


def measure_speed() -> Speed | None:
    """None: numpy is not installed. Takes about a second."""
    try:
        import numpy as np
    except ModuleNotFoundError:
        return None
    threads = usable_cores()
    # Filled, so that every page is there.
    share = _BUFFER // threads // 8
    sources, targets = ([np.ones(share) for _ in range(threads)] for _ in range(2))
    with ThreadPoolExecutor(threads) as pool:
        copying = _best(lambda: list(pool.map(np.copyto, targets, sources)))
    matrix = np.ones((_SIDE, _SIDE), np.float32)
    result = np.empty_like(matrix)
    multiplying = _best(lambda: np.matmul(matrix, matrix, out=result))
    return Speed(2 * share * 8 * threads / copying, 2 * _SIDE**3 / multiplying, threads)


def check_speed(speed: Speed | None, per_token: int | None) -> Finding:
    """`per_token`: bytes of weights that each token reads; None: unknown, or another machine's."""
    if speed is None:
        return ok(NAME, "not measured: numpy is not installed")
    found = (
        f"memory {speed.bandwidth / 1e9:.1f} GB/s (copy, {speed.threads} thread{'' if speed.threads == 1 else 's'}), "
        f"matrices {speed.matrices / 1e9:,.0f} GFLOP/s (float32)"
    )
    numbers = {"memory_bytes_per_second": speed.bandwidth, "matrix_operations_per_second": speed.matrices}
    if not per_token:
        return ok(NAME, found, numbers)
    most = speed.bandwidth / per_token
    told = f"{found}; memory allows about {most:,.0f} tokens/s"
    if most < _SLOW:
        advice = "Take smaller weights, or run them elsewhere: models.sfm2.url, or SFM2_API_URL"
        return warning(NAME, told, advice, numbers)
    return ok(NAME, told, numbers)


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs: the others were disturbed."""
    best, until = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < until or best == float("inf"):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best
