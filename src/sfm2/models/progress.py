"""How long-running work reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A callback that is called as work progresses, from the thread that does the work."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Report that `done` of `total` bytes of the step `phase` are finished.

        `phase` is a short text for the user. A `total` of 0 means that `phase` is a message without a measure. Within a
        phase `done` never falls; a message, or another phase, begins anew.
        """


def silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def rising(progress: Progress) -> Progress:
    """`progress`, for work whose measure may fall: pip's temporary files, for one, vanish once a part has been fetched."""
    phase_now, most = "", 0

    def report(phase: str, done: int, total: int) -> None:
        nonlocal phase_now, most
        most = max(most, done) if total and phase == phase_now else done
        phase_now = phase
        progress(phase, most, total)

    return report
