"""How good probabilities are, against what came true.

ECE is the goal's measure: over 15 bins of equal width. Beside it stands the one over 10 bins of equal mass, which does not
change much with where the predictions crowd. Not covered: the bias of both upwards, as chance alone moves every bin (some
0.03 at 2,000 items spread over all bins); a bootstrap adds as much again, so their intervals lean high.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sfm2.evals.statistics import Indices, Numbers, resampled

WIDTHS = 15
MASSES = 10


class Bin(NamedTuple):
    """Edges, how many predictions, their mean, and the share that came true (both NaN when there are none)."""

    low: float
    high: float
    size: int
    predicted: float
    right: float


class Measured(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """`ece` has 15 bins of equal width, and is what the goal means; `ece_mass` has 10 of equal mass."""

    count: int
    base_rate: Measured
    ece: Measured
    ece_mass: Measured
    brier: Measured
    brier_skill: Measured
    auroc: Measured

    def document(self) -> dict[str, Any]:
        names = ("base_rate", "ece", "ece_mass", "brier", "brier_skill", "auroc")
        figures: dict[str, Measured] = {name: getattr(self, name) for name in names}
        values = {name: figure.value for name, figure in figures.items()}
        return {"n": self.count, **values, "intervals": {name: list(one[1:]) for name, one in figures.items()}}


def scores(predicted: Numbers, right: Numbers, sources: list[str] | None = None, rounds: int = 1000) -> Scores:
    """All of them, with bootstrap intervals; `sources` are drawn whole. Probabilities against 0 and 1."""
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
    return float(right.mean())


def ece(predicted: Numbers, right: Numbers) -> float:
    """Expected calibration error, 15 bins of equal width."""
    return _gap(predicted, right, _by_width(predicted, WIDTHS))


def ece_mass(predicted: Numbers, right: Numbers) -> float:
    """Expected calibration error, 10 bins of equal mass."""
    return _gap(predicted, right, _by_mass(predicted, MASSES))


def brier(predicted: Numbers, right: Numbers) -> float:
    """The mean squared error."""
    return float(((predicted - right) ** 2).mean())


def brier_skill(predicted: Numbers, right: Numbers) -> float:
    """1 - Brier / the Brier score of always saying the base rate; NaN for one class only."""
    rate = float(right.mean())
    return 1 - brier(predicted, right) / (rate * (1 - rate)) if 0 < rate < 1 else math.nan


def auroc(predicted: Numbers, right: Numbers) -> float:
    """How often a right one has the higher probability than a wrong one, ties counting half; NaN for one class only."""
    hits = int(right.sum())
    misses = len(right) - hits
    if not hits or not misses:
        return math.nan
    _, place, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # the mean rank among equals
    return float((ranks[place][right > 0].sum() - hits * (hits + 1) / 2) / (hits * misses))


def bins(predicted: Numbers, right: Numbers, count: int = WIDTHS) -> list[Bin]:
    """Of equal width."""
    places = _by_width(predicted, count)
    return [_bin(index, count, predicted[places == index], right[places == index]) for index in range(count)]


def _bin(index: int, count: int, predicted: Numbers, right: Numbers) -> Bin:
    means = (float(predicted.mean()), float(right.mean())) if len(right) else (math.nan, math.nan)
    return Bin(index / count, (index + 1) / count, len(right), *means)


def _gap(predicted: Numbers, right: Numbers, places: NDArray[np.intp]) -> float:
    """The mean over all items of how far their bin's mean prediction is from its share of right ones."""
    return float(np.abs(np.bincount(places, weights=predicted - right)).sum() / len(right))


def _by_width(predicted: Numbers, count: int) -> NDArray[np.intp]:
    return np.minimum((predicted * count).astype(np.intp), count - 1)


def _by_mass(predicted: Numbers, count: int) -> NDArray[np.intp]:
    """Equal predictions share a bin, so that it doesn't depend on the order of the items."""
    _, place, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    return (before[place] * count // len(predicted)).astype(np.intp)


def _of_drawn(function: Any, predicted: Numbers, right: Numbers) -> Any:
    def statistic(drawn: Indices) -> float:
        return float(function(predicted[drawn], right[drawn]))

    return statistic
