"""Two runs over the same items: what the second did better or worse, and whether chance explains it.

Yes-or-no measures are tested by McNemar's exact test, numbers by a sign-flip permutation. Intervals are of the mean
difference, by a bootstrap that draws sources whole. Each measure goes over the pairs in which both runs have it.
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
    """The second run against the first, in one measure. Shares are from 0 to 1.

    `gained` and `lost` are the ids that went from no to yes and from yes to no; empty for numbers.
    """

    measure: Measure
    pairs: int
    first: float
    second: float
    low: float
    high: float
    p: float
    gained: list[str]
    lost: list[str]

    @property
    def difference(self) -> float:
        return self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """`alone`: how many items only the first and only the second run has."""

    pairs: int
    alone: tuple[int, int]
    differences: list[Difference]


def compare(first: Results, second: Results) -> Comparison:
    """Raises InvalidRequestError for different suites, or no items in common."""
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
    """None where no pair has the measure in both."""
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
