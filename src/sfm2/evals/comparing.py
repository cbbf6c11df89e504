"""Comparing two runs over the same items: what the second does better or worse, and whether chance explains it.

Yes-or-no measures are tested with McNemar's exact test, numbers with a sign-flip permutation test. Intervals are those of
the mean difference, by a bootstrap over whole sources. Each measure is compared over the items for which both runs have it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Record
from sfm2.evals.results import Results
from sfm2.evals.statistics import bootstrap, mcnemar, sign_flip
from sfm2.evals.summary import MEASURES, Measure

Pair = tuple[Record, Record]


@dataclass(frozen=True)
class Difference:
    """The second run against the first in one measure. Shares are in [0, 1]."""

    measure: Measure
    pairs: int
    """The number of items for which both runs have the measure."""
    first: float
    """The first run's mean over these items."""
    second: float
    """The second run's mean over these items."""
    low: float
    """The lower end of the difference's 95 % interval."""
    high: float
    """The upper end."""
    p: float
    """The two-sided p value: how likely chance alone makes a difference as large."""
    gained: list[str]
    """The ids of the items that went from no to yes; empty for numbers."""
    lost: list[str]
    """The ids of the items that went from yes to no; empty for numbers."""

    @property
    def difference(self) -> float:
        """The second mean minus the first."""
        return self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """Two runs, compared in every measure that they have in common."""

    pairs: int
    """The number of items that both runs have."""
    alone: tuple[int, int]
    """The numbers of items that only the first and only the second run has."""
    differences: list[Difference]


def compare(first: Results, second: Results) -> Comparison:
    """Compare the items that both runs have, by id.

    Raises InvalidRequestError when the runs are of different suites or have no items in common.
    """
    suites = first.header.suite, second.header.suite
    if suites[0] != suites[1]:
        raise InvalidRequestError(
            f"results of different suites: {suites[0]} and {suites[1]}", suggestion="Compare two runs of one suite"
        )
    ours = {record.id: record for record in first.records}
    theirs = {record.id: record for record in second.records}
    pairs = [(record, theirs[name]) for name, record in ours.items() if name in theirs]
    if not pairs:
        raise InvalidRequestError(
            f"no items in common: {len(ours)} in the first, {len(theirs)} in the second",
            suggestion="Run both with the same data, seed and kinds",
        )
    found = (_difference(measure, pairs) for measure in MEASURES)
    alone = len(ours) - len(pairs), len(theirs) - len(pairs)
    return Comparison(len(pairs), alone, [difference for difference in found if difference is not None])


def _difference(measure: Measure, pairs: list[Pair]) -> Difference | None:
    """The difference in one measure, or None when both runs have it for no item."""
    both = [pair for pair in pairs if measure.of(pair[0]) is not None and measure.of(pair[1]) is not None]
    if not both:
        return None
    values = [(float(measure.of(one) or 0), float(measure.of(other) or 0)) for one, other in both]
    steps = [after - before for before, after in values]
    low, high = bootstrap(steps, clusters=[record.source for record, _ in both])
    yes_no = measure.unit == "%"
    gained = [record.id for (record, _), step in zip(both, steps, strict=True) if yes_no and step > 0]
    lost = [record.id for (record, _), step in zip(both, steps, strict=True) if yes_no and step < 0]
    return Difference(
        measure=measure,
        pairs=len(both),
        first=sum(before for before, _ in values) / len(both),
        second=sum(after for _, after in values) / len(both),
        low=low,
        high=high,
        p=mcnemar(len(gained), len(lost)) if yes_no else sign_flip(steps),
        gained=gained,
        lost=lost,
    )
