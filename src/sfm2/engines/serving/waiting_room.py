"""In which order jobs begin: who types first, then who waits for an answer, then batches; those alike as they came.

While somebody types or waits, few jobs of batches run beside: each takes its share of every step. Otherwise they fill the
engine, and those that are too many make way when somebody comes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from sfm2.generation import Priority

J = TypeVar("J")

BESIDE = 6
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

    def at_once(self, priority: Priority) -> int:
        """How many jobs of this priority and of higher ones run at the same time, as things are. For any thread."""
        return BESIDE if priority is Priority.BATCH and self._clock() - self._others_until < QUIET else self._at_once

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
        self._look(running)
        room_for_batch = self.at_once(Priority.BATCH)
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
        self._look(running)
        batch = [job for job in running if self._is_batch(job)]
        return batch[: self.at_once(Priority.BATCH) - 1 : -1]

    def batch(self) -> list[J]:
        """Those of batches that wait, in the order in which they begin."""
        return [job for job in self._waiting if self._is_batch(job)]

    def reenter(self, job: J) -> None:
        """`job` waits again, before those of its priority that have not begun."""
        self._waiting.insert(0, job)

    def _is_batch(self, job: J) -> bool:
        return self._priority_of(job) is Priority.BATCH

    def _look(self, running: Collection[J]) -> None:
        """See whether anybody but batches is served."""
        if not all(map(self._is_batch, (*running, *self._waiting))):
            self._others_until = self._clock()
