"""The answers to a request: kept ones, those that a model is giving already to the same request, else what a model says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

from fastapi import Request

from sfm2.config import Settings
from sfm2.core.chain import is_past
from sfm2.core.resolve import is_deterministic
from sfm2.errors import APITimeoutError, OverloadedError
from sfm2.server.answering.cache_control import BYPASSED, CACHE_STATUS, CacheControl, forwarded, hit
from sfm2.server.answering.likeness import Asked, is_lasting, is_whole, name_of, renewed
from sfm2.server.answering.response_cache import ResponseCache
from sfm2.server.answering.shared_work import SharedWork
from sfm2.server.answering.typing_along import Begin, TypingAlong, Work
from sfm2.server.http.context import RequestContext
from sfm2.server.process.in_flight import InFlight
from sfm2.types import Completion, Explanation, Reply

A = TypeVar("A", Completion, Explanation, Reply)
T = TypeVar("T")


class _Outcome(NamedTuple):
    """What a model was asked for once."""

    answers: Sequence[Any]
    too_late: bool
    """Whether the time was over by then that the server gives, or the client. What else cuts an answer is in the request:
    the same for all who ask it"""


class Answering:
    """Only for requests that are sure to have the same answer again; for others a model is asked each time.

    `variant` tells what answers depend on besides the request: other weights or adapters have another one.
    """

    def __init__(
        self, settings: Settings, in_flight: InFlight, variant: Callable[[], Awaitable[str]], along: TypingAlong
    ) -> None:
        self._settings = settings
        self._in_flight = in_flight
        self._variant = variant
        self._shared: SharedWork[_Outcome] = SharedWork()
        self._along = along
        cache = settings.cache
        self._cache: ResponseCache[Any] | None = ResponseCache(cache.max_bytes, cache.ttl) if cache.enabled else None

    async def answers(self, request: Request, asked: Sequence[Asked], work: Work[A]) -> list[A]:
        """The answers to `asked`, which `work` gets from a model. It ends when nobody waits for it any more.

        Raises what `InFlight.run` and `work` raise.
        """
        context = RequestContext.of(request.scope)
        control = _control(request)

        async def from_model() -> list[A]:
            return await self._along.answers(context, control, asked, work)

        return await self._in_flight.run(
            request.receive, lambda: self._answers(context, control, asked, from_model), context.session
        )

    def stream(self, request: Request, asked: Asked, begin: Begin[T]) -> AsyncGenerator[T, None]:
        """The stream that `begin` gets from a model for `asked`, or the rest of one. Raises what `begin` raises."""
        return self._along.stream(RequestContext.of(request.scope), _control(request), asked, begin)

    async def _answers(
        self, context: RequestContext, control: CacheControl, asked: Sequence[Asked], work: Work[A]
    ) -> list[A]:
        if not all(is_deterministic(one, self._settings) for one in asked):
            self._tell(context, BYPASSED)
            return list(await work())
        if self._cache is None or not control.store:
            self._tell(context, BYPASSED)
            return await self._computed(context, name_of(context.client, asked), work)
        variant = await self._variant()
        name = name_of(context.client, asked, variant)
        kept = self._cache.get(name)
        if kept and control.allows(kept.age):
            context.reused = "cache"
            self._tell(context, hit(kept.remaining))
            return [renewed(answer, context.elapsed) for answer in kept.answers]
        context.cache_missed = True
        refused = kept is not None
        self._tell(context, forwarded(refused=refused))
        answers = await self._computed(context, name, work)
        if context.reused == "typed":
            return answers
        collapsed = context.reused == "shared"
        lasting = not collapsed and all(map(is_lasting, answers)) and await self._variant() == variant
        stored = lasting and self._cache.put(name, answers)
        self._tell(context, forwarded(refused=refused, stored=stored, collapsed=collapsed))
        return answers

    async def _computed(self, context: RequestContext, name: str, work: Work[A]) -> list[A]:
        """What a model says, or is saying already to the same request."""
        # What is cut when the time is over is another answer for who has more of it.
        name = f"{name} {context.patience}"
        timed = self._timed(context, work)
        if not self._shared.runs(name):
            return list((await self._shared.result(name, timed)).answers)
        try:
            given = await self._shared.result(name, timed)
        except (APITimeoutError, OverloadedError):
            given = _Outcome((), too_late=True)
        if not given.answers or (given.too_late and not all(map(is_whole, given.answers))):  # Ours began later.
            given = await self._shared.result(f"{name} again", timed)  # for all who waited
        context.reused = "shared"
        return [renewed(answer, context.elapsed) for answer in given.answers]

    def _timed(self, context: RequestContext, work: Work[A]) -> Callable[[], Coroutine[Any, Any, _Outcome]]:
        async def timed() -> _Outcome:
            clock = asyncio.get_running_loop().time
            over = clock() + self._settings.generation.timeout
            answers = await work()
            return _Outcome(answers, is_past(over) or is_past(context.deadline))

        return timed

    def _tell(self, context: RequestContext, status: str) -> None:
        if self._cache is not None:
            context.headers[CACHE_STATUS] = status


def _control(request: Request) -> CacheControl:
    return CacheControl.of(request.headers.get("cache-control"))
