"""Whether an engine process moves: by what its generation loop reports, and by whether it has anything to run.

A round of the loop may take long: a long prompt on a slow machine, an adapter that loads, a machine that has no time for it.
It says nothing meanwhile, but it runs or wants to, which tells it from a process that is stopped or waits for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LOOK = 0.5
"""Seconds between two looks"""
_OVERDUE = 1.5  # seconds without a beat until we look whether it runs: that reads a file for each of its threads
_LONGEST_ROUND = 120.0  # seconds that it may run, or seem to, without a word
_WANTS_TO_RUN = b"RD"  # states of a thread: running or waiting for a processor, waiting for a disk (proc_pid_stat(5))


def wants_to_run(pid: int) -> bool:
    """Whether a thread of the process runs, or waits for a processor or a disk. True where the system does not say."""
    try:
        states = [_state(thread) for thread in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return True
    return any(state in _WANTS_TO_RUN for state in states)


def _state(thread: Path) -> bytes:
    return (thread / "stat").read_bytes().rpartition(b")")[2].split()[0]


class Pulse:
    """`wants_to_run` is asked at each look; `clock` gives seconds that never go back. Look every `LOOK` seconds."""

    def __init__(self, wants_to_run: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._wants_to_run = wants_to_run
        self._clock = clock
        self._looked_at = self._beat_at = self._moved_at = clock()

    def beat(self) -> None:
        """Its loop says that it goes round."""
        self._beat_at = self._moved_at = self._clock()

    def still_for(self) -> float:
        """Seconds since it last moved, as far as we have looked: what we slept ourselves does not count."""
        now = self._clock()
        self._moved_at += max(0.0, now - self._looked_at - 2 * LOOK)
        if _OVERDUE < now - self._beat_at < _LONGEST_ROUND and self._wants_to_run():
            self._moved_at = now
        self._looked_at = now
        return max(0.0, now - self._moved_at)
