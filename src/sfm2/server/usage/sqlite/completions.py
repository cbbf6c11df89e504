"""All SQL about completions and what became of them."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Collection

from sfm2.server.usage import feedback
from sfm2.server.usage.feedback import CalibrationExample, CompletionRecord, Report, example_of
from sfm2.server.usage.sqlite.counters import add_to_counters
from sfm2.server.usage.sqlite.file import SqliteFile


class SqliteCompletions:
    """The completions in a file: a `CompletionTable`."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def known(self, completion_id: str, key_id: str | None) -> bool:
        """Whether the key has a completion with this id."""
        return bool(self._file.read("SELECT 1 FROM completions WHERE id = ? AND key_id IS ?", (completion_id, key_id)))

    def record(self, completions: Collection[CompletionRecord], reports: Collection[Report]) -> None:
        """Write completions, then reports, and delete the oldest completions beyond the limits; all of it or nothing."""
        with self._file.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", list(completions)
            )
            for report in reports:
                _set_outcome(connection, report)
            connection.execute("DELETE FROM completions WHERE at < ?", (time.time() - feedback.KEPT_SECONDS,))
            # Row ids count up, and the oldest are deleted first: the difference is the number of rows, without counting.
            connection.execute(
                "DELETE FROM completions WHERE rowid <= (SELECT max(rowid) FROM completions) - ?", (feedback.KEPT_ROWS,)
            )

    def calibration_examples(self) -> list[CalibrationExample]:
        """All completions with an outcome and features, oldest first."""
        rows = self._file.read(
            "SELECT features, outcome, weights, key_id, at FROM completions"
            " WHERE outcome IS NOT NULL AND features IS NOT NULL ORDER BY at"
        )
        return [example_of(*row) for row in rows]


def _set_outcome(connection: sqlite3.Connection, report: Report) -> None:
    """Store and count an outcome, replacing an earlier one. Nothing happens if the key has no such completion any more."""
    found = connection.execute(
        "SELECT outcome FROM completions WHERE id = ? AND key_id IS ?", (report.id, report.key_id)
    ).fetchone()
    if found is None:
        return
    connection.execute("UPDATE completions SET outcome = ? WHERE id = ?", (report.outcome, report.id))
    changes = Counter({feedback.COUNTER + report.outcome: 1})
    changes.subtract([feedback.COUNTER + earlier for earlier in found if earlier is not None])
    add_to_counters(connection, changes)
