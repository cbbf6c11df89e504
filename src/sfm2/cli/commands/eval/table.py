"""The figures of runs, as a table with a column for each run, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sfm2.cli import terminal
from sfm2.evals.items import Record
from sfm2.evals.summary import MEASURES, Figure, actions, summary
from sfm2.evals.tables import figure_text

_WIDTH = 100  # characters, where there is no terminal


def print_runs(names: Sequence[str], runs: Sequence[Sequence[Record]]) -> None:
    """Print a table with a column for each run, under its name."""
    table = Table("", *names)
    for row in _rows(runs):
        table.add_row(*row)
    width = None if terminal.to_terminal() else _WIDTH
    console = Console(width=width, no_color=terminal.colourless(), highlight=False)
    with console.capture() as captured:
        console.print(table)
    terminal.write(captured.get())


def document(records: Sequence[Record]) -> dict[str, Any]:
    """The figures by name: mean, 95 % interval and number of records; and counts."""
    figures = {
        found.measure.name: {"value": found.value, "low": found.low, "high": found.high, "of": found.size}
        for found in summary(records)
    }
    return {"items": len(records), "unanswered": _unanswered(records), "figures": figures, "actions": actions(records)}


def _rows(runs: Sequence[Sequence[Record]]) -> Iterator[Sequence[str]]:
    yield "items", *(str(len(run)) for run in runs)
    if any(map(_unanswered, runs)):
        yield "unanswered", *(str(_unanswered(run)) for run in runs)
    found = [{figure.measure: figure for figure in summary(run)} for run in runs]
    for measure in MEASURES:
        if any(measure in figures for figures in found):
            yield measure.title, *(_cell(figures.get(measure)) for figures in found)
    done = [actions(run) for run in runs]
    for action in dict.fromkeys(name for counts in done for name in counts):
        yield f"guard: {action}", *(str(counts.get(action, 0)) for counts in done)


def _cell(figure: Figure | None) -> str:
    return "-" if figure is None else figure_text(figure)


def _unanswered(records: Sequence[Record]) -> int:
    return sum(not record.answered for record in records)
