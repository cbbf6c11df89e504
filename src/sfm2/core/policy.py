"""What the core decides about a completion, apart from what a backend needs to generate it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sfm2.explaining import Grounds
from sfm2.generation import GenerationRequest
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.types import Mode


@dataclass(frozen=True)
class OutputPolicy:
    """How a stream becomes a completion."""

    guard: bool = True
    """Whether the syntax guard judges it."""
    grounds: Grounds | None = None
    """Of an explanation: the code that its sentences must agree with."""
    mode: Mode = Mode.FREE
    """Where the guard ends it."""
    time_limit: float | None = None
    """Seconds of writing after which it ends with its line; None: no limit."""
    logprobs: bool = False
    """Whether chunks carry their tokens."""
    min_confidence: float | None = None
    """A completion with less, of which nothing was shown yet, goes on to the next backend; None: none does."""
    key: str | None = None
    """The id of the API key that the request came with, whose holder may be shown some repositories; None: without one."""
    unknown: Callable[[str], list[str]] | None = field(default=None, compare=False)
    """The names in a completion that its repository does not have; None: nothing is known of one."""
    hears: Callable[[str, bool], None] | None = field(default=None, compare=False)
    """Gets what the model writes, before it is judged: a piece, and whether the model begins anew with it."""
    parsing: ParsingTime = field(default_factory=ParsingTime, compare=False)
    """What parsing may take: for the language, all tries and all choices together."""

    def judges(self, request: GenerationRequest) -> bool:
        """Whether the guard judges the answer to a request: conversations are no code."""
        return self.guard and not request.is_chat
