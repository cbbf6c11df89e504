"""Ends a completion after some seconds of writing, at the end of its line."""

from __future__ import annotations

import time


class TimeLimit:
    """Counts from the first text. As with llama.cpp's `t_max_predict_ms`, the first line is always finished."""

    def __init__(self, seconds: float | None) -> None:
        """None: no limit."""
        self._seconds = seconds
        self._begun: float | None = None
        self.over = False
        """Whether to stop after the text that came last"""

    def feed(self, text: str) -> None:
        """More text arrived."""
        if self._seconds is None:
            return
        now = time.monotonic()
        self._begun = self._begun or now
        self.over |= "\n" in text and now - self._begun >= self._seconds
