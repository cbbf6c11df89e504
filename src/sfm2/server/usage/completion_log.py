"""Completions that were sent, remembered until a client reports what became of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from sfm2.errors import ConfigError, NotFoundError
from sfm2.server.usage import feedback
from sfm2.server.usage.background_writer import FLUSH_INTERVAL, BackgroundWriter
from sfm2.server.usage.feedback import CompletionRecord
from sfm2.server.usage.keys import Key
from sfm2.server.usage.store import AsyncStore
from sfm2.types import Completion, FeedbackRequest

_MAX_PENDING = 10_000  # Completions. If the store can't be written for long, the oldest are dropped.
_OTHER_WORKERS_DELAY = 1.5 * FLUSH_INTERVAL  # Seconds within which another worker has written what it answered.


class CompletionLog:
    """Written in the background to the store, which all workers share."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._pending: deque[CompletionRecord] = deque(maxlen=_MAX_PENDING)
        self._writer = BackgroundWriter("completions for feedback", self._flush)

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second within this context, and at its end."""
        return self._writer.running()

    def remember(self, completions: Iterable[Completion], key: Key | None) -> None:
        """Remember completions that were sent to the client with this API key."""
        records = [feedback.record_of(completion, _id(key)) for completion in completions]
        if records:
            self._pending.extend(records)
            self._writer.schedule()

    async def feedback(self, request: FeedbackRequest, key: Key | None) -> None:
        """Note what became of a completion.

        An id that is unknown here may be known to another worker, which writes once a second: before it is refused, it
        is looked up once more, 1.5 seconds later. Raises `NotFoundError` if no completion with this id was sent to `key`.
        """
        if await self._record(request, key):
            return
        await asyncio.sleep(_OTHER_WORKERS_DELAY)
        if not await self._record(request, key):
            raise _unknown(request.id, key)

    async def _record(self, request: FeedbackRequest, key: Key | None) -> bool:
        await self._flush()
        return await self._store.run(lambda store: feedback.set_outcome(store, request.id, request.outcome, _id(key)))

    async def _flush(self) -> None:
        taken = list(self._pending)
        self._pending.clear()
        if not taken:
            return
        try:
            await asyncio.shield(self._store.run(lambda store: feedback.insert(store, taken)))
        except (sqlite3.Error, ConfigError):
            self._pending = deque([*taken, *self._pending], _MAX_PENDING)
            self._writer.schedule()
            raise


def _id(key: Key | None) -> str | None:
    return key.id if key else None


def _unknown(completion_id: str, key: Key | None) -> NotFoundError:
    where = "was made with this API key" if key else "was made here"
    return NotFoundError(
        f"id: no completion {completion_id!r} {where} in the last 30 days",
        suggestion="Send the `id` of a completion, with the API key that the completion was requested with",
    )
