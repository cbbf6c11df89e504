"""Completions and their outcomes in the store: how confident each was, and why, and whether it was accepted. Never code.

Kept for 30 days, 100,000 completions at most: enough to fit confidence to. The counts in the statistics are kept for good.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sfm2.server.usage.store import Store, add_to_counters
from sfm2.types import Completion, Outcome

KEPT_SECONDS = 30 * 86_400.0
KEPT_ROWS = 100_000
COUNTER = "feedback:"
"""Prefix of the counter of an outcome"""
_DIGITS = 6  # After the decimal point of a feature; more would be noise.
_HOUR = 3600


class CompletionRecord(NamedTuple):
    """A completion as it is stored."""

    id: str
    at: float
    """Unix time"""
    key_id: str | None
    backend: str
    weights: str | None
    confidence: float
    calibrated: bool
    features: str | None
    """JSON; None for an empty completion, which claims nothing"""


class CalibrationExample(NamedTuple):
    """What calibration learns from."""

    features: dict[str, float]
    accepted: bool
    """Whether it was accepted unchanged: what had to be edited was not right"""
    weights: str | None
    source: str
    """The same for one key's completions of one hour, which often are for the same file"""


def record_of(completion: Completion, key_id: str | None) -> CompletionRecord:
    """What is kept of a completion that is sent now."""
    known = completion.features if completion.completion.strip() else None
    features = {name: round(value, _DIGITS) for name, value in known.items()} if known else None
    return CompletionRecord(
        id=completion.id,
        at=time.time(),
        key_id=key_id,
        backend=completion.model_used,
        weights=completion.weights,
        confidence=completion.confidence,
        calibrated=completion.calibrated,
        features=json.dumps(features, separators=(",", ":")) if features else None,
    )


def insert(store: Store, records: Iterable[CompletionRecord]) -> None:
    """Write records, and delete the oldest beyond the limits."""
    with store.transaction() as connection:
        connection.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", list(records))
        connection.execute("DELETE FROM completions WHERE at < ?", (time.time() - KEPT_SECONDS,))
        # Row ids count up, and the oldest are deleted first: the difference is the number of rows, without counting them.
        connection.execute(
            "DELETE FROM completions WHERE rowid <= (SELECT max(rowid) FROM completions) - ?", (KEPT_ROWS,)
        )


def set_outcome(store: Store, completion_id: str, outcome: Outcome, key_id: str | None) -> bool:
    """Store and count an outcome, replacing an earlier one. False if the key has no such completion."""
    with store.transaction() as connection:
        found = connection.execute(
            "SELECT outcome FROM completions WHERE id = ? AND key_id IS ?", (completion_id, key_id)
        ).fetchone()
        if found is None:
            return False
        connection.execute("UPDATE completions SET outcome = ? WHERE id = ?", (outcome, completion_id))
        changes = Counter({COUNTER + outcome: 1})
        changes.subtract([COUNTER + earlier for earlier in found if earlier is not None])
        add_to_counters(connection, changes)
    return True


def calibration_examples(store: Store) -> list[CalibrationExample]:
    """All completions with an outcome and features, oldest first."""
    rows = store.read(
        "SELECT features, outcome, weights, key_id, at FROM completions"
        " WHERE outcome IS NOT NULL AND features IS NOT NULL ORDER BY at"
    )
    return [
        CalibrationExample(
            json.loads(features), outcome == Outcome.ACCEPTED, weights, f"{key_id or ''}:{int(at // _HOUR)}"
        )
        for features, outcome, weights, key_id, at in rows
    ]
