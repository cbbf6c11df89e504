"""Finished completions that may be typed along, bounded in bytes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cachetools import TTLCache

from sfm2.server.answering.along import Spot, Standing, Typed, standing, typed_between
from sfm2.types import Completion

_OVERHEAD = 1_000  # bytes of a completion besides its text, about
MOST = 64
"""Completions of one client's requests that differ in nothing but the code around the cursor. The editor core has as many"""


@dataclass(frozen=True)
class Finished:
    """A completion, and where it was asked for."""

    spot: Spot
    limits: Hashable
    """What time it had, which matters for one that the time cut"""
    completion: Completion
    since: float

    @property
    def size(self) -> int:
        """Bytes, about."""
        texts = (self.spot.before, self.spot.after, self.completion.model_dump_json())
        return _OVERHEAD + sum(map(sys.getsizeof, texts))

    def typed(self, spot: Spot, limits: Hashable) -> Typed | None:
        """What was typed since, if the completion agrees with it and has more to say."""
        typed = typed_between(self.spot, spot)
        if typed is None or not (typed.text or typed.closers):
            return None
        if self.completion.finish_reason == "time" and limits != self.limits:
            return None
        agrees = standing(self.completion.completion, typed, whole=True) is Standing.AGREES
        return typed if agrees else None


class Agreeing(NamedTuple):
    """A completion that agrees with a request."""

    completion: Completion
    typed: Typed
    age: float
    """Seconds since it was given"""


class FinishedCompletions:
    """By what their requests have in common, at most `size` bytes of them, each for `ttl` seconds; those that were used
    least recently are dropped first.

    `clock` gives seconds and never goes back.
    """

    def __init__(self, size: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ttl = ttl
        self._kept: TTLCache[str, tuple[tuple[int, Finished], ...]] = TTLCache(
            size, ttl, timer=clock, getsizeof=lambda sized: sum(size for size, _ in sized)
        )

    @property
    def bytes(self) -> int:
        """What is kept takes about as much."""
        return int(self._kept.currsize)

    def put(self, name: str, spot: Spot, limits: Hashable, completion: Completion) -> None:
        """Keep a completion from now on, if there is room for it and something in it to type along."""
        if len(completion.completion) < 2:
            return
        # The code before the cursor is another one by the time.
        entry = Finished(spot, limits, completion.model_copy(update={"generated_code": ""}), self._clock())
        kept = [(entry.size, entry)]
        room = self._kept.maxsize - kept[0][0]
        for size, other in self._of(name):
            room -= size
            if room < 0 or len(kept) == MOST:
                break
            if other.spot != spot:
                kept.append((size, other))
        if kept[0][0] <= self._kept.maxsize:
            self._kept[name] = tuple(kept)

    def find(self, name: str, spot: Spot, limits: Hashable) -> Agreeing | None:
        """The newest completion that agrees with what was typed up to `spot`."""
        for _, entry in self._of(name):
            typed = entry.typed(spot, limits)
            if typed is not None:
                return Agreeing(entry.completion, typed, self._clock() - entry.since)
        return None

    def _of(self, name: str) -> Iterator[tuple[int, Finished]]:
        oldest = self._clock() - self._ttl
        return ((size, entry) for size, entry in self._kept.get(name, ()) if entry.since > oldest)
