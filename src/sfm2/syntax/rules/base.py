"""What a rule of the guard is, and what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from sfm2.syntax.hole import Hole
from sfm2.types import GuardReason, Mode


@dataclass(frozen=True)
class Draft:
    """What the model has written so far, up to the end of one of its lines. Positions are characters of the draft."""

    line: str
    """The last line, without its line break."""
    start: int
    """Where that line begins."""
    number: int
    """The number of that line, from 0."""
    has_newline: bool
    """Whether a line break follows the line; false only for the model's very last line."""
    fits: Callable[[int], bool]
    """Whether the draft up to a position parses in place. Always true for a language without a parser."""
    is_sound: Callable[[int], bool]
    """The same, and it leaves no problems but those that are away from the hole."""
    holds_code: Callable[[int], bool]
    """Whether the draft up to a position, or a shorter part of it, parses in place as code that closes what it opens."""
    open_unseen: Callable[[int], int]
    """How many brackets and quotes the draft up to a position leaves open, where no parser would see it: in languages
    without one, and in scripts within others."""
    is_unsure: bool
    """Whether the model was unsure of the line. False where its probabilities are unknown."""
    can_restart: bool
    """Whether a rule may answer `Restart`: nothing was sent yet, and the language has a parser."""

    @property
    def end(self) -> int:
        """Where the line ends, before its line break."""
        return self.start + len(self.line)


@dataclass(frozen=True)
class Restart:
    """A rule's answer that the draft so far, with its last line, is not part of the completion. The next line begins it."""


class Rule(Protocol):
    """Decides line by line where a completion ends. A rule may remember what it has seen; one is made for each completion.

    A new rule is a class in a file with the name of its reason, which calls it `RULE`, and the reason in `GuardReason`.
    """

    reason: ClassVar[GuardReason]
    """What the guard reports if the rule cuts or restarts a completion."""

    def __init__(self, hole: Hole, mode: Mode) -> None: ...

    def cut(self, draft: Draft) -> int | Restart | None:
        """Where the completion ends, or that it begins only now; None to continue. Called once for each line, in order."""
        ...

    def tentative_cut(self) -> int | None:
        """The position from which a later `cut` or `finish` may still cut; what is before it can be sent. None: no doubt."""
        ...

    def may_cut_at(self, line: str) -> bool:
        """Whether the completion may turn out to end before a line that begins so and is still being written."""
        ...

    def finish(self, model_stopped: bool) -> int | None:
        """Where the completion ends after all, now that nothing more comes; None to keep it.

        `model_stopped`: the model ended by itself and what it wrote parses in place; else it was stopped.
        """
        ...


class StatelessRule:
    """Base class of rules that never cut before a line that they let pass."""

    def tentative_cut(self) -> int | None:
        return None

    def may_cut_at(self, line: str) -> bool:
        return False

    def finish(self, model_stopped: bool) -> int | None:
        return None
