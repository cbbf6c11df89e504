"""Typing along: who types on what a completion says gets the rest of it, of one that is known or still being written.

Editors cancel a request with the next key. What the model writes for it goes on for a while, for the next request is likely
to want it; the first one that does not ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from sfm2.config import Settings
from sfm2.core.resolve import draws_little
from sfm2.engines.base import EngineLoad
from sfm2.errors import BackendError
from sfm2.server.answering.along import SAME, Remaining, Spot, Standing, Typed, as_chunk, rest_of
from sfm2.server.answering.cache_control import CACHE_STATUS, HIT, TYPED, CacheControl, forwarded
from sfm2.server.answering.finished import FinishedCompletions
from sfm2.server.answering.likeness import Asked, name_of
from sfm2.server.answering.writing import Writing
from sfm2.server.http.context import RequestContext
from sfm2.types import Chunk, CompleteRequest, Completion, Explanation, GenerateRequest, Reply

A = TypeVar("A", Completion, Explanation, Reply)
Work: TypeAlias = Callable[[], Coroutine[Any, Any, Sequence[A]]]
"""Gets whole answers from a model"""

GRACE = 0.3
"""Seconds for which the model writes on when nobody waits any more: the next key of somebody who types comes within 0.3 s,
and its request right after it"""
T = TypeVar("T")
Items: TypeAlias = AsyncGenerator[Chunk | Completion, None]
Begin: TypeAlias = Callable[[], AsyncGenerator[T, None]]
"""Asks a model for chunks and the whole answer after them"""


class _AtSpot(NamedTuple):
    """A request that may be answered with the rest of a completion."""

    context: RequestContext
    control: CacheControl
    name: str
    """What it must have in common with the request for that"""
    variant: str
    spot: Spot
    limits: tuple[float | None, float | None]
    """What may cut its answer short"""


class TypingAlong:
    """`variant` tells what answers depend on besides the request, `loads` what engines have to do. `is_ending`: whether the
    server shuts down."""

    def __init__(
        self,
        settings: Settings,
        variant: Callable[[], Awaitable[str]],
        loads: Callable[[], Awaitable[Mapping[str, EngineLoad]]],
        is_ending: Callable[[], bool],
    ) -> None:
        cache = settings.cache
        self._settings = settings
        self._variant = variant
        self._loads = loads
        self._is_ending = is_ending
        self._finished = FinishedCompletions(cache.max_bytes, cache.ttl)
        self._running: list[Writing] = []
        """The newest first"""
        self._tasks: set[asyncio.Task[None]] = set()

    async def stream(
        self, context: RequestContext, control: CacheControl, asked: Asked, begin: Begin[T], *, whole: bool = False
    ) -> AsyncGenerator[T, None]:
        """What `begin` gives for `asked`, or the rest of what it gave before or is giving. Raises what `begin` raises.

        `whole`: nobody sees the chunks.
        """
        if not self._may_be_along(control, asked):
            self._end_others(context.session)
            async with aclosing(begin()) as items:
                async for item in items:
                    yield item
            return
        asking = await self._asking(context, control, asked)
        writing = cast("Begin[Chunk | Completion]", begin)
        async with aclosing(self._answer(asking, writing, whole)) as answer:
            async for known in answer:
                yield cast("T", known)

    async def answers(
        self, context: RequestContext, control: CacheControl, asked: Sequence[Asked], work: Work[A]
    ) -> list[A]:
        """The same for whole answers, which `work` gets from a model."""
        if len(asked) != 1:
            self._end_others(context.session)
            return list(await work())

        async def begin() -> AsyncGenerator[Chunk | A, None]:
            for answer in await work():
                yield answer

        async with aclosing(self.stream(context, control, asked[0], begin, whole=True)) as items:
            return [item async for item in items if not isinstance(item, Chunk)]

    async def aclose(self) -> None:
        """End all that is being written."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, asking: _AtSpot, begin: Begin[Chunk | Completion], whole: bool) -> Items:
        context = asking.context
        found = self._finished.find(asking.name, asking.spot, asking.limits)
        if found and asking.control.allows(found.age):
            self._end_others(context.session)
            _tell(context, HIT)
            rest = rest_of(found.completion, found.typed, asking.spot.before, context.elapsed)
            if chunk := as_chunk(rest):
                yield chunk
            yield rest
            return
        while (under_way := self._under_way(asking)) is not None:
            self._end_others(context.session, under_way[0])
            begun = False
            async with aclosing(self._followed(asking, *under_way, whole)) as items:
                async for item in items:
                    if not begun:
                        _tell(context, forwarded(collapsed=True), typed=under_way[1] != SAME)
                    begun = True
                    yield item
            if begun:
                return
        self._end_others(context.session)
        writing = self._begun(asking, begin)
        async with aclosing(self._led(asking, writing)) as items:
            async for item in items:
                yield item

    def _may_be_along(self, control: CacheControl, asked: Asked) -> bool:
        """One token, which is what is asked for to have a prompt read, leaves nothing to type along."""
        return (
            self._settings.cache.typing_along
            and control.store
            and isinstance(asked, GenerateRequest | CompleteRequest)
            and (asked.n or 1) == 1
            and asked.max_length != 1
            and draws_little(asked, self._settings)
        )

    async def _asking(self, context: RequestContext, control: CacheControl, asked: Asked) -> _AtSpot:
        assert isinstance(asked, GenerateRequest | CompleteRequest)  # `_may_be_along`
        code = "prompt" if isinstance(asked, GenerateRequest) else "prefix"
        limit = asked.time_limit if isinstance(asked, CompleteRequest) else None
        timeless = {} if limit is None else {"time_limit": None}
        rest = asked.model_copy(update={code: "", "suffix": "", **timeless})
        variant = await self._variant()
        name = name_of(context.client, [rest], variant)
        return _AtSpot(context, control, name, variant, Spot.of(asked), (limit, context.patience))

    def _under_way(self, asking: _AtSpot) -> tuple[Writing, Typed] | None:
        """What is being written and agrees with a request, or may do so."""
        if not asking.control.allows(0):
            return None
        found = [
            (writing, typed)
            for writing in self._running
            if writing.name == asking.name and (typed := writing.typed(asking.spot, asking.limits)) is not None
        ]
        return max(found, key=lambda one: one[0].standing(one[1]) is Standing.AGREES, default=None)

    # What is being written.

    def _begun(self, asking: _AtSpot, begin: Begin[Chunk | Completion]) -> Writing:
        """Ask the model. What is being written at the same place no longer agrees with what is there."""
        for other in self._running:
            if not other.followers and other.name == asking.name and other.spot.after == asking.spot.after:
                other.end()
        writing = Writing(asking.name, asking.spot, asking.limits, asking.context.session)
        asking.context.hears = writing.hear
        self._running.insert(0, writing)
        writing.task = self._started(self._write(asking, writing, begin))
        writing.task.add_done_callback(lambda task: self._ended(writing, task))
        return writing

    async def _write(self, asking: _AtSpot, writing: Writing, begin: Begin[Chunk | Completion]) -> None:
        async with aclosing(begin()) as items:
            async for item in items:
                writing.add(item)
        whole = writing.whole
        # Where a backend failed, the next request is for the first one again.
        if whole is not None and not whole.fallback and await self._variant() == asking.variant:
            self._finished.put(writing.name, writing.spot, writing.limits, whole)

    def _ended(self, writing: Writing, task: asyncio.Task[None]) -> None:
        self._running.remove(writing)
        error = None if task.cancelled() else task.exception()
        if not writing.over:
            writing.fail(error or BackendError("what was being written was ended"))

    async def _led(self, asking: _AtSpot, writing: Writing) -> Items:
        """All that is written, for who asked for it."""
        shown = 0
        with self._following(asking, writing):
            while True:
                while shown < len(writing.chunks):
                    yield writing.chunks[shown]
                    shown += 1
                if writing.whole is not None:
                    yield writing.whole
                    return
                if writing.failure is not None:
                    raise writing.failure
                await writing.more()

    async def _followed(self, asking: _AtSpot, writing: Writing, typed: Typed, whole: bool) -> Items:
        """The rest of it for who typed so far; nothing, if it does not agree after all, or ended too early."""
        remaining, seen, shown = Remaining(len(typed.text)), 0, 0
        with self._following(asking, writing):
            while (stands := writing.standing(typed)) is not Standing.DIFFERS:
                as_it_comes = stands is Standing.AGREES and not typed.closers and not whole
                while as_it_comes and seen < len(writing.chunks):
                    chunk = remaining.of(writing.chunks[seen])
                    seen += 1
                    if chunk is not None:
                        shown += len(chunk.text)
                        yield chunk
                if writing.whole is not None:
                    if writing.ran_out_of_time and not shown:
                        return
                    rest = rest_of(writing.whole, typed, asking.spot.before, asking.context.elapsed)
                    if chunk := as_chunk(rest, shown):
                        yield chunk
                    yield rest
                    return
                if writing.failure is not None:
                    if shown:
                        raise writing.failure
                    return
                await writing.more()
            writing.unwanted = asking.context.session == writing.session

    @contextmanager
    def _following(self, asking: _AtSpot, writing: Writing) -> Iterator[None]:
        writing.followers += 1
        if asking.context.session is not None:
            writing.sessions.add(asking.context.session)
        if writing.lingering is not None:
            writing.lingering.cancel()
        try:
            yield
        finally:
            writing.followers -= 1
            if not writing.followers:
                self._left(writing)

    def _left(self, writing: Writing) -> None:
        """Nobody follows it any more."""
        if writing.over:
            return
        if writing.unwanted or self._is_ending():
            writing.end()
        else:
            writing.lingering = self._started(self._linger(writing))

    async def _linger(self, writing: Writing) -> None:
        """Under load the model works for those who wait."""
        loads = await self._loads()
        if not any(load.waiting for load in loads.values()):
            await asyncio.sleep(GRACE)
        writing.end()

    def _end_others(self, session: str | None, but: Writing | None = None) -> None:
        """What a session wanted before its newest request is wanted no longer."""
        if session is None:
            return
        for writing in self._running:
            if session in writing.sessions and writing is not but:
                writing.unwanted = True
                if not writing.followers:
                    writing.end()

    def _started(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _tell(context: RequestContext, status: str, *, typed: bool = True) -> None:
    context.reused = "typed" if typed else "shared"
    context.cache_missed = False
    context.headers[CACHE_STATUS] = f"{status}{TYPED if typed else ''}"
