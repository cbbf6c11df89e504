"""In which order jobs begin: who types first, then who waits for an answer, then batches; those alike as they came.

While somebody types or waits, few jobs of batches run beside: each takes its share of every step. Otherwise they fill the
engine, and those that are too many make way when somebody comes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from sfm2.generation import Priority

J = TypeVar("J")

BESIDE = 3
"""Jobs of batches that run while others are served."""
QUIET = 5.0
"""Seconds after the last other job until batches fill the engine: who types soon asks again."""


class WaitingRoom(Generic[J]):
    """Jobs that have not begun. `at_once` run at the same time; `clock` gives seconds."""

    def __init__(self, at_once: int, priority_of: Callable[[J], Priority], clock: Callable[[], float]) -> None:
        self._at_once = at_once
        self._priority_of = priority_of
        self._clock = clock
        self._waiting: list[J] = []
        self._others_until = -QUIET

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, job: J) -> None:
        """`job` waits."""
        self._waiting.append(job)

    def leave(self, job: J) -> bool:
        """`job` waits no longer; returns whether it was here."""
        found = job in self._waiting
        if found:
            self._waiting.remove(job)
        return found

    def next(self, running: Collection[J]) -> list[J]:
        """Those that may begin now, beside those that run."""
        batch = sum(map(self._is_batch, running))
        room = self._at_once - len(running)
        room_for_batch = BESIDE if self._serves_others(running) else self._at_once
        begin: list[J] = []
        for job in sorted(self._waiting, key=self._priority_of):
            if self._priority_of(job) is Priority.TYPING:
                begin.append(job)
                continue
            if len(begin) >= room:
                continue
            if self._is_batch(job):
                if batch >= room_for_batch:
                    continue
                batch += 1
            begin.append(job)
        self._waiting = [job for job in self._waiting if job not in begin]
        return begin

    def too_many(self, running: Collection[J]) -> list[J]:
        """Those that run, and should wait again; the last to begin first."""
        batch = [job for job in running if self._is_batch(job)]
        return batch[: BESIDE - 1 : -1] if self._serves_others(running) else []

    def reenter(self, job: J) -> None:
        """`job` waits again, before those of its priority that have not begun."""
        self._waiting.insert(0, job)

    def _is_batch(self, job: J) -> bool:
        return self._priority_of(job) is Priority.BATCH

    def _serves_others(self, running: Collection[J]) -> bool:
        """Whether anybody but batches is served, or was a moment ago."""
        if not all(map(self._is_batch, (*running, *self._waiting))):
            self._others_until = self._clock()
        return self._clock() - self._others_until < QUIET
