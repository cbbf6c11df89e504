"""How long work tells what it does. Whoever listens decides how to show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """`phase` is a short text for a person; `done` and `total` are bytes. `total` 0: a remark, with nothing to measure."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...


def silent(phase: str, done: int, total: int) -> None:
    """Shows nothing."""
