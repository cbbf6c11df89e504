"""What became of completions, in the store: how sure each was and why, and whether it was taken. Never any code.

Kept are the last 30 days, and 100,000 completions at most: enough to fit confidence to. The counts in the statistics stay.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sfm2.server.store import Store, add
from sfm2.types import Completion, Outcome

KEPT_SECONDS = 30 * 86_400.0
KEPT_ROWS = 100_000
COUNTER = "feedback:"
_DIGITS = 6  # of a feature; more would say nothing
_HOUR = 3600


class Remembered(NamedTuple):
    """A completion as it is stored. `features` is JSON, null where no text was shown: that claims nothing."""

    id: str
    at: float
    key_id: str | None
    backend: str
    weights: str | None
    confidence: float
    calibrated: bool
    features: str | None


class Row(NamedTuple):
    """What a fit learns from. `accepted` is as it was: what had to be edited was not right.

    `source` is the same for one key's completions of one hour, which are often of the same file.
    """

    features: dict[str, float]
    accepted: bool
    weights: str | None
    source: str


def remembered(answer: Completion, key_id: str | None) -> Remembered:
    """What is kept of an answer that goes out now."""
    known = answer.features if answer.completion.strip() else None
    features = {name: round(value, _DIGITS) for name, value in known.items()} if known else None
    return Remembered(
        id=answer.id,
        at=time.time(),
        key_id=key_id,
        backend=answer.model_used,
        weights=answer.weights,
        confidence=answer.confidence,
        calibrated=answer.calibrated,
        features=json.dumps(features, separators=(",", ":")) if features else None,
    )


def remember(store: Store, answers: Iterable[Remembered]) -> None:
    """Writes them, and lets the oldest go."""
    with store.transaction() as connection:
        connection.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", list(answers))
        connection.execute("DELETE FROM completions WHERE at < ?", (time.time() - KEPT_SECONDS,))
        # Row ids count up, and the oldest go first: the difference is the number of rows, without counting them.
        connection.execute(
            "DELETE FROM completions WHERE rowid <= (SELECT max(rowid) FROM completions) - ?", (KEPT_ROWS,)
        )


def record(store: Store, completion_id: str, outcome: Outcome, key_id: str | None) -> bool:
    """Notes and counts an outcome, in place of an earlier one. False: the key has no such completion."""
    with store.transaction() as connection:
        found = connection.execute(
            "SELECT outcome FROM completions WHERE id = ? AND key_id IS ?", (completion_id, key_id)
        ).fetchone()
        if found is None:
            return False
        connection.execute("UPDATE completions SET outcome = ? WHERE id = ?", (outcome, completion_id))
        changes = Counter({COUNTER + outcome: 1})
        changes.subtract([COUNTER + earlier for earlier in found if earlier is not None])
        add(connection, changes)
    return True


def rows(store: Store) -> list[Row]:
    """All completions with an outcome and features, oldest first."""
    found = store.read(
        "SELECT features, outcome, weights, key_id, at FROM completions"
        " WHERE outcome IS NOT NULL AND features IS NOT NULL ORDER BY at"
    )
    return [
        Row(json.loads(features), outcome == Outcome.ACCEPTED, weights, f"{key_id or ''}:{int(at // _HOUR)}")
        for features, outcome, weights, key_id, at in found
    ]
