"""A completion in progress, and what is handed out of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sfm2.engines.base import AdapterFile
from sfm2.engines.llama_cpp.wire import ENGINE_FAILED
from sfm2.engines.serving.vocabulary import TokenText
from sfm2.generation import Priority
from sfm2.syntax.stops import StopTexts
from sfm2.types import SamplingParams

_LINE_TOKENS = 32  # a line longer than this is sent in parts

StopType = Literal["eos", "limit", "word"]


@dataclass(frozen=True)
class JobOutput:
    """New text of one job, and the tokens behind it."""

    text: str = ""
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    stop_type: StopType | None = None
    """Why the job ended; with its last output."""
    error: str | None = None
    """What failed, in place of a `stop_type`."""
    fault: str = ENGINE_FAILED
    """Whose fault it is: a type of error of the protocol."""
    prompt_seconds: float | None = None
    """From the job's start to its first token."""
    wait_seconds: float | None = None
    """From its arrival to its start."""

    @property
    def last(self) -> bool:
        """Whether the job has ended."""
        return self.stop_type is not None or self.error is not None


@dataclass(eq=False)
class Job:
    """A completion in progress."""

    ids: Sequence[int]
    """Token ids of the prompt."""
    sampling: SamplingParams
    sink: Callable[[JobOutput], None]
    """Called on the worker's thread."""
    by_line: bool = False
    """Hand out text line by line rather than token by token."""
    adapter: AdapterFile | None = None
    priority: Priority = Priority.ANSWER
    until: float = math.inf
    """When nobody waits for it any more, by `time.monotonic`."""
    expected: float = 0.0
    """Tokens that it is expected to write."""
    handle: Any = None
    """The library's, once the job is in a pipeline."""
    text: TokenText = field(init=False)
    stops: StopTexts = field(init=False)
    written: list[int] = field(default_factory=list)
    """Token ids so far."""
    held: list[tuple[str, int, float]] = field(default_factory=list)
    """Text, token id and log-probability of what has not been handed out yet."""
    arrived: float = field(default_factory=time.perf_counter)
    started: float = 0.0
    prompt_seconds: float | None = None

    @property
    def can_pause(self) -> bool:
        """Whether it writes the same when it goes on from what it has written: a sequence of random numbers is not kept."""
        return self.sampling.temperature == 0 or self.sampling.seed is None

    def begin(self, text: TokenText) -> None:
        """It starts to run; `text` turns its tokens into text."""
        self.text = text
        self.stops = StopTexts(self.sampling.stop)
        self.started = time.perf_counter()

    def take(self, tokens: Iterable[tuple[int, float]], stop_ids: Iterable[int]) -> StopType | None:
        """Add tokens with their log-probabilities; returns why it ends, if one of them ends it."""
        self.prompt_seconds = self.prompt_seconds or time.perf_counter() - self.started
        for token, logprob in tokens:
            if token in stop_ids:
                return "eos"
            self.written.append(token)
            self.held.append((self.stops.feed(self.text.feed(token)), token, logprob))
            if self.stops.ended:
                return "word"
        return None

    def hand_out(self) -> bool:
        """Hand out what is held, if it is to be handed out yet; returns whether it was."""
        if self.by_line and not _line_complete(self.held):
            return False
        self.sink(self._output())
        self.held.clear()
        return True

    def end(self, stop_type: StopType | None = None, error: str | None = None, fault: str = ENGINE_FAILED) -> None:
        """Hand out the rest, and why there is no more."""
        rest = self.stops.feed(self.text.finish()) + self.stops.finish()
        self.sink(self._output(rest, stop_type, error, fault))

    def _output(
        self,
        rest: str = "",
        stop_type: StopType | None = None,
        error: str | None = None,
        fault: str = ENGINE_FAILED,
    ) -> JobOutput:
        return JobOutput(
            "".join(text for text, _, _ in self.held) + rest,
            tuple(token for _, token, _ in self.held),
            tuple(logprob for _, _, logprob in self.held),
            stop_type,
            error,
            fault,
            prompt_seconds=self.prompt_seconds,
            wait_seconds=self.started - self.arrived,
        )


def _line_complete(held: Sequence[tuple[str, int, float]]) -> bool:
    return len(held) >= _LINE_TOKENS or any("\n" in text for text, _, _ in held)
