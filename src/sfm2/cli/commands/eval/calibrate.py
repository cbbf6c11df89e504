"""`sfm2 eval calibrate`: fit the calibration that `confidence` is computed with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfm2.cli import terminal
from sfm2.cli.commands.eval.options import results_file
from sfm2.cli.extras import needing
from sfm2.cli.invocation import current
from sfm2.cli.options import examples
from sfm2.cli.store import opened_store
from sfm2.config import StorageSettings
from sfm2.core.confidence import calibrations_folder
from sfm2.errors import InvalidRequestError
from sfm2.evals import calibration
from sfm2.evals.calibration import CalibrationFit
from sfm2.evals.items import Record
from sfm2.evals.results import Results, read
from sfm2.evals.tables import CHECK_HEAD, check_rows, groups_of, score_rows

if TYPE_CHECKING:
    from sfm2.server.usage.feedback import CalibrationExample

_FEEDBACK = "feedback"  # as the name of a suite


@click.command(
    "calibrate", epilog=examples("sfm2 eval calibrate results.jsonl", "sfm2 eval calibrate --feedback --dry-run")
)
@click.argument("results", nargs=-1, type=results_file)
@click.option("--feedback", is_flag=True, help="Also learn from the feedback that this machine's server has got.")
@click.option(
    "--weights",
    metavar="SHA256",
    help="The weights to calibrate (or the first digits of their SHA-256), if results or feedback are about several.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the calibration to this file, where servers do not look for it.",
)
@click.option(
    "--check",
    type=results_file,
    multiple=True,
    help="Score the fit on these results, from which nothing is learned, by language and kind.",
)
@click.option("--dry-run", is_flag=True, help="Show the result, but write nothing.")
def calibrate_command(
    results: tuple[Path, ...],
    feedback: bool,
    weights: str | None,
    output: Path | None,
    check: tuple[Path, ...],
    dry_run: bool,
) -> None:
    """Fit the calibration of one model to RESULTS, files that `sfm2 eval run` wrote, and keep it for the model's weights.

    The scores shown are of held-out items: five folds by source file or task, each predicted by a fit on the other four.
    The calibration that is written is fitted on all items. Abstentions are left out.
    """
    if not results and not feedback:
        raise click.UsageError("Nothing to learn from: name files of results, or give --feedback.")
    storage = current().settings.storage
    runs = [_guarded(path) for path in results]
    records = [record for run in runs for record in run.records if _is_of(record, weights)]
    reported = _reported(storage) if feedback else []
    chosen = calibration.one_weights(records) if runs else _weights(reported, weights)
    if runs and not records:
        raise InvalidRequestError(f"--weights {weights}: none of the results are of these weights")
    rows = calibration.rows_of(records)
    rows += [(row.features, row.accepted, row.source) for row in reported if row.weights == chosen]
    fitted = calibration.fit(rows)
    suites = sorted({run.header.suite for run in runs} | ({_FEEDBACK} if feedback else set()))
    terminal.write_line(terminal.visible(_text(fitted, chosen)))
    if check:
        others = [record for path in check for record in _guarded(path).records if _is_of(record, chosen)]
        terminal.write_line("\n" + terminal.visible(_checked(fitted, others)))
    if dry_run:
        terminal.note("Nothing was written.")
        return
    path = output or _place(storage, chosen)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fitted.document(chosen, suites), indent=2) + "\n", encoding="utf-8")
    terminal.note(f"Written to {path}." + ("" if output else " Servers here use it from their next start."))


def _guarded(path: Path) -> Results:
    found = read(path)
    if not found.guarded:
        raise InvalidRequestError(
            f"{path}: results without the guard",
            suggestion="Confidence is about guarded completions: calibrate on those",
        )
    return found


def _reported(storage: StorageSettings) -> list[CalibrationExample]:
    """The feedback that the server on this machine has got, for all weights."""
    with needing("server", "`sfm2 eval calibrate --feedback`"), opened_store(storage) as store:
        return store.completions.calibration_examples()


def _weights(reported: Sequence[CalibrationExample], given: str | None) -> str:
    """The weights that the feedback is about. Raises InvalidRequestError for none or several."""
    known = sorted({row.weights for row in reported if row.weights and row.weights.startswith((given or "").lower())})
    if len(known) != 1:
        names = ", ".join(name[:12] for name in known) or "no known ones"
        raise InvalidRequestError(
            f"the feedback is about {names}", suggestion="--weights chooses; `weights` in a completion names its own"
        )
    return known[0]


def _place(storage: StorageSettings, weights: str | None) -> Path:
    """The file where a server with these weights looks."""
    if not weights:
        raise InvalidRequestError(
            "the results do not say which weights they are of", suggestion="--output FILE writes the calibration anyway"
        )
    return calibrations_folder(storage.cache_dir) / f"{weights}.json"


def _is_of(record: Record, weights: str | None) -> bool:
    """Whether it is of the weights whose SHA-256, or its first digits, is given; of any if none is."""
    return not weights or (record.weights or "").startswith(weights.lower())


def _checked(fitted: CalibrationFit, others: Sequence[Record]) -> str:
    """How the fit does on other results: a row for each language and kind of hole."""
    records = [record for record in others if calibration.rows_of([record])]
    predicted = fitted.model.probabilities([record.features for record in records]).tolist()
    return terminal.columns([CHECK_HEAD, *check_rows(groups_of(records, predicted))])


def _text(fitted: CalibrationFit, weights: str | None) -> str:
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
