"""Answers that are kept for a while, bounded in bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from cachetools import TTLCache

from sfm2.types import Completion, Explanation, Reply

A = TypeVar("A", bound=Completion | Explanation | Reply)
_OVERHEAD = 1_000  # bytes of an entry besides its text, about


@dataclass(frozen=True)
class _StoredAnswers(Generic[A]):
    answers: Sequence[A]
    size: int
    since: float


class Kept(NamedTuple, Generic[A]):
    """Answers that are kept."""

    answers: Sequence[A]
    age: float
    """Seconds since they were given"""
    remaining: float
    """Seconds that they are kept on"""


class ResponseCache(Generic[A]):
    """Answers by name, at most `size` bytes of them, each for `ttl` seconds; the least recently used are dropped first.

    `clock` gives seconds and never goes back.
    """

    def __init__(self, size: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ttl = ttl
        self._kept: TTLCache[str, _StoredAnswers[A]] = TTLCache(
            size, ttl, timer=clock, getsizeof=lambda entry: entry.size
        )

    @property
    def bytes(self) -> int:
        """What is kept takes about as much."""
        return int(self._kept.currsize)

    def get(self, name: str) -> Kept[A] | None:
        """What is kept under this name."""
        entry = self._kept.get(name)
        if entry is None:
            return None
        age = self._clock() - entry.since
        return Kept(entry.answers, age, self._ttl - age)

    def put(self, name: str, answers: Sequence[A]) -> bool:
        """Keep answers from now on; returns whether there is room for so much."""
        size = _OVERHEAD + sum(len(answer.model_dump_json()) for answer in answers)
        if size > self._kept.maxsize:
            return False
        self._kept[name] = _StoredAnswers(answers, size, self._clock())
        return True
