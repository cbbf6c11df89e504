"""`sfm2 eval calibrate`: fits what `confidence` is made of."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.evals.files import results_file
from sfm2.evals import calibration
from sfm2.evals.calibration import Calibration
from sfm2.evals.results import read
from sfm2.evals.tables import score_rows


@click.command("calibrate")
@click.argument("results", nargs=-1, required=True, type=results_file)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the calibration here, as JSON.")
def calibrate_command(results: tuple[Path, ...], output: Path | None) -> None:
    """Fit probabilities of being right to RESULTS, which `sfm2 eval run` wrote of one model.

    The scores are of held-out items: five folds by source file or task, each predicted by a fit on the other four. What
    is written is fitted on all. Abstentions are left out.
    """
    runs = [read(path) for path in results]
    records = [record for run in runs for record in run.records]
    weights = calibration.one_weights(records)
    fitted = calibration.fit(calibration.rows_of(records))
    if output is not None:
        suites = sorted({run.header.suite for run in runs})
        output.write_text(json.dumps(fitted.document(weights, suites), indent=2) + "\n", encoding="utf-8")
    terminal.write_line(terminal.visible(_text(fitted, weights)))
    terminal.note(f"Written to {output}." if output else "Nothing is written: --output FILE keeps the calibration.")


def _text(fitted: Calibration, weights: str | None) -> str:
    rows = [(name, value, f"({interval})") for name, value, interval in score_rows(fitted.held_out)]
    features = [(name, f"{coefficient:+.3f}") for name, (_, _, coefficient) in fitted.model.features.items()]
    return "\n".join(
        [
            f"weights {weights or 'unknown'}",
            f"{fitted.held_out.count} items, held out in turn:",
            terminal.columns(rows),
            "",
            "coefficients, per standard deviation:",
            terminal.columns([("intercept", f"{fitted.model.intercept:+.3f}"), *features]),
        ]
    )
