"""One question to the server: the request, the answer as it comes, and what of it is kept when somebody interrupts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sfm2.client import SFM2Client
from sfm2.types import Completion, GenerationConfig, Language


@dataclass(frozen=True)
class Question:
    context: str
    """Code that stands before the cell; it is no part of the answer."""
    prefix: str
    """What the answer begins with."""
    read: str
    """What the model sees of it."""
    language: Language
    config: GenerationConfig
    use_fallback: bool

    def arguments(self) -> dict[str, Any]:
        """Of `generate` and `generate_stream`."""
        gap = "\n" if self.context else ""
        return {
            "prompt": f"{self.context}{gap}{self.read}",
            "language": self.language,
            "config": self.config,
            "use_fallback": self.use_fallback,
        }


@dataclass(frozen=True)
class Reply:
    """`completion` is None when somebody interrupted: `written` is then what had come."""

    written: str
    completion: Completion | None


def ask(client: SFM2Client, question: Question) -> Reply:
    """Raises the classes of `sfm2.errors`."""
    completion = client.generate(**question.arguments())
    return Reply(completion.completion, completion)


def ask_streaming(client: SFM2Client, question: Question, show: Callable[[str], None]) -> Reply:
    """`show` gets the whole text each time there is more. An interrupt ends the work, unless nothing has come."""
    written = ""
    with client.generate_stream(**question.arguments()) as stream:
        try:
            for chunk in stream:
                written += chunk.text
                show(written)
        except KeyboardInterrupt:
            if not written:
                raise
            return Reply(written, None)
    assert stream.result is not None, "a stream that ends without an error has its result"
    return Reply(stream.result.completion, stream.result)
