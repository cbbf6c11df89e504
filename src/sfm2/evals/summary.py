"""The measures of a run, one figure each: what tables, charts and comparisons are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sfm2.evals.items import Record
from sfm2.evals.statistics import bootstrap


class Measure(NamedTuple):
    """`of`: its value in a record, None where it has none. `unit`: "%" for yes or no, else what it counts."""

    name: str
    unit: str
    of: Callable[[Record], float | bool | None]

    def number(self, value: float, signed: bool = False) -> str:
        """As people read it, without the unit; a share from 0 to 1 is told in per cent."""
        shown, digits = (100 * value, 1) if self.unit == "%" else (value, 1 if self.unit == "tokens" else 3)
        return f"{shown:{'+' if signed else ''}.{digits}f}"

    def span(self, low: float, high: float, signed: bool = False) -> str:
        return f"{self.number(low, signed)} to {self.number(high, signed)}"

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit not in ("", self.name) else self.name


MEASURES = (
    Measure("pass", "%", lambda record: record.passed),
    Measure("parse, of non-empty", "%", lambda record: None if record.empty else record.parses),
    Measure("abstain", "%", lambda record: record.empty if record.answered else None),
    Measure("exact", "%", lambda record: record.exact),
    Measure("similarity", "", lambda record: record.similarity if record.answered else None),
    Measure("stop where expected", "%", lambda record: _stops(record, "exact")),
    Measure("stop too late", "%", lambda record: _stops(record, "over")),
    Measure("stop too early", "%", lambda record: _stops(record, "under")),
    Measure("tokens", "tokens", lambda record: record.tokens if record.answered else None),
    Measure("time", "s", lambda record: record.seconds if record.answered else None),
)
"""The parse rate means nothing without the abstain rate beside it: no measure is shown alone. What nobody answered counts
against pass and exact, and not at all in the others."""


class Figure(NamedTuple):
    """A mean over the records that have the measure, with its 95 % interval."""

    measure: Measure
    size: int
    value: float
    low: float
    high: float


def summary(records: Sequence[Record]) -> list[Figure]:
    """Measures that no record has are left out."""
    found = (_figure(measure, records) for measure in MEASURES)
    return [figure for figure in found if figure is not None]


def actions(records: Sequence[Record]) -> dict[str, int]:
    """What the guard did, and how often; the most frequent first."""
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
