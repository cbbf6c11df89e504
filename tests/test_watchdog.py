"""An engine that stands still, or dies, on tiny weights: health and readiness say so, and it answers again by itself."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.testing import ServerProcess, serve_process, until
from tests.chain import engines_of, tiny_weights

pytestmark = pytest.mark.slow


def answered(running: ServerProcess) -> tuple[int, dict[str, Any]]:
    body = {"prompt": "def", "max_length": 4, "guard": False}
    response = httpx.post(f"{running.url}/generate", json=body, timeout=60)
    return response.status_code, response.json()


def readiness(running: ServerProcess) -> tuple[int, str]:
    response = httpx.get(f"{running.url}/health/ready", timeout=60)
    return response.status_code, response.json().get("reason") or ""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_frozen_engine_is_told_of_and_replaced(tmp_path: Path, workers: str) -> None:
    environment = {**tiny_weights(tmp_path), "SFM2_FALLBACK_CHAIN": "sfm2"}
    with serve_process(tmp_path, "--workers", workers, environment=environment) as running:
        running.until_ready(120)
        (engine,) = engines_of(running)
        engine.suspend()
        until(lambda: f"(process {engine.pid}) stands still" in readiness(running)[1], 60, "a readiness that is red")
        running.until_ready(120)
        assert engine.pid not in [one.pid for one in engines_of(running)]
        assert answered(running)[0] == 200, "the first request after it is ready is answered"


def test_a_killed_engine_answers_as_soon_as_it_is_ready(tmp_path: Path) -> None:
    """With the circuit breaker open: one failure opens it, for longer than the test takes."""
    environment = {
        **tiny_weights(tmp_path),
        "SFM2_FALLBACK_CHAIN": "sfm2",
        "SFM2_FALLBACK_FAILURES": "1",
        "SFM2_FALLBACK_RECOVERY": "600",
    }
    with serve_process(tmp_path, environment=environment) as running:
        running.until_ready(120)
        (engine,) = engines_of(running)
        body = {"prompt": "def", "max_length": 2000, "temperature": 0, "guard": False}
        with httpx.stream("POST", f"{running.url}/generate/stream", json=body, timeout=60) as response:
            chunks = response.iter_bytes()
            next(chunks)
            engine.send_signal(signal.SIGKILL)
            assert b"event: error" in b"".join(chunks)
        until(lambda: engines_of(running) and engines_of(running)[0].pid != engine.pid, 120, "another engine")
        running.until_ready(120)
        assert answered(running)[0] == 200
