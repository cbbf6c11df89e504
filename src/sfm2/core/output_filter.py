"""What decides which text of a stream becomes the completion: the guard, or nothing."""

from __future__ import annotations

from typing import Protocol

from sfm2.types import GuardReason, GuardReport


class OutputFilter(Protocol):
    """Takes text as it arrives, returns text that is safe to show."""

    ended: bool
    """Whether the rest of the stream is not wanted."""
    cut: bool
    """Whether the filter ended the completion, rather than the model."""
    text: str
    """The completion so far."""
    report: GuardReport

    def feed(self, text: str) -> str:
        """More text of the stream; returns what may be shown."""
        ...

    def finish(self, model_stopped: bool = True) -> str:
        """The rest that may be shown. `model_stopped`: the model ended by itself, rather than at a limit."""
        ...


class NullFilter:
    """Passes everything."""

    def __init__(self) -> None:
        self.ended = self.cut = False
        self.text = ""
        self.report = GuardReport(reasons=[GuardReason.SWITCHED_OFF])

    def feed(self, text: str) -> str:
        """More text of the stream; returns what may be shown."""
        self.text += text
        return text

    def finish(self, model_stopped: bool = True) -> str:
        self.ended = True
        return ""
