"""Outputs that change while they are shown: an area of the cell in a notebook, running text on a terminal."""

from __future__ import annotations

import time
import uuid
from typing import Any, Protocol

from IPython.display import display, update_display

from sfm2.notebook.bundles import Answer, Bundle

_PAUSE = 0.1  # seconds between two updates of an output


def show(what: Bundle | str) -> None:
    """A bundle, or plain text."""
    display({"text/plain": what} if isinstance(what, str) else what, raw=True)


class Live(Protocol):
    """Shows an answer as it grows."""

    def grow(self, answer: Answer) -> None: ...

    def finish(self, answer: Answer) -> None: ...


def live(shell: Any) -> Live:
    return Area() if hasattr(shell, "kernel") else Running()


class Area:
    """One output that is updated in place."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._shown_at: float | None = None

    def grow(self, answer: Answer) -> None:
        if self._shown_at is None or time.monotonic() - self._shown_at >= _PAUSE:
            self.finish(answer)

    def finish(self, answer: Answer) -> None:
        (display if self._shown_at is None else update_display)(answer.bundle(), raw=True, display_id=self._id)
        self._shown_at = time.monotonic()


class Running:
    """Text that goes on."""

    def __init__(self) -> None:
        self._shown = 0

    def grow(self, answer: Answer) -> None:
        text = answer.typed + answer.written
        print(text[self._shown :], end="", flush=True)
        self._shown = len(text)

    def finish(self, answer: Answer) -> None:
        self.grow(answer)
        print(f"\n\n{answer.words()}")
