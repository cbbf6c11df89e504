"""The prompts of batches: each on its own, and one that fails has its error in its place.

Nobody waits for one of them alone. So one that the engine refuses, because it could not be answered in its time, waits here,
where it costs nothing, until another of a batch has ended, and asks again: batches get on as fast as they may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any, TypeAlias

from sfm2.core.chain import is_past
from sfm2.core.together import together
from sfm2.errors import (
    BackendError,
    BackendOverloadedError,
    BackendTimeoutError,
    OverloadedError,
    PayloadTooLargeError,
    SFM2Error,
)
from sfm2.requests import batch_item, error_body
from sfm2.types import Batch, BatchRequest, Completion, ErrorBody, GenerateRequest

AT_ONCE = 16
"""Prompts: half of what an engine works on at once, so that two batches fill it"""
LOOK = 3.0
"""Seconds after which one that was refused asks again, though none of ours has ended: others may have"""
_CALLED = 2  # when one has ended: there may be room for more than it took

Complete: TypeAlias = Callable[[GenerateRequest], Awaitable[Completion]]


class Batches:
    """All batches, in one queue. One with over `most` prompts is refused.

    A prompt that is refused for load has the error in its place only when no prompt of any batch has been answered for
    `patience` seconds, or its batch has no time left.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._numbers = count()
        self._waiting: dict[int, asyncio.Event] = {}
        self._answered_at = 0.0

    async def answered(self, batch: BatchRequest, complete: Complete, deadline: float | None = None) -> Batch:
        """The answers in the order of the prompts, by `deadline`. Raises `PayloadTooLargeError` for too many."""
        if len(batch.prompts) > self._most:
            raise PayloadTooLargeError(
                f"the batch has {len(batch.prompts):,} prompts; at most {self._most:,} are allowed"
            )
        turns = asyncio.Semaphore(AT_ONCE)

        async def answer(prompt: Any) -> Completion | ErrorBody:
            try:
                async with turns:
                    item = batch_item(batch, prompt)
                    return await self._in_turn(lambda: complete(item), deadline)
            except SFM2Error as error:
                return error_body(error)

        return Batch(results=await together([answer(prompt) for prompt in batch.prompts]))

    async def _in_turn(self, ask: Callable[[], Awaitable[Completion]], deadline: float | None) -> Completion:
        clock = asyncio.get_running_loop().time
        came, number = clock(), next(self._numbers)
        if self._waiting:
            await self._turn(number, deadline)
        while True:
            try:
                completion = await ask()
            except OverloadedError as error:
                if not _cost_nothing(error) or clock() > max(came, self._answered_at) + self._patience:
                    self._call_next()
                    raise
            else:
                self._answered_at = clock()
                self._call_next()
                return completion
            await self._turn(number, deadline)

    async def _turn(self, number: int, deadline: float | None) -> None:
        """Wait until it is called, or is the first and has waited for `LOOK` seconds, or the batch has no time left."""
        clock = asyncio.get_running_loop().time
        self._waiting[number] = called = asyncio.Event()
        try:
            while not called.is_set() and not is_past(deadline):
                latest = clock() + LOOK
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(latest if deadline is None else min(latest, deadline)):
                        await called.wait()
                if number == min(self._waiting):
                    return
        except asyncio.CancelledError:
            if called.is_set():
                self._call_next()  # in the place of this one
            raise
        finally:
            del self._waiting[number]

    def _call_next(self) -> None:
        """Those that came first."""
        waiting = [number for number, called in self._waiting.items() if not called.is_set()]
        for number in sorted(waiting)[:_CALLED]:
            self._waiting[number].set()


def _cost_nothing(error: OverloadedError) -> bool:
    """Whether it was only refused. Where a backend worked on it for nothing, that would cost as much again."""
    reasons = {attempt["reason"] for attempt in error.details.get("attempts", ())}
    return BackendOverloadedError.reason in reasons and not reasons & {BackendTimeoutError.reason, BackendError.reason}
