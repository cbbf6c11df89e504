"""`sfm2 eval report`: write a page with tables and charts of results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.commands.eval.options import results_file
from sfm2.cli.extras import needing
from sfm2.cli.options import examples
from sfm2.evals.results import read


@click.command("report", epilog=examples("sfm2 eval report before.jsonl after.jsonl --output report"))
@click.argument("results", nargs=-1, required=True, type=results_file)
@click.option(
    "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to."
)
def report_command(results: tuple[Path, ...], output: Path) -> None:
    """Write a page with tables and charts of RESULTS: measures, comparisons and reliability.

    The page is Markdown, the charts are PNG. Runs over the same items are compared with the first of them.
    """
    with needing("eval", "`sfm2 eval report`"):
        from sfm2.evals.reporting import LabelledResults, report
    runs = [LabelledResults(label, read(path)) for label, path in zip(_labels(results), results, strict=True)]
    terminal.write_line(str(report(runs, output)))


def _labels(paths: Sequence[Path]) -> list[str]:
    """The files' names, with their folder's name where several are the same."""
    counts = Counter(path.stem for path in paths)
    return [path.stem if counts[path.stem] == 1 else f"{path.parent.name}/{path.stem}" for path in paths]
