"""A completion while a model writes it: it grows, chunk by chunk, until it is whole or nothing more comes."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from sfm2.server.answering.along import SAME, Spot, Standing, Typed, has_written, may_agree, standing, typed_between
from sfm2.types import Chunk, Completion


class Writing:
    """What is known of it, who follows it, and how it is ended."""

    def __init__(self, name: str, spot: Spot, limits: Hashable, session: str | None) -> None:
        self.name = name
        self.spot = spot
        self.limits = limits
        self.session = session
        """Whose request began it"""
        self.chunks: list[Chunk] = []
        self.whole: Completion | None = None
        self.failure: BaseException | None = None
        """Why nothing more comes"""
        self.followers = 0
        """Requests that wait for it"""
        self.sessions: set[str] = set()
        """Of all that have followed it"""
        self.ending = False
        """Whether it was told to end: nobody can begin to follow it"""
        self.unwanted = False
        """Whether it ends when nobody follows it, for who asked for it wants something else by now"""
        self.task: asyncio.Task[None] | None = None
        self.lingering: asyncio.Task[None] | None = None
        """Ends it after a while, for nobody follows it"""
        self._text = self._draft = ""
        self._changed = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.whole is not None or self.failure is not None

    @property
    def ran_out_of_time(self) -> bool:
        """Whether the time cut it, of which who asks later has more."""
        return self.whole is not None and self.whole.finish_reason == "time"

    def hear(self, piece: str, anew: bool) -> None:
        """What the model writes, before it is judged."""
        self._draft = piece if anew else self._draft + piece
        self._tell()

    def add(self, item: Chunk | Completion) -> None:
        """More of it is sure to stay; a completion is all of it."""
        if isinstance(item, Completion):
            self.whole, self._text = item, item.completion
        else:
            self.chunks.append(item)
            self._text += item.text
        self._tell()

    def fail(self, error: BaseException) -> None:
        """Nothing more comes."""
        self.failure = error
        self._tell()

    async def more(self) -> None:
        """Wait until more of it is known, or it is over."""
        if not self.over:
            await self._changed.wait()

    def typed(self, spot: Spot, limits: Hashable) -> Typed | None:
        """What was typed since, if it agrees with that; at least what the model has written so far does, and goes on.

        Who types ahead of the model is answered sooner by another request: the prompt is read already.
        """
        typed = typed_between(self.spot, spot)
        ends = self.ending or self.failure is not None or self.ran_out_of_time
        if typed is None or ends or limits != self.limits:
            return None
        stands = self.standing(typed)
        ahead = typed == SAME or has_written(self._draft, typed)
        return typed if stands is Standing.AGREES or (stands is Standing.OPEN and ahead) else None

    def standing(self, typed: Typed) -> Standing:
        """How it stands to what was typed since, as far as is known."""
        found = standing(self._text, typed, whole=self.whole is not None)
        if found is Standing.OPEN and not may_agree(self._draft, typed):
            return Standing.DIFFERS
        return found

    def end(self) -> None:
        """Nobody wants it any more. Again is harmless."""
        self.ending = True
        if self.task is not None:
            self.task.cancel()

    def _tell(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()
