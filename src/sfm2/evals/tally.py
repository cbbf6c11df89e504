"""What a run came to: counts with what they are counts of, so that no share stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from sfm2.evals.items import Record
from sfm2.evals.statistics import bootstrap

STOPS = ("exact", "over", "under")


@dataclass(frozen=True)
class Share:
    """`count` of `of`. `low` and `high`: the 95 % interval of the share; it draws tasks or files whole."""

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.count / self.of


@dataclass(frozen=True)
class Tally:
    """None: no record has it. `parses` is of those that are not empty, `empty` of all that were answered. `tokens` is the
    mean of a completion; times are in seconds. `actions` counts what the guard did."""

    items: int
    unanswered: int
    passed: Share | None
    parses: Share | None
    empty: Share | None
    exact: Share | None
    similarity: float | None
    stops: dict[str, Share | None]
    tokens: float | None
    median_seconds: float | None
    p90_seconds: float | None
    actions: dict[str, int]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def tally(records: Sequence[Record]) -> Tally:
    answered = [record for record in records if record.answered]
    seconds = sorted(record.seconds for record in answered)
    alike = [record.similarity for record in answered if record.similarity is not None]
    return Tally(
        items=len(records),
        unanswered=len(records) - len(answered),
        passed=_share((record, record.passed) for record in records),
        parses=_share((record, record.parses) for record in answered if not record.empty),
        empty=_share((record, record.empty) for record in answered),
        exact=_share((record, record.exact) for record in records),
        similarity=fmean(alike) if alike else None,
        stops={
            stop: _share((record, None if record.stop is None else record.stop == stop) for record in answered)
            for stop in STOPS
        },
        tokens=fmean(record.tokens for record in answered) if answered else None,
        median_seconds=median(seconds) if seconds else None,
        p90_seconds=seconds[(len(seconds) * 9 - 1) // 10] if seconds else None,
        actions=dict(Counter(record.action for record in answered).most_common()),
    )


def _share(judged: Iterable[tuple[Record, bool | None]]) -> Share | None:
    known = [(record.source, value) for record, value in judged if value is not None]
    if not known:
        return None
    low, high = bootstrap([float(value) for _, value in known], clusters=[source for source, _ in known])
    return Share(sum(value for _, value in known), len(known), low, high)
