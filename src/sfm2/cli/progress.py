"""Progress on standard error: a spinner while a model works, a bar while weights are downloaded or verified."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TextIO

from sfm2.cli import terminal
from sfm2.models.progress import Progress

if TYPE_CHECKING:
    from rich.text import Text

Stop = Callable[[], None]
_REFRESH = 0.5  # seconds between two looks at what is going on
_STEP = 10  # percent between two plain lines


@contextmanager
def waiting(what: Callable[[], str]) -> Iterator[Stop]:
    """Show `what()` beside a spinner until the block ends or the yielded function is called. Nothing without a terminal."""
    if not terminal.notes_to_terminal():
        yield lambda: None
        return
    from rich.console import Console

    with Console(stderr=True).status(_SpinnerText(what)) as status:
        yield status.stop


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Show the progress of weights on `stream` (standard error): a bar on a terminal, a few plain lines elsewhere."""
    stream = stream or sys.stderr
    if stream.isatty():
        with _bar(stream) as progress:
            yield progress
    else:
        yield PlainLines(stream)


class WeightsProgress:
    """As `shown_progress`, from the first report on: before it, a question may need the terminal. `stack` ends it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._shown: Progress | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._shown = self._shown or self._stack.enter_context(shown_progress())
        self._shown(phase, done, total)


class PlainLines:
    """Writes a line for each phase, remark and tenth of the bytes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: tuple[str, int] | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        step = done * 100 // total // _STEP * _STEP if total else 0
        if total and (phase, step) == self._last:
            return
        self._last = (phase, step)
        print(f"{phase} {step} % of {total / 1e6:,.0f} MB" if total else phase, file=self._stream, flush=True)


class _SpinnerText:
    """A text that rich asks for many times a second, and that is computed twice a second."""

    def __init__(self, what: Callable[[], str]) -> None:
        self._what = what
        self._text = ""
        self._until = 0.0

    def __rich__(self) -> Text:
        from rich.text import Text

        if time.monotonic() >= self._until:
            self._text = terminal.visible(self._what())
            self._until = time.monotonic() + _REFRESH
        return Text(self._text)


@contextmanager
def _bar(stream: TextIO) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:12}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, TimeRemainingColumn(), console=Console(file=stream), transient=True) as bars:
        task = bars.add_task("", total=None, visible=False)

        def progress(phase: str, done: int, total: int) -> None:
            if not total:
                bars.console.print(phase, highlight=False, markup=False)
            elif bars.tasks[0].description == phase and bars.tasks[0].completed <= done:
                bars.update(task, completed=done, total=total)
            else:
                bars.reset(task, description=phase, completed=done, total=total, visible=True)

        yield progress
