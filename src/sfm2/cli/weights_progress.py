"""How pulling and verifying weights look: a bar on a terminal, a few plain lines elsewhere. On standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from sfm2.models.progress import Progress

_STEP = 10  # percent between two plain lines


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    stream = stream or sys.stderr
    if stream.isatty():
        with _bar(stream) as progress:
            yield progress
    else:
        yield PlainLines(stream)


class PlainLines:
    """A line for each phase, remark and tenth of the bytes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: tuple[str, int] | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        step = done * 100 // total // _STEP * _STEP if total else 0
        if total and (phase, step) == self._last:
            return
        self._last = (phase, step)
        print(f"{phase} {step} % of {total / 1e6:,.0f} MB" if total else phase, file=self._stream, flush=True)


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
