"""How long the parsers may work for one request, all its parses together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

SECONDS = 1.0
"""Of a processor. Ordinary code of 200,000 characters takes a tenth, parsed as often as a completion needs."""


class ParsingTime:
    """What is left of it. Seconds of the thread that parses, so that a busy machine changes no answer.

    One thread at a time uses it; `stop` may be called from any.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._left = seconds
        self._stopped = False

    @property
    def is_spent(self) -> bool:
        """Whether nothing may be parsed any more."""
        return self._stopped or self._left <= 0

    def stop(self) -> None:
        """End the parse that runs, and all later ones: nobody waits for them any more."""
        self._stopped = True

    @contextmanager
    def spending(self, at_most: float = math.inf) -> Generator[Callable[[], bool]]:
        """Count what is done within. Gives what says whether it must end: after `at_most` seconds, or with the last second.

        Raises `TimeoutError` if there is nothing to spend.
        """
        if self.is_spent:
            raise TimeoutError("the time for parsing is spent")
        started, began = time.thread_time(), time.perf_counter()
        seconds = min(self._left, at_most)
        # A thread can't have worked for longer than the clock has gone, and asking the clock takes a fortieth of the time.
        end, earliest = started + seconds, began + seconds
        try:
            yield lambda: self._stopped or (time.perf_counter() > earliest and time.thread_time() > end)
        finally:
            self._left -= time.thread_time() - started
