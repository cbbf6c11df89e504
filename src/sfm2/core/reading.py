"""From a backend's pieces to a completion: stop texts and the guard cut it, and a useless one is asked for once more."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from sfm2.backends.base import Ask, Piece
from sfm2.core.confidence import Calibrations, Estimate, features
from sfm2.core.plain import Plain
from sfm2.core.token_log import TokenLog
from sfm2.errors import BackendError
from sfm2.syntax.guard import Guard
from sfm2.syntax.hole import Hole
from sfm2.syntax.stops import StopTexts
from sfm2.types import FinishReason, GuardAction, GuardReason, GuardReport, TokenLogprob, TokenUsage

Opener: TypeAlias = Callable[[Ask], AsyncGenerator[Piece, None]]
AGAIN_TEMPERATURE = 0.3  # of the second try: low, but not what came the first time


@dataclass(frozen=True)
class Reading:
    """A finished completion. `tokens` counts what the backend made, also what was then cut."""

    text: str
    finish_reason: FinishReason
    tokens: TokenUsage
    guard: GuardReport
    features: dict[str, float]
    weights: str | None = None
    adapter: str | None = None
    logprobs: list[TokenLogprob] | None = None
    prompt_seconds: float | None = None

    @property
    def useless(self) -> bool:
        """Whether another try may give more: nothing is left, or it names what nobody defines."""
        return self.guard.action is GuardAction.ABSTAINED or bool(self.guard.undefined)


class Cutter(Protocol):
    """The guard, or what stands in for it when nobody asked for one."""

    ended: bool
    cut: bool
    text: str
    report: GuardReport

    def feed(self, text: str) -> str: ...

    def finish(self, ended: bool = True) -> str: ...


class Reader:
    """Feeds on pieces; says what may be shown, and when to stop asking for more."""

    def __init__(self, ask: Ask) -> None:
        self._hole = Hole(ask.prefix, ask.suffix, ask.language)
        self._stops = StopTexts(ask.stop)
        self._cutter: Cutter = Plain() if ask.kind == "chat" or not ask.guard else _guard(self._hole, ask)
        self._logprobs = Logprobs()
        self._log = TokenLog()
        self._limit = TimeLimit(ask.time_limit)
        self._tokens = 0
        self._prompt_tokens = 0
        self._finish: FinishReason | None = None
        self._weights: str | None = None
        self._adapter: str | None = None
        self._prompt_seconds: float | None = None
        self._shown_characters = 0

    @property
    def shown(self) -> bool:
        """Whether somebody may have seen some of it."""
        return self._shown_characters > 0

    @property
    def ended(self) -> bool:
        return self._stops.ended or self._cutter.ended or self._limit.over

    def feed(self, piece: Piece) -> str:
        self._tokens += piece.tokens
        self._logprobs.add(len(piece.text), piece.logprobs)
        self._prompt_tokens = piece.prompt_tokens or self._prompt_tokens
        self._finish = piece.finish_reason or self._finish
        self._weights = piece.weights or self._weights
        self._adapter = piece.adapter or self._adapter
        self._prompt_seconds = piece.prompt_seconds or self._prompt_seconds
        self._log.add(piece)
        if self._limit.passed(piece.text):
            self._finish = "length"
        return self._show(self._cutter.feed(self._stops.feed(piece.text)))

    def finish(self) -> str:
        """The rest that may be shown."""
        by_itself = self._stops.ended or self._finish != "length"
        shown = self._cutter.feed(self._stops.finish())
        rest = self._show(shown + self._cutter.finish(by_itself))
        self._log.show("", last=True)
        return rest

    def tokens(self) -> list[TokenLogprob] | None:
        """Those of the text that was shown since this was asked last."""
        return self._log.take()

    def result(self) -> Reading:
        text = self._cutter.text
        finish: FinishReason = "stop" if self.ended and self._finish != "length" else self._finish or "stop"
        report = self._report()
        return Reading(
            text=text,
            # The block's end may be seen only in the last tokens.
            finish_reason="stop" if self._cutter.cut else finish,
            tokens=TokenUsage(prompt=self._prompt_tokens, completion=self._tokens),
            guard=report,
            features=features(text, self._logprobs.of_first(len(text)), report, finish, self._hole),
            weights=self._weights,
            adapter=self._adapter,
            logprobs=self._log.all,
            prompt_seconds=self._prompt_seconds,
        )

    def _report(self) -> GuardReport:
        report = self._cutter.report
        if not self._stops.ended:
            return report
        return report.model_copy(update={"reasons": [*report.reasons, GuardReason.STOP_TEXT]})

    def _show(self, text: str) -> str:
        self._shown_characters += len(text)
        self._log.show(text)
        return text


class TimeLimit:
    """Counts from the first piece. When the time is over, the line that is being written is still finished.

    As llama.cpp's `t_max_predict_ms`: a first line there is always.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._begun: float | None = None
        self.over = False

    def passed(self, text: str) -> bool:
        """Whether to stop behind this text."""
        if self._seconds is None:
            return False
        now = time.monotonic()
        self._begun = self._begun or now
        self.over |= "\n" in text and now - self._begun >= self._seconds
        return self.over


class Logprobs:
    """The log-probabilities of a text's tokens, by characters: a piece tells those of a whole line, say."""

    def __init__(self) -> None:
        self._pieces: list[tuple[int, tuple[float, ...]]] = []

    def add(self, characters: int, logprobs: tuple[float, ...]) -> None:
        self._pieces.append((characters, logprobs))

    def of_first(self, characters: int) -> list[float]:
        """Of the tokens behind so many characters; of a piece that is cut, the same share."""
        found: list[float] = []
        for size, logprobs in self._pieces:
            if characters <= 0 and found:
                break
            share = min(1.0, characters / size) if size else 1.0
            found += logprobs[: max(1, round(share * len(logprobs)))]
            characters -= size
        return found


def _guard(hole: Hole, ask: Ask) -> Guard:
    return Guard(hole, ask.mode, streams=ask.interactive)


async def read(open_stream: Opener, ask: Ask) -> Reading:
    """All of a stream, or as much as belongs to the completion; of a second one when the first was of no use."""
    first = await read_once(open_stream, ask)
    if not (ask.guard and ask.kind == "code" and first.useless):
        return first
    try:
        second = await read_once(open_stream, once_more(ask))
    except BackendError:
        if first.text:
            return first
        raise
    return better(first, second)


async def read_once(open_stream: Opener, ask: Ask) -> Reading:
    reader = Reader(ask)
    async with aclosing(open_stream(ask)) as stream:
        async for piece in stream:
            reader.feed(piece)
            if reader.ended:
                break
    reader.finish()
    return reader.result()


def once_more(ask: Ask) -> Ask:
    """The same hole, asked for in another form; at a low temperature, with a seed of its own."""
    seed = None if ask.seed is None else ask.seed + 1
    return replace(ask, again=True, temperature=max(ask.temperature, AGAIN_TEMPERATURE), seed=seed, interactive=False)


def better(first: Reading, second: Reading) -> Reading:
    """The second if it has text and fewer unknown names. The tokens of both were made."""
    tokens = TokenUsage(
        prompt=max(first.tokens.prompt, second.tokens.prompt),
        completion=first.tokens.completion + second.tokens.completion,
    )
    wins = bool(second.text.strip()) and (
        not first.text.strip() or len(second.guard.undefined) < len(first.guard.undefined)
    )
    if not wins:
        return replace(first, tokens=tokens)
    reasons = list(dict.fromkeys((*first.guard.reasons, *second.guard.reasons)))
    report = second.guard.model_copy(update={"action": GuardAction.RESAMPLED, "reasons": reasons})
    return replace(second, tokens=tokens, guard=report, features={**second.features, "resampled": 1.0})


def estimate(reading: Reading, calibrations: Calibrations) -> Estimate:
    """How likely it is right; no text is never right."""
    if not reading.text.strip():
        return Estimate(0.0, calibrated=False)
    return calibrations.estimate(reading.features, reading.weights)
