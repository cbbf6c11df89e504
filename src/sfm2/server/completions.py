"""Completions that went out, remembered until somebody says what became of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from contextlib import AbstractAsyncContextManager

from sfm2.errors import ConfigError, NotFoundError
from sfm2.server import feedback
from sfm2.server.background import FLUSH_INTERVAL, Background
from sfm2.server.exchange import Exchange
from sfm2.server.feedback import Remembered
from sfm2.server.keys import Key
from sfm2.server.store import AsyncStore
from sfm2.types import Completion, FeedbackRequest

_MOST_WAITING = 10_000  # the oldest go when the store can't be written for long
_ELSEWHERE = 1.5 * FLUSH_INTERVAL  # seconds within which another worker has written what it answered


class Completions:
    """Written in the background, to the store that all workers share."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._waiting: deque[Remembered] = deque(maxlen=_MOST_WAITING)
        self._writer = Background("completions for feedback", self._flush)

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second while there is something to write, and at the end."""
        return self._writer.running()

    def remember(self, exchange: Exchange) -> None:
        """The completions that a request was answered with, under its key."""
        key_id = _id(exchange.key)
        answers = [answer for answer in exchange.answers if isinstance(answer, Completion)]
        if answers:
            self._waiting.extend(feedback.remembered(answer, key_id) for answer in answers)
            self._writer.due()

    async def feedback(self, request: FeedbackRequest, key: Key | None) -> None:
        """Note what became of a completion. Raises `NotFoundError` where this key has none of that id."""
        if await self._record(request, key):
            return
        await asyncio.sleep(_ELSEWHERE)
        if not await self._record(request, key):
            raise _unknown(request.id, key)

    async def _record(self, request: FeedbackRequest, key: Key | None) -> bool:
        await self._flush()
        return await self._store.run(lambda store: feedback.record(store, request.id, request.outcome, _id(key)))

    async def _flush(self) -> None:
        taken = list(self._waiting)
        self._waiting.clear()
        if not taken:
            return
        try:
            await asyncio.shield(self._store.run(lambda store: feedback.remember(store, taken)))
        except (sqlite3.Error, ConfigError):
            self._waiting = deque([*taken, *self._waiting], _MOST_WAITING)
            self._writer.due()
            raise


def _id(key: Key | None) -> str | None:
    return key.id if key else None


def _unknown(completion_id: str, key: Key | None) -> NotFoundError:
    whose = "made with this API key" if key else "made here"
    return NotFoundError(
        f"id: no completion {completion_id!r} was {whose} in the last 30 days",
        suggestion="Send the `id` of a completion, with the API key that it was asked for with",
    )
