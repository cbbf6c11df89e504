"""Fitting `confidence`: features of a completion -> the probability that it is correct.

Logistic regression on standardised features (Platt 1999, "Probabilistic outputs for support vector machines and comparisons
to regularized likelihood methods"), by Newton's method (iteratively reweighted least squares) with a small ridge penalty.
`core.confidence` applies the fit: sigmoid(intercept + sum(coefficient * (x - mean) / scale)).

Not covered: how well the probabilities hold on code unlike that of the fit. The held-out scores split by source file, not by
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
"""A completion's features by name, whether it was correct, and its source file or task; a split keeps sources together."""

LEAST_ROWS = 200
"""The smallest number of completions that a calibration is fitted on."""
FOLDS = 5
"""The number of folds of the cross-validation."""
_RIDGE = 1e-3  # keeps coefficients finite where a feature separates correct from wrong completely
_STEPS = 100  # the most Newton steps; convergence takes about ten
_CLOSE = 1e-10  # steps and standard deviations below this count as 0


@dataclass(frozen=True)
class Logistic:
    """A fitted logistic regression."""

    features: dict[str, tuple[float, float, float]]
    """By name, the mean and the scale that standardise the feature, and its coefficient."""
    intercept: float

    def probabilities(self, rows: Sequence[Mapping[str, float]]) -> Numbers:
        """The probability that each item is correct, in [0, 1], shape (n,). A missing feature counts as its mean."""
        log_odds = np.full(len(rows), self.intercept)
        for name, (mean, scale, coefficient) in self.features.items():
            values = np.array([row.get(name, mean) for row in rows], dtype=np.float64)
            log_odds += coefficient * (values - mean) / scale
        return _sigmoid(log_odds)


@dataclass(frozen=True)
class CalibrationFit:
    """A fit on all rows, with the scores of fits on part of the rows, measured on the rest."""

    model: Logistic
    predicted: Numbers = field(repr=False)
    """The probability of each row by a fit that did not see its source, shape (n,)."""
    right: Numbers = field(repr=False)
    """1 for each row that is correct, else 0, shape (n,)."""
    held_out: Scores
    """The scores of `predicted` against `right`."""

    def document(self, weights: str | None, suites: Sequence[str]) -> dict[str, Any]:
        """The calibration file as JSON: what `core.confidence` reads for the weights with the SHA-256 `weights`."""
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
    """Fit all rows, and score by cross-validation: five folds of sources, each predicted by a fit on the other four.

    Raises InvalidRequestError when there are fewer than 200 rows, all are correct or all wrong, a feature is not finite, or
    there are too few sources.
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
    """The logistic regression with the largest ridge-penalised likelihood; features that never vary are left out.

    `features` are the rows by name, `right` their outcomes (1 or 0), shape (n,). A missing feature counts as its mean.
    """
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
    """The fold of a source, from 0: by hash, so that it does not change when sources are added."""
    return int.from_bytes(hashlib.sha256(source.encode()).digest()[:8]) % FOLDS


def rows_of(records: Iterable[Record]) -> list[CalibrationRow]:
    """The records to fit on: those with features, a known outcome and a completion. An abstention makes no claim."""
    return [
        (record.features, record.correct, record.source)
        for record in records
        if record.features and not record.empty and record.correct is not None
    ]


def one_weights(records: Iterable[Record]) -> str | None:
    """The SHA-256 of the weights that the records with features come from, or None if it is unknown or there are none.

    Raises InvalidRequestError when they come from different weights.
    """
    known = {record.weights for record in records if record.features}
    if len(known) > 1:
        names = ", ".join(sorted(str(weights)[:12] for weights in known))
        raise InvalidRequestError(
            f"the results come from {len(known)} different weights ({names})",
            suggestion="Calibrate each of them from its own results",
        )
    return next(iter(known), None)


def _check(rows: Sequence[CalibrationRow], right: Numbers) -> None:
    if odd := sorted({name for row in rows for name, value in row[0].items() if not math.isfinite(value)}):
        raise InvalidRequestError(f"features that are not finite: {', '.join(odd)}")
    if len(rows) < LEAST_ROWS:
        raise InvalidRequestError(
            f"{len(rows)} completed items with features and a known outcome; a calibration needs {LEAST_ROWS}",
            suggestion="Run more items: `sfm2 eval run` with a larger --limit, over more suites",
        )
    if right.min() == right.max():
        word = "correct" if right[0] else "wrong"
        raise InvalidRequestError(f"all {len(rows)} items are {word}", suggestion="Fit on items with both outcomes")
    for one in range(FOLDS):
        rest = [correct for _, correct, source in rows if fold(source) != one]
        if len(set(rest)) < 2:
            sources = len({source for _, _, source in rows})
            raise InvalidRequestError(
                f"{sources} sources are too few to hold some out", suggestion="Use items from more files or tasks"
            )


def _newton(design: Numbers, right: Numbers) -> Numbers:
    """The coefficients with the largest penalised likelihood, the intercept first and (nearly) unpenalised.

    A step that would lower the likelihood is halved until it does not.
    """
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
