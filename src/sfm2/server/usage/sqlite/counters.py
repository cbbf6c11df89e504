"""All SQL about counters and rates."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Mapping

from sfm2.server.usage import recent
from sfm2.server.usage.sqlite.file import SqliteFile
from sfm2.server.usage.tables import CountedBatch, RateHit

_ADD_STEP = "INSERT INTO recent VALUES (?, ?, ?) ON CONFLICT (at, name) DO UPDATE SET value = value + excluded.value"
# Also what the future holds: a clock that was set back.
_FORGET = "DELETE FROM recent WHERE at < ? OR at > ?"


class SqliteCounters:
    """The counters in a file: a `CounterTable`. A write that fails is known not to have happened: batches need no note."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def all(self) -> dict[str, float]:
        """All counters."""
        return dict(self._file.read("SELECT name, value FROM counters"))

    def windows(self, now: float) -> dict[str, Counter[str]]:
        """What was counted in each of `recent.WINDOWS`, which end at the Unix time `now`."""
        begins = [recent.begin(now, seconds) for seconds in recent.WINDOWS.values()]
        sums = ", ".join("SUM(CASE WHEN at >= ? THEN value ELSE 0 END)" for _ in begins)
        rows = self._file.read(
            f"SELECT name, {sums} FROM recent WHERE at BETWEEN ? AND ? GROUP BY name",  # noqa: S608 - our own text
            (*begins, min(begins), now),
        )
        return {
            window: Counter({name: value for name, *values in rows if (value := values[number])})
            for number, window in enumerate(recent.WINDOWS)
        }

    def add(self, batch: CountedBatch, now: float) -> None:
        """Add to the counters. Steps that no window of `now` reaches are forgotten."""
        with self._file.transaction() as connection:
            add_to_counters(connection, batch.totals)
            connection.executemany(_ADD_STEP, [(at, name, value) for (at, name), value in batch.steps.items()])
            connection.execute(_FORGET, (recent.begin(now, recent.LONGEST), now + recent.STEP))


class SqliteRates:
    """Requests in a file, one row each: a `RateTable`."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def hit(self, name: str, amount: int, span: int) -> RateHit:
        """Count a request of `name` unless there were `amount` within the last `span` seconds."""
        with self._file.transaction() as connection:
            now = time.time()
            connection.execute("DELETE FROM rate_hits WHERE expires_at <= ?", (now,))
            oldest, count = connection.execute(
                "SELECT min(at), count(*) FROM rate_hits WHERE name = ? AND at > ?", (name, now - span)
            ).fetchone()
            allowed = count < amount
            if allowed:
                connection.execute("INSERT INTO rate_hits VALUES (?, ?, ?)", (name, now, now + span))
                count += 1
        return RateHit(allowed, count, (now if oldest is None else oldest) + span - now)


def add_to_counters(connection: sqlite3.Connection, changes: Mapping[str, float]) -> None:
    """Add to the counters with these names, within a transaction."""
    connection.executemany(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        list(changes.items()),
    )
