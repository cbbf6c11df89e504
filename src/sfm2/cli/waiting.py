"""A sign of life on standard error while a model works; nothing when that is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from sfm2.cli import terminal

Stop = Callable[[], None]
_REFRESH = 0.5  # seconds between two looks at what is going on


@contextmanager
def waiting(what: Callable[[], str]) -> Iterator[Stop]:
    """Shows `what()` beside a spinner until the end, or until the yielded function is called."""
    if not terminal.notes_to_terminal():
        yield lambda: None
        return
    with Console(stderr=True).status(_Line(what)) as status:
        yield status.stop


class _Line:
    """Rich asks for it many times a second."""

    def __init__(self, what: Callable[[], str]) -> None:
        self._what = what
        self._text = ""
        self._until = 0.0

    def __rich__(self) -> Text:
        if time.monotonic() >= self._until:
            self._text = terminal.visible(self._what())
            self._until = time.monotonic() + _REFRESH
        return Text(self._text)
