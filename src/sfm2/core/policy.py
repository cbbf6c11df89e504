"""What the core decides about a completion, apart from what a backend needs to generate it."""

from __future__ import annotations

from dataclasses import dataclass

from sfm2.types import Mode


@dataclass(frozen=True)
class OutputPolicy:
    """How a stream becomes a completion."""

    guard: bool = True
    """Whether the syntax guard judges it."""
    mode: Mode = Mode.FREE
    """Where the guard ends it."""
    time_limit: float | None = None
    """Seconds of writing after which it ends with its line; None: no limit."""
    logprobs: bool = False
    """Whether chunks carry their tokens."""
    min_confidence: float | None = None
    """A whole completion with less goes on to the next backend; None: none does."""
