"""From a backend's pieces to a completion: stop texts and the end of the block cut it, and reading ends there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sfm2.backends.base import Ask, Piece
from sfm2.core.confidence import confidence
from sfm2.syntax.boundary import BlockBoundary
from sfm2.syntax.stops import StopTexts
from sfm2.types import FinishReason, TokenUsage


@dataclass(frozen=True)
class Reading:
    """A finished completion. `tokens` counts what the backend made, also what was then cut."""

    text: str
    finish_reason: FinishReason
    confidence: float
    tokens: TokenUsage


class Reader:
    """Feeds on pieces; says what may be shown, and when to stop asking for more."""

    def __init__(self, ask: Ask) -> None:
        self._stops = StopTexts(ask.stop)
        self._boundary = BlockBoundary(ask.prefix, ask.language if ask.kind == "code" else None)
        self._shown: list[str] = []
        self._logprobs: list[float] = []
        self._tokens = 0
        self._prompt_tokens = 0
        self._finish: FinishReason | None = None

    @property
    def ended(self) -> bool:
        return self._stops.ended or self._boundary.ended

    def feed(self, piece: Piece) -> str:
        self._tokens += piece.tokens
        self._logprobs += piece.logprobs
        self._prompt_tokens = piece.prompt_tokens or self._prompt_tokens
        self._finish = piece.finish_reason or self._finish
        return self._show(self._boundary.feed(self._stops.feed(piece.text)))

    def finish(self) -> str:
        """The rest that may be shown."""
        return self._show(self._boundary.feed(self._stops.finish()) + self._boundary.finish())

    def result(self) -> Reading:
        return Reading(
            text="".join(self._shown),
            finish_reason="stop" if self.ended else self._finish or "stop",
            confidence=confidence(self._logprobs),
            tokens=TokenUsage(prompt=self._prompt_tokens, completion=self._tokens),
        )

    def _show(self, text: str) -> str:
        self._shown.append(text)
        return text


async def read(stream: AsyncIterator[Piece], ask: Ask) -> Reading:
    """All of a stream, or as much as belongs to the completion."""
    reader = Reader(ask)
    async for piece in stream:
        reader.feed(piece)
        if reader.ended:
            break
    reader.finish()
    return reader.result()
