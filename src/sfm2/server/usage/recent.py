"""What was counted in the last hour, so that `/stats` can say how a service is doing now.

Counted in steps of time, in the store and so over all workers. A step that is over an hour old is deleted by the next write.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

STEP = 5
"""Seconds of a step: a window reaches back up to so much further, to where a step begins"""
WINDOWS = {"minute": 60, "five_minutes": 300, "hour": 3600}
"""Seconds of each window of `sfm2.types.StatsWindows`"""
LONGEST = max(WINDOWS.values())

Steps = Counter[tuple[int, str]]
"""Counters by the step's beginning (Unix time) and by name"""


class Recent:
    """What was counted and is not in the store yet. `clock` gives Unix time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._pending: Steps = Counter()
        self._last = 0

    def now(self) -> float:
        """Unix time."""
        return self._clock()

    def count(self, changes: Mapping[str, float]) -> None:
        """Add to the counters of now. What waits to be written and no window reaches any more is forgotten."""
        now = _step(self._clock())
        if now != self._last:
            oldest, self._last = begin(self._clock(), LONGEST), now
            self._pending = Counter({one: value for one, value in self._pending.items() if one[0] >= oldest})
        self._pending.update({(now, name): value for name, value in changes.items()})

    def take(self) -> Steps:
        """What is to be written; it is no longer pending."""
        taken, self._pending = self._pending, Counter()
        return taken

    def with_pending(self, windows: Mapping[str, Counter[str]], taken: Steps) -> dict[str, Counter[str]]:
        """The windows of the store with what is not in it yet: what is pending, and what was `taken` to be written."""
        found = {window: counters.copy() for window, counters in windows.items()}
        now = self._clock()
        for window, counters in found.items():
            first = begin(now, WINDOWS[window])
            for (at, name), value in (*self._pending.items(), *taken.items()):
                if at >= first:
                    counters[name] += value
        return found


def begin(now: float, seconds: float) -> int:
    """When the step begins with which a window of so many seconds begins, at the Unix time `now`."""
    return _step(now - seconds)


def _step(at: float) -> int:
    return int(at) // STEP * STEP
