"""Outputs that grow while they are shown: an area of the cell in a notebook, text on a terminal."""

from __future__ import annotations

import time
import uuid
from typing import Any, Protocol

from IPython.display import display, update_display

from sfm2.notebook.bundles import Bundle

_PAUSE = 0.1  # seconds between two updates of an output


def show(what: Bundle | str) -> None:
    """Show a bundle or plain text as output of the current cell."""
    display({"text/plain": what} if isinstance(what, str) else what, raw=True)


class Growing(Protocol):
    """An output at one moment of its growth."""

    @property
    def text(self) -> str:
        """What has been written so far"""
        ...

    def bundle(self) -> Bundle:
        """All of it, in all formats."""
        ...

    def words(self) -> str:
        """Everything but the text."""
        ...


class Live(Protocol):
    """Shows an output as it grows."""

    def grow(self, answer: Growing) -> None:
        """Show the output so far."""
        ...

    def finish(self, answer: Growing) -> None:
        """Show the final output."""
        ...


def live(shell: Any) -> Live:
    """The growing output for a shell: an area in a kernel, running text in a terminal."""
    return Area() if hasattr(shell, "kernel") else RunningText()


class Area:
    """One output of a cell that is updated in place, at most every 0.1 seconds. A `Live`."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._shown_at: float | None = None

    def grow(self, answer: Growing) -> None:
        if self._shown_at is None or time.monotonic() - self._shown_at >= _PAUSE:
            self.finish(answer)

    def finish(self, answer: Growing) -> None:
        (display if self._shown_at is None else update_display)(answer.bundle(), raw=True, display_id=self._id)
        self._shown_at = time.monotonic()


class RunningText:
    """Text that is appended on a terminal. A `Live`."""

    def __init__(self) -> None:
        self._shown = 0

    def grow(self, answer: Growing) -> None:
        print(answer.text[self._shown :], end="", flush=True)
        self._shown = len(answer.text)

    def finish(self, answer: Growing) -> None:
        self.grow(answer)
        print(f"\n\n{answer.words()}")
