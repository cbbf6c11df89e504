"""What the service needs of a store, whichever it is: keys and their log, completions, counters, rates.

All methods may be called from any thread, and raise `StorageUnavailableError` if the store can't be used. Whatever
changes something happens altogether or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from sfm2.server.usage.feedback import CalibrationExample, CompletionRecord, Report
from sfm2.server.usage.key_records import Act, Key, StoredKey
from sfm2.server.usage.recent import Steps
from sfm2.types import AuditEntry


class KeyTable(Protocol):
    """API keys, and the log of what was done to them: nothing is done that is not logged, nor the other way round."""

    def insert(self, key: Key, digest: bytes, act: Act) -> None:
        """Add a key; `digest` is the SHA-256 of its secret."""
        ...

    def all(self) -> list[Key]:
        """All keys, oldest first."""
        ...

    def any(self) -> bool:
        """Whether there are keys."""
        ...

    def find(self, key_id: str) -> StoredKey | None:
        """The key with this id."""
        ...

    def replace_secret(self, digest: bytes, previous_until: float, expires_at: float | None, act: Act) -> bool:
        """Give the key of the act another secret, unless it was revoked or has expired: whether it got one.

        The present secret works until the Unix time `previous_until`, or the key's present end if that is earlier.
        `expires_at`: the key's end from now on; None: as before.
        """
        ...

    def revoke(self, act: Act) -> None:
        """Revoke the key of the act. One that is revoked keeps its date, and nothing is logged."""
        ...

    def used(self, times: Mapping[str, float]) -> None:
        """Note when keys were used: the Unix time for each id."""
        ...

    def log(self, limit: int, before: int | None) -> list[AuditEntry]:
        """The newest entries of the log, `limit` at most, newest first; with `before`, of those older than this id."""
        ...


class CompletionTable(Protocol):
    """Completions that were sent, and what became of them."""

    def known(self, completion_id: str, key_id: str | None) -> bool:
        """Whether the key has a completion with this id."""
        ...

    def record(self, completions: Collection[CompletionRecord], reports: Collection[Report]) -> None:
        """Write completions, then reports, count the outcomes, and delete the oldest completions beyond the limits.

        Again is harmless.
        """
        ...

    def calibration_examples(self) -> list[CalibrationExample]:
        """All completions with an outcome and features, oldest first."""
        ...


class CountedBatch(NamedTuple):
    """What one writer adds to counters at once: if it is written twice, it counts once."""

    writer: str
    """Unique to the process and its kind of data"""
    number: int
    """Counts up; a writer goes on to the next when the one before is known to be written"""
    totals: Mapping[str, float]
    """By the name of the counter"""
    steps: Steps
    """The same lately, for windows"""


class CounterTable(Protocol):
    """Sums by name, and the same for the last hour."""

    def all(self) -> dict[str, float]:
        """All counters."""
        ...

    def windows(self, now: float) -> dict[str, Counter[str]]:
        """What was counted in each of `recent.WINDOWS`, which end at the Unix time `now`."""
        ...

    def add(self, batch: CountedBatch, now: float) -> None:
        """Add to the counters, unless this batch has been added. Steps that no window of `now` reaches are forgotten."""
        ...


class RateHit(NamedTuple):
    """What counting a request found."""

    allowed: bool
    used: int
    """Requests in the window, with this one if it is allowed"""
    reset: float
    """Seconds until the oldest of them leaves the window"""


class RateTable(Protocol):
    """Requests in moving windows."""

    def hit(self, name: str, amount: int, span: int) -> RateHit:
        """Count a request of `name` unless there were `amount` within the last `span` seconds."""
        ...


class StoreTables(Protocol):
    """A store."""

    @property
    def place(self) -> str:
        """Where it is, for logs and people who may see that; without a password."""
        ...

    @property
    def local(self) -> bool:
        """Whether whoever makes a key in it remembers on this machine that there are keys, before."""
        ...

    @property
    def threads(self) -> int:
        """How many threads may use it at the same time."""
        ...

    @property
    def keys(self) -> KeyTable: ...

    @property
    def completions(self) -> CompletionTable: ...

    @property
    def counters(self) -> CounterTable: ...

    @property
    def rates(self) -> RateTable: ...

    def ping(self) -> None:
        """See whether it can be used."""
        ...

    def absent(self) -> bool:
        """Whether it is certain that there is nothing in it. Raises nothing."""
        ...

    def close(self) -> None:
        """Release what it holds; using it again takes that again. Raises nothing."""
        ...
