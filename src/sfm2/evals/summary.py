"""The measures of a run, summarised as a mean with an interval each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sfm2.evals.items import Record
from sfm2.evals.statistics import bootstrap


class Measure(NamedTuple):
    """Something that is measured in each record."""

    name: str
    unit: str
    """The unit is "%" for a yes-or-no measure, else the unit of the number; empty if it has none."""
    of: Callable[[Record], float | bool | None]
    """Its value in a record, None where it does not apply."""

    def number(self, value: float, signed: bool = False) -> str:
        """A mean of this measure as text, without the unit; a share in [0, 1] is given in per cent."""
        shown, digits = (100 * value, 1) if self.unit == "%" else (value, 1 if self.unit == "tokens" else 3)
        return f"{shown:{'+' if signed else ''}.{digits}f}"

    def span(self, low: float, high: float, signed: bool = False) -> str:
        """An interval of this measure as text, without the unit."""
        return f"{self.number(low, signed)} to {self.number(high, signed)}"

    @property
    def title(self) -> str:
        """Its name with its unit."""
        return f"{self.name} ({self.unit})" if self.unit not in ("", self.name) else self.name


MEASURES = (
    Measure("pass", "%", lambda record: record.passed),
    Measure("parse, of non-empty", "%", lambda record: None if record.empty else record.parses),
    Measure("abstain", "%", lambda record: record.empty if record.answered else None),
    Measure("exact", "%", lambda record: record.exact),
    Measure("first line", "%", lambda record: record.first_line),
    Measure("more lines", "%", lambda record: record.more_lines),
    Measure("similarity", "", lambda record: record.similarity if record.answered else None),
    Measure("stop where expected", "%", lambda record: _stops(record, "exact")),
    Measure("stop too late", "%", lambda record: _stops(record, "over")),
    Measure("stop too early", "%", lambda record: _stops(record, "under")),
    Measure("tokens", "tokens", lambda record: record.tokens if record.answered else None),
    Measure("time", "s", lambda record: record.seconds if record.answered else None),
)
"""The measures, in the order in which they are shown. They are shown together, because the parse rate says nothing without
the abstain rate. Items for which the service gave an error count as wrong in `pass` and `exact`, and not in the others."""


class Figure(NamedTuple):
    """A measure's mean over the records that have it, with its 95 % interval."""

    measure: Measure
    size: int
    """The number of records that have the measure."""
    value: float
    low: float
    high: float


def summary(records: Sequence[Record]) -> list[Figure]:
    """A figure for each measure that at least one record has. Intervals are bootstrapped over whole sources."""
    found = (_figure(measure, records) for measure in MEASURES)
    return [figure for figure in found if figure is not None]


def actions(records: Sequence[Record]) -> dict[str, int]:
    """The number of times that the guard took each action, the most frequent first."""
    return dict(Counter(record.action for record in records if record.answered).most_common())


def _figure(measure: Measure, records: Sequence[Record]) -> Figure | None:
    known = [(value, record.source) for record in records if (value := measure.of(record)) is not None]
    if not known:
        return None
    values = [float(value) for value, _ in known]
    low, high = bootstrap(values, clusters=[source for _, source in known])
    return Figure(measure, len(values), sum(values) / len(values), low, high)


def _stops(record: Record, where: str) -> bool | None:
    return None if record.stop is None else record.stop == where
