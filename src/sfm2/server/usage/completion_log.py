"""Completions that were sent, remembered until a client reports what became of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from sfm2.errors import NotFoundError
from sfm2.server.usage import feedback
from sfm2.server.usage.background_writer import FLUSH_INTERVAL, BackgroundWriter
from sfm2.server.usage.feedback import CompletionRecord, Report
from sfm2.server.usage.key_records import Key
from sfm2.server.usage.store import AsyncStore
from sfm2.types import Completion, FeedbackRequest

MAX_PENDING = 10_000
"""Completions, and as many reports, that are kept while the store can't be written; then the oldest are dropped"""
_OTHER_WORKERS_DELAY = 1.5 * FLUSH_INTERVAL  # Seconds within which another worker has written what it answered.
_log = logging.getLogger(__name__)
Kept = TypeVar("Kept")


class CompletionLog:
    """Written in the background to the store, which all workers share.

    `reading` and `writing` are the same store: a write that waits for another process keeps no reader waiting.
    """

    def __init__(self, reading: AsyncStore, writing: AsyncStore) -> None:
        self._reading = reading
        self._writing = writing
        self._sent: dict[str, CompletionRecord] = {}  # By id. What is being written stays until it has been.
        self._reports: dict[str, Report] = {}  # By id: the last word counts.
        self._dropped = 0
        self._writer = BackgroundWriter("completions for feedback", self._write)

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second within this context, and at its end."""
        return self._writer.running()

    def remember(self, completions: Iterable[Completion], key: Key | None) -> None:
        """Remember completions that were sent to the client with this API key."""
        for completion in completions:
            self._keep(self._sent, completion.id, feedback.record_of(completion, _id(key)))

    async def feedback(self, request: FeedbackRequest, key: Key | None) -> None:
        """Note what became of a completion. While the store can't be written, this waits in memory.

        An id that is unknown here may be known to another worker, which writes once a second: before it is refused, it
        is looked up once more, 1.5 seconds later. Raises `NotFoundError` if no completion with this id was sent to `key`,
        and `StorageUnavailableError` if that can't be looked up.
        """
        if not await self._knows(request.id, key):
            await asyncio.sleep(_OTHER_WORKERS_DELAY)
            if not await self._knows(request.id, key):
                raise _unknown(request.id, key)
        self._keep(self._reports, request.id, Report(request.id, request.outcome, _id(key)))
        if not self._writer.failing:
            await self._writer.write_now()

    async def _knows(self, completion_id: str, key: Key | None) -> bool:
        sent = self._sent.get(completion_id)
        if sent is not None:
            return sent.key_id == _id(key)
        return await self._reading.run(lambda store: store.completions.known(completion_id, _id(key)))

    def _keep(self, pending: dict[str, Kept], completion_id: str, one: Kept) -> None:
        pending[completion_id] = one
        if len(pending) > MAX_PENDING:
            if not self._dropped:
                _log.warning(
                    "the store can't be written for long: the oldest completions or reports on them are dropped"
                )
            del pending[next(iter(pending))]
            self._dropped += 1
        self._writer.schedule()

    async def _write(self) -> None:
        sent, reports = dict(self._sent), dict(self._reports)
        if not sent and not reports:
            return
        await self._writing.run_to_end(lambda store: store.completions.record(sent.values(), reports.values()))
        _remove(self._sent, sent)
        _remove(self._reports, reports)
        if self._dropped:
            _log.warning("%d completions or reports on them were dropped", self._dropped)
            self._dropped = 0


def _remove(pending: dict[str, Kept], written: dict[str, Kept]) -> None:
    """Remove what was written, unless something newer has taken its place."""
    for name, one in written.items():
        if pending.get(name) is one:
            del pending[name]


def _id(key: Key | None) -> str | None:
    return key.id if key else None


def _unknown(completion_id: str, key: Key | None) -> NotFoundError:
    where = "was made with this API key" if key else "was made here"
    return NotFoundError(
        f"id: no completion {completion_id!r} {where} in the last 30 days",
        suggestion="Send the `id` of a completion, with the API key that the completion was requested with",
    )
