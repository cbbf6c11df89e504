"""The prompts of batches beside others: what is refused for load waits for its turn, in time that is only counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from sfm2.core.batch import AT_ONCE, LOOK, Batches
from sfm2.core.trace import FallbackTrace
from sfm2.errors import BackendError, BackendOverloadedError, BackendTimeoutError, PayloadTooLargeError
from sfm2.types import Batch, BatchRequest, Completion, ErrorBody, GenerateRequest
from tests.virtual_time import run

PATIENCE = 30.0


class Room:
    """An engine that has room for so many prompts, and takes so long for each."""

    def __init__(self, size: int, seconds: float = 1.0) -> None:
        self.size = size
        self.asked: list[str] = []
        self.answered: list[str] = []
        self._seconds = seconds
        self._inside = 0

    async def complete(self, request: GenerateRequest) -> Completion:
        self.asked.append(request.prompt)
        if self._inside >= self.size:
            raise failed(BackendOverloadedError("full"))
        self._inside += 1
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._inside -= 1
        self.answered.append(request.prompt)
        return Completion(
            generated_code=request.prompt,
            completion="",
            model_used="room",
            confidence=1,
            processing_time=0,
            finish_reason="stop",
        )


def failed(*errors: BackendError) -> Exception:
    trace = FallbackTrace()
    for error in errors:
        trace.failed("sfm2", error)
    return trace.exhausted()


def batch(name: str, count: int) -> BatchRequest:
    return BatchRequest(prompts=[f"{name}{number}" for number in range(count)])


def errors(found: Batch) -> list[str]:
    return [one.error for one in found.results if isinstance(one, ErrorBody)]


async def seconds_of(*batches: asyncio.Task[Batch]) -> Sequence[float]:
    """When each of them ended."""
    ended = []
    for one in batches:
        await one
        ended.append(asyncio.get_running_loop().time())
    return ended


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_batch_gets_on_as_fast_as_there_is_room(size: int) -> None:
    async def scenario() -> None:
        room = Room(size)
        found = await Batches(100, PATIENCE).answered(batch("a", 40), room.complete)
        assert [one.generated_code for one in found.results if isinstance(one, Completion)] == [
            f"a{number}" for number in range(40)
        ]
        assert asyncio.get_running_loop().time() < 40 / min(size, AT_ONCE) + LOOK
        assert len(room.asked) < 4 * 40, "who is refused does not ask all the time"

    run(scenario())


def test_a_batch_that_came_first_does_not_keep_another_out() -> None:
    async def scenario() -> None:
        room, batches = Room(4), Batches(100, PATIENCE)
        first = asyncio.create_task(batches.answered(batch("a", 40), room.complete))
        await asyncio.sleep(0.5)
        second = asyncio.create_task(batches.answered(batch("b", 8), room.complete))
        _, ended = await seconds_of(first, second)
        assert errors(await first) == errors(await second) == []
        assert room.answered.index("b7") < room.answered.index("a39")
        assert ended < 15

    run(scenario())


def test_room_that_others_make_is_found() -> None:
    async def scenario() -> None:
        room = Room(0)
        work = asyncio.create_task(Batches(100, PATIENCE).answered(batch("a", 3), room.complete))
        await asyncio.sleep(10)
        room.size = 100
        [ended] = await seconds_of(work)
        assert ended <= 10 + LOOK + 1
        assert errors(await work) == []

    run(scenario())


def test_who_has_waited_for_long_enough_is_told() -> None:
    async def scenario() -> None:
        work = asyncio.create_task(Batches(100, PATIENCE).answered(batch("a", 3), Room(0).complete))
        [ended] = await seconds_of(work)
        assert PATIENCE <= ended <= PATIENCE + LOOK
        assert errors(await work) == ["overloaded"] * 3

    run(scenario())


def test_nobody_waits_beyond_the_time_of_the_request() -> None:
    async def scenario() -> None:
        asked: list[float] = []

        async def complete(_: GenerateRequest) -> Completion:
            asked.append(asyncio.get_running_loop().time())
            raise failed(BackendOverloadedError("full")) if asked[-1] < 5 else FallbackTrace().too_late()

        found = await Batches(100, PATIENCE).answered(batch("a", 1), complete, deadline=5.0)
        assert (asked[-1], errors(found)) == (5.0, ["timeout"])

    run(scenario())


@pytest.mark.parametrize("error", [BackendTimeoutError("30 s"), BackendError("died")])
def test_what_was_worked_on_for_nothing_is_not_asked_again(error: BackendError) -> None:
    async def scenario() -> None:
        asked = []

        async def complete(request: GenerateRequest) -> Completion:
            asked.append(request.prompt)
            raise failed(BackendOverloadedError("full"), error)

        found = await Batches(100, PATIENCE).answered(batch("a", 2), complete)
        assert (asked, errors(found)) == (["a0", "a1"], ["overloaded"] * 2)

    run(scenario())


def test_a_client_that_leaves_keeps_nobody_from_his_turn() -> None:
    async def scenario() -> None:
        room, batches = Room(1, seconds=2.0), Batches(100, PATIENCE)
        leaving = asyncio.create_task(batches.answered(batch("a", 6), room.complete))
        await asyncio.sleep(0.5)
        staying = asyncio.create_task(batches.answered(batch("b", 2), room.complete))
        await asyncio.sleep(1.5)  # "a0" is answered, and calls the next two
        leaving.cancel()
        [ended] = await seconds_of(staying)
        assert (errors(await staying), ended <= 2 + LOOK + 2 * 2 + LOOK) == ([], True)

    run(scenario())


def test_too_many_prompts_are_refused() -> None:
    async def scenario() -> None:
        with pytest.raises(PayloadTooLargeError, match="the batch has 4 prompts; at most 3"):
            await Batches(3, PATIENCE).answered(batch("a", 4), Room(1).complete)

    run(scenario())
