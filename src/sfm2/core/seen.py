"""What of a stream somebody has seen: it stays, whatever a second look gives."""

from __future__ import annotations

from dataclasses import dataclass

from sfm2.core.result import GenerationResult
from sfm2.types import Chunk


@dataclass
class Seen:
    """Grows with each chunk that is shown."""

    text: str = ""
    tokens: int = 0

    def add(self, chunk: Chunk) -> None:
        """It is shown now."""
        self.text += chunk.text
        self.tokens += len(chunk.logprobs or ())

    def goes_on_with(self, result: GenerationResult) -> bool:
        """Whether a completion begins with what was seen, and so do its tokens where they were shown."""
        if not result.text.startswith(self.text):
            return False
        tokens = None if result.logprobs is None else "".join(token.text for token in result.logprobs[: self.tokens])
        return not self.tokens or tokens == self.text

    def rest_of(self, result: GenerationResult, *, logprobs: bool, confidence: float | None) -> Chunk:
        """What is left to be shown of a completion; with its tokens where `logprobs` are wanted and known."""
        tokens = None if result.logprobs is None or not logprobs else result.logprobs[self.tokens :]
        return Chunk(text=result.text[len(self.text) :], confidence=confidence, logprobs=tokens)
