"""What `confidence` is fitted by: features of a completion -> how likely it is to be right.

Logistic regression on standardised features, as Platt (1999, "Probabilistic outputs for support vector machines and
comparisons to regularized likelihood methods") fits a score to probabilities; by Newton's method (iteratively reweighted
least squares) with a small ridge. `core.confidence` applies it: sigmoid(intercept + sum(coefficient * (x - mean) / scale)).

Not covered: how good the probability is on code unlike what it was fitted on; `held_out` splits by source file, not by
project.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sfm2 import __version__
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Record
from sfm2.evals.reliability import Scores, scores
from sfm2.evals.statistics import Numbers

CalibrationRow = tuple[Mapping[str, float], bool, str]
"""Features by name, whether it was right, and the source that it belongs to (what a split keeps together)."""

LEAST_ROWS = 200
FOLDS = 5
_RIDGE = 1e-3  # a row's worth of doubt: finite coefficients where a feature tells all
_STEPS = 100
_CLOSE = 1e-10


@dataclass(frozen=True)
class Logistic:
    """`features`: (mean, scale, coefficient) by name."""

    features: dict[str, tuple[float, float, float]]
    intercept: float

    def probabilities(self, rows: Sequence[Mapping[str, float]]) -> Numbers:
        """Of being right. A feature that a row lacks counts as average."""
        log_odds = np.full(len(rows), self.intercept)
        for name, (mean, scale, coefficient) in self.features.items():
            values = np.array([row.get(name, mean) for row in rows], dtype=np.float64)
            log_odds += coefficient * (values - mean) / scale
        return _sigmoid(log_odds)


@dataclass(frozen=True)
class CalibrationFit:
    """A fit on all rows, and what fits on parts of them were worth on the rest."""

    model: Logistic
    predicted: Numbers = field(repr=False)  # each row's probability, by the fit that did not see its source
    right: Numbers = field(repr=False)
    held_out: Scores

    def document(self, weights: str | None, suites: Sequence[str]) -> dict[str, Any]:
        """What is stored with the weights (a SHA-256)."""
        return {
            "weights": weights,
            "features": {name: list(numbers) for name, numbers in self.model.features.items()},
            "intercept": self.model.intercept,
            "fitted_on": len(self.right),
            "suites": list(suites),
            "held_out": self.held_out.document(),
            "sfm2": __version__,
        }


def fit(rows: Sequence[CalibrationRow]) -> CalibrationFit:
    """Fits all rows, and measures on held-out ones: five folds, each predicted by a fit on the other four.

    Raises InvalidRequestError for fewer than 200 rows, rows that are all right or all wrong, or too few sources.
    """
    right = np.array([row[1] for row in rows], dtype=np.float64)
    _check(rows, right)
    folds = np.array([fold(source) for _, _, source in rows])
    features = [row[0] for row in rows]
    predicted = np.empty(len(rows))
    for one in sorted(set(folds.tolist())):
        inside = folds == one
        rest = [row for row, held in zip(features, inside, strict=True) if not held]
        held_out = [row for row, held in zip(features, inside, strict=True) if held]
        predicted[inside] = regression(rest, right[~inside]).probabilities(held_out)
    sources = [source for _, _, source in rows]
    return CalibrationFit(regression(features, right), predicted, right, scores(predicted, right, sources))


def regression(features: Sequence[Mapping[str, float]], right: Numbers) -> Logistic:
    """The ridge-penalised maximum of the likelihood. Features that never vary are left out."""
    names = sorted({name for row in features for name in row})
    table = np.array([[row.get(name, np.nan) for name in names] for row in features], dtype=np.float64)
    table = table.reshape(len(features), len(names))
    means = np.nanmean(table, axis=0) if names else np.zeros(0)
    table = np.where(np.isnan(table), means, table)
    scales = table.std(axis=0)
    varied = scales > _CLOSE
    standard = (table[:, varied] - means[varied]) / scales[varied]
    solution = _newton(np.column_stack([np.ones(len(features)), standard]), right)
    kept = [name for name, keep in zip(names, varied, strict=True) if keep]
    numbers = zip(means[varied].tolist(), scales[varied].tolist(), solution[1:].tolist(), strict=True)
    return Logistic(dict(zip(kept, numbers, strict=True)), float(solution[0]))


def fold(source: str) -> int:
    """The same one for a source, always: by hash, so that new rows move no old ones."""
    return int.from_bytes(hashlib.sha256(source.encode()).digest()[:8]) % FOLDS


def rows_of(records: Iterable[Record]) -> list[CalibrationRow]:
    """Those to learn from: with features, a known outcome, and a completion (an abstention claims nothing)."""
    return [
        (record.features, record.correct, record.source)
        for record in records
        if record.features and not record.empty and record.correct is not None
    ]


def one_weights(records: Iterable[Record]) -> str | None:
    """The weights that all records with features are of. Raises InvalidRequestError for several."""
    known = {record.weights for record in records if record.features}
    if len(known) > 1:
        names = ", ".join(sorted(str(weights)[:12] for weights in known))
        raise InvalidRequestError(
            f"results of {len(known)} different weights ({names})",
            suggestion="Calibrate each weights from its own results",
        )
    return next(iter(known), None)


def _check(rows: Sequence[CalibrationRow], right: Numbers) -> None:
    if odd := sorted({name for row in rows for name, value in row[0].items() if not math.isfinite(value)}):
        raise InvalidRequestError(f"features that are no finite numbers: {', '.join(odd)}")
    if len(rows) < LEAST_ROWS:
        raise InvalidRequestError(
            f"{len(rows)} answered items with features and a known outcome; a calibration needs {LEAST_ROWS}",
            suggestion="Run more items: `sfm2 eval run` with a larger --limit, over more suites",
        )
    if right.min() == right.max():
        word = "right" if right[0] else "wrong"
        raise InvalidRequestError(f"all {len(rows)} items are {word}", suggestion="Fit on items of both outcomes")
    for one in range(FOLDS):
        rest = [correct for _, correct, source in rows if fold(source) != one]
        if len(set(rest)) < 2:
            sources = len({source for _, _, source in rows})
            raise InvalidRequestError(
                f"{sources} sources are too few to hold some out", suggestion="Take items from more files or tasks"
            )


def _newton(design: Numbers, right: Numbers) -> Numbers:
    """Maximises the penalised likelihood; halves a step that would lower it, and leaves the intercept unpenalised."""
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 1e-9
    solution = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = _sigmoid(design @ solution)
        slope = design.T @ (right - chance) - penalty * solution
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        now = _likelihood(design, right, penalty, solution)
        while _likelihood(design, right, penalty, solution + step) < now and np.abs(step).max() > _CLOSE:
            step = step / 2
        solution = solution + step
        if np.abs(step).max() < _CLOSE:
            break
    return solution


def _likelihood(design: Numbers, right: Numbers, penalty: Numbers, solution: Numbers) -> float:
    log_odds = design @ solution
    return float(right @ log_odds - np.logaddexp(0, log_odds).sum() - penalty @ solution**2 / 2)


def _sigmoid(log_odds: Numbers) -> Numbers:
    return np.exp(-np.logaddexp(0, -log_odds))
