"""A report on results: a Markdown page with tables and charts.

The page records what was run and how. Whether the items resemble your own code is another question, for which there is the
suite `repo`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfm2.errors import InvalidRequestError
from sfm2.evals import calibration
from sfm2.evals.calibration import CalibrationFit
from sfm2.evals.charts import comparison_chart, reliability_chart
from sfm2.evals.comparing import compare
from sfm2.evals.results import Results
from sfm2.evals.summary import summary
from sfm2.evals.tables import SCORE_HEAD, comparison_head, comparison_rows, figure_text, markdown, score_rows

PAGE = "report.md"
_SHORT = 12  # characters of a digest that are shown


@dataclass(frozen=True)
class LabelledResults:
    """The results of a run, with its name in tables and charts."""

    label: str
    results: Results


def report(runs: Sequence[LabelledResults], output: Path) -> Path:
    """Write the page and its charts to the folder `output`, creating it if needed. Returns the path of the page.

    Raises InvalidRequestError when a run has no records.
    """
    for run in runs:
        if not run.results.records:
            raise InvalidRequestError(f"{run.label}: no records", suggestion="Let `sfm2 eval run` finish some items")
    output.mkdir(parents=True, exist_ok=True)
    parts = ["# Evaluation", *_runs(runs), *_measures(runs, output), *_comparisons(runs), *_calibrations(runs, output)]
    page = output / PAGE
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _runs(runs: Sequence[LabelledResults]) -> Iterator[str]:
    head = ("run", "suite", "items", "weights", "settings", "version", "started")
    rows = []
    for run in runs:
        header = run.results.header
        settings = ", ".join(f"{name} {json.dumps(value)}" for name, value in header.settings.items())
        weights = (header.weights or "unknown")[:_SHORT]
        count = str(len(run.results.records))
        rows.append((run.label, header.suite, count, weights, settings, header.version, str(header.started)))
    yield markdown(head, rows)


def _measures(runs: Sequence[LabelledResults], output: Path) -> Iterator[str]:
    figures = {run.label: summary(run.results.records) for run in runs}
    titles = list(dict.fromkeys(figure.measure.title for found in figures.values() for figure in found))
    cells = [{figure.measure.title: figure_text(figure) for figure in found} for found in figures.values()]
    comparison_chart(output / "comparison.png", list(figures.items()))
    yield "## Measures"
    yield "Means with 95 % bootstrap intervals; items of one source are resampled together."
    yield markdown(("measure", *figures), [(title, *(known.get(title, "") for known in cells)) for title in titles])
    yield "![The measures of each run, with intervals](comparison.png)"


def _comparisons(runs: Sequence[LabelledResults]) -> Iterator[str]:
    """Each run, compared with the first run over the same items."""
    for run in runs:
        first = next(other for other in runs if _items(other) == _items(run))
        if first is run:
            continue
        yield f"## {run.label} against {first.label}"
        try:
            found = compare(first.results, run.results)
        except InvalidRequestError as error:
            yield f"Not comparable: {error}."
            continue
        yield f"{found.pairs} items in common; {found.alone[0]} and {found.alone[1]} in one run only."
        yield markdown(comparison_head(first.label, run.label), list(comparison_rows(found)))


def _items(run: LabelledResults) -> tuple[str, Any]:
    """What identifies the items of a run: the suite, and their digest if the file has one."""
    header = run.results.header
    return header.suite, header.settings.get("items_sha256")


def _calibrations(runs: Sequence[LabelledResults], output: Path) -> Iterator[str]:
    """A calibration for each set of weights, over all of its runs with the guard: `confidence` is about what that leaves."""
    yield "## Calibration"
    records = [record for run in runs if run.results.guarded for record in run.results.records]
    known = {record.weights for record in records if record.features}
    if not known:
        yield "Not measured: no record has features (`sfm2 eval run` requests them)."
    for weights in sorted(known, key=str):
        of_weights = [record for record in records if record.weights == weights]
        name = (weights or "unknown")[:_SHORT]
        try:
            fitted = calibration.fit(calibration.rows_of(of_weights))
        except InvalidRequestError as error:
            yield f"Weights {name}: not measured: {error}."
            continue
        yield from _calibration(name, fitted, output)


def _calibration(name: str, fitted: CalibrationFit, output: Path) -> Iterator[str]:
    chart = f"reliability-{name}.png"
    title = f"Held-out items, weights {name}"
    reliability_chart(output / chart, title, fitted.predicted, fitted.right, fitted.held_out)
    yield f"Weights {name}: {fitted.held_out.count} items, each predicted by a fit without the items of its source."
    yield markdown(SCORE_HEAD, score_rows(fitted.held_out))
    yield f"![The share of correct completions against the predicted probability]({chart})"
