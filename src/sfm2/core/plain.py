"""What stands in for the guard where there is none: everything passes."""

from __future__ import annotations

from sfm2.types import GuardReason, GuardReport


class Plain:
    """As `sfm2.syntax.guard.Guard`, without judging."""

    def __init__(self) -> None:
        self.ended = self.cut = False
        self.text = ""
        self.report = GuardReport(reasons=[GuardReason.SWITCHED_OFF])

    def feed(self, text: str) -> str:
        self.text += text
        return text

    def finish(self, ended: bool = True) -> str:
        self.ended = True
        return ""
