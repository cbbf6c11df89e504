"""`sfm2 eval compare A B`: compare two runs over the same items."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sfm2.cli import terminal
from sfm2.cli.commands.eval.options import results_file
from sfm2.cli.options import examples, json_option
from sfm2.evals.comparing import Comparison, Difference, compare
from sfm2.evals.results import Results, read
from sfm2.evals.tables import comparison_head, comparison_rows


@click.command("compare", epilog=examples("sfm2 eval compare before.jsonl after.jsonl --list"))
@click.argument("first", metavar="A", type=results_file)
@click.argument("second", metavar="B", type=results_file)
@click.option("--list", "listed", is_flag=True, help="Also list the ids of items that were gained or lost.")
@json_option("Print everything as JSON.")
def compare_command(first: Path, second: Path, listed: bool, as_json: bool) -> None:
    """Compare two runs over the same items: what B did better or worse than A.

    A and B are files that `sfm2 eval run` wrote. Items are paired by id. P is the probability of a difference at least this
    large if the runs were equally good: by McNemar's exact test for yes or no, by a sign permutation test for numbers.
    """
    one, other = read(first), read(second)
    found = compare(one, other)
    if as_json:
        terminal.write_line(json.dumps(comparison_document(found)))
        return
    head = [word.upper() for word in comparison_head("A", "B")]
    lines = [*_runs(one, other), "", *_counts(found), "", terminal.columns([head, *comparison_rows(found)])]
    terminal.write_line(terminal.visible("\n".join([*lines, *(_changes(found) if listed else ())])))


def _runs(one: Results, other: Results) -> Iterator[str]:
    """How the runs differ apart from their answers."""
    yield f"suite {one.header.suite}"
    for name, results in (("A", one), ("B", other)):
        header = results.header
        yield f"{name}: weights {(header.weights or 'unknown')[:12]}, sfm2 {header.version}, started {header.started}"
    ours, theirs = one.header.settings, other.header.settings
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            yield f"{key}: A {json.dumps(ours.get(key))}, B {json.dumps(theirs.get(key))}"


def _counts(found: Comparison) -> Iterator[str]:
    alone = "" if not any(found.alone) else f"; {found.alone[0]} only in A and {found.alone[1]} only in B are left out"
    yield f"{found.pairs} pairs{alone}"


def _changes(found: Comparison) -> Iterator[str]:
    for one in found.differences:
        for word, names in (("gained", one.gained), ("lost", one.lost)):
            if names:
                yield ""
                yield f"{one.measure.name}, {word}:"
                yield from (f"  {name}" for name in names)


def comparison_document(found: Comparison) -> dict[str, Any]:
    """The figures of each measure by name."""
    return {
        "pairs": found.pairs,
        "only_a": found.alone[0],
        "only_b": found.alone[1],
        "measures": {one.measure.name: _numbers(one) for one in found.differences},
    }


def _numbers(one: Difference) -> dict[str, Any]:
    return {
        "pairs": one.pairs,
        "a": one.first,
        "b": one.second,
        "difference": one.difference,
        "interval": [one.low, one.high],
        "p": one.p,
        "gained": one.gained,
        "lost": one.lost,
    }
