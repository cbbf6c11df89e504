"""How answers and health are described to a person, in the terminal and in a notebook alike."""

from __future__ import annotations

from collections.abc import Sequence

from sfm2.types import Attempt, Health


def confidence_text(confidence: float, calibrated: bool) -> str:
    """Such as `confidence 0.92`, or `confidence 0.92 (uncalibrated)`."""
    return f"confidence {confidence:.2f}" + ("" if calibrated else " (uncalibrated)")


def fallback_lines(attempts: Sequence[Attempt], model_used: str) -> list[str]:
    """A line for each backend that failed, and one for the backend that answered instead; empty without a failure."""
    lines = [f"{a.backend} could not answer ({a.reason}: {a.message})" for a in attempts]
    return [*lines, f"{model_used} answered instead"] if lines else []


def backend_reason(health: Health, name: str) -> str:
    """The reason for a backend's status, in words to act on; empty if there is none."""
    backend = health.backends.get(name)
    return backend.reason if backend else health.model_details.get(name, "")


def backend_rows(health: Health) -> list[tuple[str, str, str]]:
    """For each backend its name, its status and the reason for it."""
    return [(name, str(status), backend_reason(health, name)) for name, status in health.model_status.items()]
