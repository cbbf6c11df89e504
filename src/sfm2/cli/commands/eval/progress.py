"""The progress of an evaluation: a bar on standard error if that is a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sfm2.cli import terminal
from sfm2.evals.items import Record

_COUNTS = "{task.fields[right]} right, {task.fields[failed]} unanswered"


@contextmanager
def answer_bar(total: int) -> Iterator[Callable[[Record], None]]:
    """Yields a function to call with each record."""
    if not terminal.notes_to_terminal():
        yield lambda record: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(_COUNTS), TimeElapsedColumn(), TimeRemainingColumn())
    right = failed = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=total, right=0, failed=0)

        def answered(record: Record) -> None:
            nonlocal right, failed
            right += bool(record.correct)
            failed += not record.answered
            bars.update(task, advance=1, right=right, failed=failed)

        yield answered
