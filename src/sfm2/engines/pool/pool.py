"""Several engines as one. A file's requests go to the same engine while that is well, for what it remembers of the file; a
request that fails before its first chunk goes to the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from sfm2.breaker import Permit
from sfm2.engines.base import AdapterFile, Engine, EngineFacts, EngineHealth, EngineLoad, Phase
from sfm2.engines.pool.choosing import bounded, least_loaded, ranking
from sfm2.engines.pool.faults import another_may_answer, together
from sfm2.engines.pool.member import Member
from sfm2.engines.pool.sameness import difference
from sfm2.errors import BackendError, BackendInterruptedError, BackendLoadingError
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams

T = TypeVar("T")
_TRIES = 3  # members that one request is sent to at most: it may be what brings them down


class EnginePool(Engine):
    """`members` run the same weights: those of the first one that answers, for as long as we run."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = {one.name: one for one in members}
        self._facts: EngineFacts | None = None
        self._watching: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()

    async def start(self) -> None:
        await asyncio.gather(*(one.engine.start() for one in self._members.values()))
        self._watching = asyncio.create_task(self._watch())

    async def ready(self) -> None:
        await self._looked.wait()

    async def health(self) -> EngineHealth:
        complaints = {name: self._complaint(one) for name, one in self._members.items()}
        wrong = [_named(name, complaint) for name, complaint in complaints.items() if complaint]
        up = [name for name, complaint in complaints.items() if not complaint]
        usable = any(self._is_well(one) for one in self._members.values())
        reason = "; ".join([f"{len(up)} of {len(complaints)} engines answer", *up, *wrong])
        loading = any(one.health.phase is Phase.LOADING for one in self._members.values())
        phase = Phase.READY if usable else Phase.LOADING if loading else Phase.FAILED
        return EngineHealth(phase, reason, model=self._facts.model or None if self._facts else None)

    async def began(self) -> float | None:
        """When the last of those that answer began to."""
        found = [one.since for one in self._members.values() if one.since is not None and not self._complaint(one)]
        return max(found, default=None)

    async def load(self) -> EngineLoad | None:
        loads = await asyncio.gather(*(one.load() for one in self._members.values() if not self._complaint(one)))
        return EngineLoad(
            running=sum(one.running for one in loads),
            waiting=sum(one.waiting for one in loads),
            cache_use=max((one.cache_use for one in loads if one.cache_use is not None), default=None),
            restarts=sum(one.restarts for one in loads),
        )

    async def facts(self) -> EngineFacts:
        if self._facts is None:
            raise BackendLoadingError((await self.health()).reason)
        return self._facts

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        return await self._one(lambda engine: engine.tokenize(text, parse_special=parse_special))

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        return await self._one(lambda engine: engine.apply_chat_template(messages))

    async def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        affinity: str | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        now = asyncio.get_running_loop().time
        latest = None if patience is None else now() + patience

        def generated(engine: Engine) -> AsyncGenerator[TokenChunk, None]:
            left = None if latest is None else max(0.0, latest - now())
            return engine.generate(
                *(prompt, sampling, adapter),
                streaming=streaming,
                priority=priority,
                patience=left,
                affinity=affinity,
                owner=owner,
            )

        async with aclosing(self._answered(generated, affinity)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await asyncio.gather(*(one.engine.aclose() for one in self._members.values()))

    async def _one(self, asked: Callable[[Engine], Awaitable[T]]) -> T:
        async def answered(engine: Engine) -> AsyncGenerator[T, None]:
            yield await asked(engine)

        async with aclosing(self._answered(answered)) as answers:
            return await anext(answers)

    async def _answered(
        self, asked: Callable[[Engine], AsyncGenerator[T, None]], affinity: str | None = None
    ) -> AsyncGenerator[T, None]:
        """The chunks of the first member that has any. Raises `BackendInterruptedError` where that one fails later, and one
        error for all where none has any."""
        failed: list[tuple[str, BackendError]] = []
        while (chosen := self._next(affinity, [name for name, _ in failed])) is not None:
            member, permit = chosen
            begun = False
            try:
                async with aclosing(member.stream(permit, asked(member.engine))) as chunks:
                    async for chunk in chunks:
                        begun = True
                        yield chunk
                return
            except BackendError as error:
                if not another_may_answer(error):
                    raise
                if begun:
                    raise BackendInterruptedError(f"{member.name}: {error.message}") from error
                failed.append((member.name, error))
        if failed:
            raise together(failed)
        found = await self.health()
        raise (BackendLoadingError if found.phase is Phase.LOADING else BackendError)(found.reason)

    def _next(self, affinity: str | None, tried: Sequence[str]) -> tuple[Member, Permit] | None:
        """The member to ask now, and leave to do so. Those that are left alone come last: if nobody else is there, they are
        better than no answer."""
        if len(tried) == _TRIES:
            return None
        running = {name: one.running for name, one in self._members.items() if self._is_well(one)}
        order = least_loaded(running) if affinity is None else ranking(affinity, running)
        left = [self._members[name] for name in bounded(order, running) if name not in tried]
        for member in left:
            if permit := member.breaker.permit():
                return member, permit
        return (left[0], left[0].breaker.insist()) if left else None

    def _is_well(self, member: Member) -> bool:
        return member.health.phase is Phase.READY and self._differs(member) is None

    def _complaint(self, member: Member) -> str | None:
        """Why it gets no requests, or only those that no other one takes; None: it does."""
        if member.health.phase is not Phase.READY:
            return member.health.reason
        if member.breaker.remaining() > 0:
            cause = f": {member.breaker.cause.message}" if member.breaker.cause else ""
            return f"failed; it is asked last for {member.breaker.remaining():.0f} s{cause}"
        return self._differs(member)

    def _differs(self, member: Member) -> str | None:
        """What is other about its weights."""
        theirs, ours = member.facts, self._facts
        if theirs is None or ours is None:
            return "it has not said yet what it runs"
        found = difference(theirs, ours)
        return None if found is None else f"{found}; all must run the same as when SFM-2 started"

    async def _watch(self) -> None:
        await asyncio.gather(*(one.look() for one in self._members.values()))
        self._settle()
        self._looked.set()
        await asyncio.gather(*(self._watch_one(one) for one in self._members.values()))

    async def _watch_one(self, member: Member) -> None:
        while True:
            await member.next_look()
            await member.look()
            self._settle()

    def _settle(self) -> None:
        """Prompts depend on the weights: once known, they are the ones for as long as we run."""
        if self._facts is None:
            self._facts = next((one.facts for one in self._members.values() if one.facts is not None), None)


def _named(name: str, complaint: str) -> str:
    return complaint if name in complaint else f"{name}: {complaint}"
