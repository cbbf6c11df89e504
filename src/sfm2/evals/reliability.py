"""How good predicted probabilities are, measured against outcomes.

The project's goal is stated as the expected calibration error (ECE) over 15 bins of equal width. The ECE over 10 bins of
equal mass is given too: it depends less on where the predictions cluster. Not covered: both are biased upwards, because
chance alone moves every bin (about 0.03 at 2,000 items spread over all bins), and a bootstrap adds as much again, so that
the intervals are too high.

Throughout, `predicted` are probabilities in [0, 1] and `right` outcomes, 1 or 0, both of shape (n,) with n > 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfm2.evals.statistics import Indices, Numbers, resampled

WIDTHS = 15
"""The number of bins of equal width."""
MASSES = 10
"""The number of bins of equal mass."""


class Bin(NamedTuple):
    """The items whose predicted probability is in an interval."""

    low: float
    """The lower edge."""
    high: float
    """The upper edge."""
    size: int
    """The number of items."""
    predicted: float
    """The mean predicted probability; NaN without items."""
    right: float
    """The share of correct items; NaN without items."""


class Measured(NamedTuple):
    """A statistic with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """All scores of a set of predictions."""

    count: int
    """The number of items."""
    base_rate: Measured
    """The share of correct items."""
    ece: Measured
    """The expected calibration error over 15 bins of equal width: the one that the goal means."""
    ece_mass: Measured
    """The expected calibration error over 10 bins of equal mass."""
    brier: Measured
    """The mean squared error."""
    brier_skill: Measured
    """1 - Brier score / that of always predicting the base rate."""
    auroc: Measured
    """The area under the ROC curve."""

    def document(self) -> dict[str, Any]:
        """The scores as JSON."""
        names = ("base_rate", "ece", "ece_mass", "brier", "brier_skill", "auroc")
        figures: dict[str, Measured] = {name: getattr(self, name) for name in names}
        values = {name: figure.value for name, figure in figures.items()}
        return {"n": self.count, **values, "intervals": {name: list(one[1:]) for name, one in figures.items()}}


def scores(predicted: Numbers, right: Numbers, sources: list[str] | None = None, rounds: int = 1000) -> Scores:
    """All scores, with bootstrap intervals from `rounds` samples. `sources` names the source of each item: sources are
    resampled whole. Raises ValueError when there are no items."""
    return Scores(
        len(right),
        *(
            Measured(
                function(predicted, right),
                *resampled(len(right), _of_drawn(function, predicted, right), rounds, clusters=sources),
            )
            for function in (base_rate, ece, ece_mass, brier, brier_skill, auroc)
        ),
    )


def base_rate(_: Numbers, right: Numbers) -> float:
    """The share of correct items."""
    return float(right.mean())


def ece(predicted: Numbers, right: Numbers) -> float:
    """Expected calibration error, 15 bins of equal width."""
    return _gap(predicted, right, _by_width(predicted, WIDTHS))


def ece_by_chance(predicted: Numbers, rounds: int = 200) -> float:
    """The expected calibration error (15 bins of equal width) that chance makes of predictions that are exactly right.

    The mean over `rounds` samples of outcomes, each drawn with its predicted probability.
    """
    random = np.random.default_rng(0)
    drawn = (random.random((rounds, len(predicted))) < predicted).astype(np.float64)
    return float(np.mean([ece(predicted, outcomes) for outcomes in drawn]))


def ece_mass(predicted: Numbers, right: Numbers) -> float:
    """Expected calibration error, 10 bins of equal mass."""
    return _gap(predicted, right, _by_mass(predicted, MASSES))


def brier(predicted: Numbers, right: Numbers) -> float:
    """The mean squared error."""
    return float(((predicted - right) ** 2).mean())


def brier_skill(predicted: Numbers, right: Numbers) -> float:
    """1 - Brier score / that of always predicting the base rate; NaN when all outcomes are the same."""
    rate = float(right.mean())
    return 1 - brier(predicted, right) / (rate * (1 - rate)) if 0 < rate < 1 else math.nan


def auroc(predicted: Numbers, right: Numbers) -> float:
    """How often a correct item has a higher probability than a wrong one, ties counting half; NaN when all outcomes are the
    same. Computed from ranks, as the Mann-Whitney U statistic."""
    hits = int(right.sum())
    misses = len(right) - hits
    if not hits or not misses:
        return math.nan
    _, place, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # tied items share their mean rank
    return float((ranks[place][right > 0].sum() - hits * (hits + 1) / 2) / (hits * misses))


def bins(predicted: Numbers, right: Numbers, count: int = WIDTHS) -> list[Bin]:
    """`count` bins of equal width over [0, 1], empty ones included."""
    places = _by_width(predicted, count)
    return [_bin(index, count, predicted[places == index], right[places == index]) for index in range(count)]


def _bin(index: int, count: int, predicted: Numbers, right: Numbers) -> Bin:
    means = (float(predicted.mean()), float(right.mean())) if len(right) else (math.nan, math.nan)
    return Bin(index / count, (index + 1) / count, len(right), *means)


def _gap(predicted: Numbers, right: Numbers, places: NDArray[np.intp]) -> float:
    """The expected calibration error over the bins that `places` assigns: the mean over all items of the distance between
    their bin's mean prediction and its share of correct items."""
    return float(np.abs(np.bincount(places, weights=predicted - right)).sum() / len(right))


def _by_width(predicted: Numbers, count: int) -> NDArray[np.intp]:
    return np.minimum((predicted * count).astype(np.intp), count - 1)


def _by_mass(predicted: Numbers, count: int) -> NDArray[np.intp]:
    """The bin of each item. Equal predictions share a bin, so that the order of the items does not matter."""
    _, place, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    return (before[place] * count // len(predicted)).astype(np.intp)


def _of_drawn(function: Any, predicted: Numbers, right: Numbers) -> Any:
    def statistic(drawn: Indices) -> float:
        return float(function(predicted[drawn], right[drawn]))

    return statistic
