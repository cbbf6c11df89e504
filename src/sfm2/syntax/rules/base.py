"""What a rule is, and what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from sfm2.syntax.hole import Hole
from sfm2.types import GuardReason, Mode


@dataclass(frozen=True)
class Draft:
    """The completion so far, as one of its lines has come to its end. Positions count characters of the completion.

    `line` is that line without its line break, `start` where it begins, `number` counts from 0. `broken` tells whether a
    line break follows it. `fits(end)` asks whether the completion, cut there, parses in place.
    """

    line: str
    start: int
    number: int
    broken: bool
    fits: Callable[[int], bool]

    @property
    def end(self) -> int:
        return self.start + len(self.line)


class Rule(Protocol):
    """Asked once for each line, in order."""

    reason: ClassVar[GuardReason]

    def __init__(self, hole: Hole, mode: Mode) -> None: ...

    def cut(self, draft: Draft) -> int | None:
        """Where the completion ends; None to go on."""
        ...

    def doubt(self) -> int | None:
        """From where on a later line may still cut; None when this line and those before it are settled."""
        ...

    def at_end(self, by_itself: bool) -> int | None:
        """Where the completion ends after all, now that no more comes. `by_itself`: the model ended, and what it wrote
        fits; else it was stopped."""
        ...


class Settled:
    """A rule that never takes back a line that it let pass."""

    def doubt(self) -> int | None:
        return None

    def at_end(self, by_itself: bool) -> int | None:
        return None
