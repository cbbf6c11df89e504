"""An answer in words, the same in the terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from sfm2.types import Attempt


def sureness(confidence: float, calibrated: bool) -> str:
    return f"confidence {confidence:.2f}" + ("" if calibrated else " (uncalibrated)")


def fallbacks(attempts: Sequence[Attempt], model_used: str) -> list[str]:
    """Who could not answer, and who did instead; nothing when the first one did."""
    lines = [f"{a.backend} could not answer ({a.reason}: {a.message})" for a in attempts]
    return [*lines, f"{model_used} answered instead"] if lines else []
