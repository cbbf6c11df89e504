"""The uncertainty of a figure: bootstrap intervals, and paired tests of two runs over the same items.

Not covered: corrections for multiple comparisons, and bias-corrected intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indices = NDArray[np.intp]

_LEVEL = 0.95
_ROWS_AT_ONCE = 250  # rounds that are computed at a time, to bound memory


def bootstrap(
    values: Sequence[float], rounds: int = 2000, seed: int = 0, clusters: Sequence[Hashable] | None = None
) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of `values`, from `rounds` samples.

    `clusters` and errors: see `resampled`.
    """
    groups = _groups(len(values), clusters)
    sums = np.array([sum(values[index] for index in group) for group in groups], dtype=np.float64)
    sizes = np.array([len(group) for group in groups])
    random = np.random.default_rng(seed)
    means: list[float] = []
    for start in range(0, rounds, _ROWS_AT_ONCE):
        drawn = random.integers(0, len(groups), (min(_ROWS_AT_ONCE, rounds - start), len(groups)))
        means += (sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)).tolist()
    return _percentiles(np.array(means))


def resampled(
    size: int,
    statistic: Callable[[Indices], float],
    rounds: int = 2000,
    seed: int = 0,
    clusters: Sequence[Hashable] | None = None,
) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic of the items 0 .. size - 1, from `rounds` bootstrap samples.

    `statistic` gets the indices of the drawn items. `clusters` names the group of each item, such as the file it was cut
    from; groups are then drawn whole, because items of one group are not independent. Samples whose statistic is NaN are
    left out. Raises ValueError when there are no items.
    """
    groups = [np.array(group, dtype=np.intp) for group in _groups(size, clusters)]
    random = np.random.default_rng(seed)
    found = [
        statistic(np.concatenate([groups[one] for one in random.integers(0, len(groups), len(groups))]))
        for _ in range(rounds)
    ]
    return _percentiles(np.array(found))


def _groups(size: int, clusters: Sequence[Hashable] | None) -> list[list[int]]:
    """The items of each cluster; without clusters, each item on its own."""
    if not size:
        raise ValueError("an interval needs at least one item")
    members: dict[Hashable, list[int]] = {}
    for index in range(size):
        members.setdefault(index if clusters is None else clusters[index], []).append(index)
    return list(members.values())


def _percentiles(found: Numbers) -> tuple[float, float]:
    found = found[~np.isnan(found)]
    if not len(found):
        return math.nan, math.nan
    low, high = np.quantile(found, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p value of McNemar's test.

    `gained` is the number of items that only the second run got right, `lost` of those that only the first one did.
    """
    changed = gained + lost
    tail, ways = 0, 1
    for count in range(min(gained, lost) + 1):
        tail += ways
        ways = ways * (changed - count) // (count + 1)
    return min(1.0, 2 * tail / (1 << changed))


def sign_flip(differences: Sequence[float], rounds: int = 10_000, seed: int = 0) -> float:
    """The two-sided p value of a paired permutation test: how often random signs give a mean at least as far from 0.

    Exact when there are at most `rounds` sign patterns, else estimated from `rounds` random ones; an estimate is never below
    1 / (rounds + 1).
    """
    known = np.asarray(differences, dtype=np.float64)
    known = known[known != 0]
    if not len(known):
        return 1.0
    least = abs(known.sum()) * (1 - 1e-12)  # sums in another order differ in their last bits
    if 2 ** len(known) <= rounds:
        return float(np.mean(_flipped(known, _every_pattern(len(known))) >= least))
    random = np.random.default_rng(seed)
    as_far = 0
    for start in range(0, rounds, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, rounds - start)
        as_far += int((_flipped(known, random.integers(0, 2, (rows, len(known)))) >= least).sum())
    return (as_far + 1) / (rounds + 1)


def _flipped(known: Numbers, patterns: NDArray[Any]) -> Numbers:
    """The absolute sum for each row of signs, where 0 is minus and 1 is plus."""
    return np.abs((2.0 * patterns - 1) @ known)


def _every_pattern(size: int) -> NDArray[Any]:
    return np.arange(2**size)[:, None] >> np.arange(size) & 1
