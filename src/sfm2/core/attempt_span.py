"""What a trace has of a backend's attempt: how long its engine let it wait, read the prompt and wrote."""

from __future__ import annotations

import time

from sfm2 import tracing
from sfm2.errors import SFM2Error
from sfm2.generation import TokenChunk

_NANOSECONDS = 1_000_000_000


class AttemptSpan:
    """Begins when it is made."""

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._parent = tracing.CURRENT.get()
        self._began = time.time_ns()
        self._wait: float | None = None
        self._prompt: float | None = None
        self._read = self._written = 0

    def saw(self, chunk: TokenChunk) -> None:
        """A chunk has come."""
        self._wait = self._wait if chunk.wait_seconds is None else chunk.wait_seconds
        self._prompt = self._prompt if chunk.prompt_seconds is None else chunk.prompt_seconds
        self._read = chunk.prompt_tokens or self._read
        self._written += chunk.tokens

    def ended(self, error: BaseException | None = None) -> None:
        """It is over; `error` is what it raised. Where the reader had enough, that is none."""
        if self._parent is None:
            return
        end = time.time_ns()
        failed = None if error is None else error.code if isinstance(error, SFM2Error) else type(error).__name__
        attempt = self._parent.child(
            "attempt",
            self._began,
            end,
            {
                "sfm2.backend": self._backend,
                "gen_ai.usage.input_tokens": self._read,
                "gen_ai.usage.output_tokens": self._written,
            },
            failed,
        )
        if self._wait is None or self._prompt is None:
            return
        begun = min(end, self._began + int(self._wait * _NANOSECONDS))
        first = min(end, begun + int(self._prompt * _NANOSECONDS))
        for name, start, stop in (("wait", self._began, begun), ("prompt", begun, first), ("generation", first, end)):
            attempt.child(name, start, stop, {})
