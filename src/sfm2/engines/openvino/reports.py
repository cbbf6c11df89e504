"""What the engine process reports on its standard output: one JSON object a line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, TypeAdapter


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


class FailedLine(_Line):
    """The weights could not be loaded."""

    failed: str
    final: bool
    """Whether trying again is of no use until the settings change."""


_LINE: TypeAdapter[ReadyLine | FailedLine] = TypeAdapter(ReadyLine | FailedLine)


def read_line(line: bytes) -> ReadyLine | FailedLine:
    """Raises `ValidationError` for anything else."""
    return _LINE.validate_json(line)


def report(line: ReadyLine | FailedLine) -> None:
    """Write a line to standard output, at once."""
    print(line.model_dump_json(), flush=True)
