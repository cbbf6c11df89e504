"""How long-running work reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A callback that is called as work progresses, from the thread that does the work."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Report that `done` of `total` bytes of the step `phase` are finished.

        `phase` is a short text for the user. A `total` of 0 means that `phase` is a message without a measure.
        """


def silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""
