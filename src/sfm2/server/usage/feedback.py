"""What is kept of completions and their outcomes: how confident each was, and why, and whether it was accepted. Never code.

Kept for 30 days, 100,000 completions at most: enough to fit confidence to. The counts in the statistics are kept for good.
"""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from sfm2.types import Completion, Outcome

KEPT_SECONDS = 30 * 86_400.0
KEPT_ROWS = 100_000
COUNTER = "feedback:"
"""Prefix of the counter of an outcome"""
_DIGITS = 6  # After the decimal point of a feature; more would be noise.
_HOUR = 3600


class CompletionRecord(NamedTuple):
    """A completion as it is stored."""

    id: str
    at: float
    """Unix time"""
    key_id: str | None
    backend: str
    weights: str | None
    confidence: float
    calibrated: bool
    features: str | None
    """JSON; None for an empty completion, which claims nothing"""


class Report(NamedTuple):
    """What a client said became of a completion."""

    id: str
    outcome: Outcome
    key_id: str | None


class CalibrationExample(NamedTuple):
    """What calibration learns from."""

    features: dict[str, float]
    accepted: bool
    """Whether it was accepted unchanged: what had to be edited was not right"""
    weights: str | None
    source: str
    """The same for one key's completions of one hour, which often are for the same file"""


def record_of(completion: Completion, key_id: str | None) -> CompletionRecord:
    """What is kept of a completion that is sent now."""
    known = completion.features if completion.completion.strip() else None
    features = {name: round(value, _DIGITS) for name, value in known.items()} if known else None
    return CompletionRecord(
        id=completion.id,
        at=time.time(),
        key_id=key_id,
        backend=completion.model_used,
        weights=completion.weights,
        confidence=completion.confidence,
        calibrated=completion.calibrated,
        features=json.dumps(features, separators=(",", ":")) if features else None,
    )


def example_of(features: str, outcome: str, weights: str | None, key_id: str | None, at: float) -> CalibrationExample:
    """What calibration learns from a completion with an outcome, as it is stored."""
    source = f"{key_id or ''}:{int(at // _HOUR)}"
    return CalibrationExample(json.loads(features), outcome == Outcome.ACCEPTED, weights, source)
