"""How fast an engine is, and so how long the work that it has will take.

A step gives each running job one token. With n jobs it takes 1 + (n - 1) / `SHARED` times as long as with one, so that eight
together get five times the tokens of one; and so long it takes to read `PROMPT` tokens of a prompt. Both constants fit the
measured speeds in presets.toml (one stream 46 tokens/s, 8 together 209, prompts 660). The length of a step is measured.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

SHARED = 9.0
PROMPT = 14.0
_STEP = 0.022  # seconds, until it is measured
_HELD_UP = 2.0  # until it is measured
_WEIGHT = 0.02  # of the latest step: a few seconds of work are remembered


class Size(NamedTuple):
    """Of a job, in tokens."""

    prompt: int
    new: float
    """As many as it is expected to write."""


class Pace:
    """The measured speed. `step`: seconds of a step with one job."""

    def __init__(self, step: float = _STEP) -> None:
        self.step = step
        self.held_up = _HELD_UP
        """How many times as long steps take for batches while others are served, whose prompts are read in between"""

    def stepped(self, seconds: float, running: int) -> None:
        """A step gave `running` jobs a token each, and read no prompt."""
        self.step += _WEIGHT * (seconds / _share(running) - self.step)

    def stepped_beside(self, seconds: float, batch: int) -> None:
        """A step gave so many jobs of batches a token each, and did what others wanted."""
        self.held_up += _WEIGHT * (seconds / (_share(batch) * self.step) - self.held_up)

    def seconds(self, jobs: Collection[Size], at_once: int) -> float:
        """How long these jobs take together, at most `at_once` of them at the same time."""
        running = max(1, min(len(jobs), at_once))
        return sum(self.share(size, running) for size in jobs)

    def share(self, job: Size, running: int) -> float:
        """What a job takes of that, in seconds, where so many run at the same time."""
        return (job.new * _share(running) / running + job.prompt / PROMPT) * self.step


def _share(running: int) -> float:
    return 1 + (running - 1) / SHARED
