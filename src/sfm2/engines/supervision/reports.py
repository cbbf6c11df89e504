"""What the engine process is told in its environment, and what it reports on its standard output: one JSON object a line."""

from __future__ import annotations

import time
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter

VARIABLE = "SFM2_ENGINE_TASK"
"""Its task, as JSON"""
BEAT = 1.0
"""Seconds between two signs of life"""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ReadyLine(_Line):
    """The weights are loaded."""

    ready: str
    """What runs on what, for people."""
    model: str
    device: str
    adapter: str | None = None
    """The adapter that is loaded."""
    warning: str | None = None
    """What did not work on the way."""
    pid: int | None = None
    """The process that runs the weights; None: the one that reports"""


class FailedLine(_Line):
    """The weights could not be loaded."""

    failed: str
    final: bool
    """Whether trying again is of no use until the settings change."""


class StepLine(_Line):
    """What it does on the way to its weights being loaded."""

    step: str
    share: float | None = None
    """How much of it is done, in [0, 1], where known."""


class BeatLine(_Line):
    """The generation loop has gone round, or has nothing to do."""

    beat: Literal[True] = True


ReportLine: TypeAlias = ReadyLine | FailedLine | StepLine | BeatLine
_LINE: TypeAdapter[ReportLine] = TypeAdapter(ReportLine)


def read_line(line: bytes) -> ReportLine:
    """Raises `ValidationError` for anything else."""
    return _LINE.validate_json(line)


def report(line: ReportLine) -> None:
    """Write a line to standard output, at once."""
    print(line.model_dump_json(), flush=True)


class Heartbeat:
    """Call it as often as you like: it reports a beat every `BEAT` seconds at most."""

    def __init__(self) -> None:
        self._due = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + BEAT
            report(BeatLine())
