"""Tallies of runs as a table, a column each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sfm2.cli import terminal
from sfm2.evals.tally import STOPS, Share, Tally

_WIDTH = 100  # where nobody says how wide it may be
_NONE = "-"


def print_tallies(names: Sequence[str], tallies: Sequence[Tally]) -> None:
    table = Table("", *names)
    for label, cell in _rows(tallies):
        cells = [cell(found) for found in tallies]
        if any(text != _NONE for text in cells):
            table.add_row(label, *cells)
    width = None if terminal.to_terminal() else _WIDTH
    console = Console(width=width, no_color=terminal.colourless(), highlight=False)
    with console.capture() as captured:
        console.print(table)
    terminal.write(captured.get())


def _rows(tallies: Sequence[Tally]) -> list[tuple[str, Callable[[Tally], str]]]:
    """The parse rate never stands without the rate of abstentions below it."""
    actions = dict.fromkeys(action for found in tallies for action in found.actions)
    return [
        ("items", lambda found: str(found.items)),
        ("unanswered", lambda found: f"{found.unanswered} of {found.items}" if found.unanswered else _NONE),
        ("pass@1", lambda found: _sure(found.passed)),
        ("parse, of non-empty", lambda found: _plain(found.parses)),
        ("empty (abstained)", lambda found: _plain(found.empty)),
        ("exact", lambda found: _sure(found.exact)),
        ("similarity", lambda found: _number(found.similarity, 3)),
        *((f"stop: {stop}", _stop(stop)) for stop in STOPS),
        ("tokens a completion", lambda found: _number(found.tokens, 1)),
        ("seconds, median", lambda found: _number(found.median_seconds, 2)),
        ("seconds, 90th percentile", lambda found: _number(found.p90_seconds, 2)),
        *((f"guard: {action}", _action(action)) for action in actions),
    ]


def _stop(stop: str) -> Callable[[Tally], str]:
    return lambda found: _plain(found.stops[stop])


def _action(action: str) -> Callable[[Tally], str]:
    return lambda found: f"{found.actions.get(action, 0)} of {found.items - found.unanswered}"


def _plain(share: Share | None) -> str:
    return _NONE if share is None else f"{share.count} of {share.of}, {100 * share.share:.1f} %"


def _sure(share: Share | None) -> str:
    return _NONE if share is None else f"{_plain(share)} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _number(value: Any, digits: int) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"
