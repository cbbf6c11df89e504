"""Loading once, waiting in line, and work in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from sfm2.backends.gpt2.lazy_loader import RETRY_AFTER, LazyLoader
from sfm2.backends.gpt2.request_queue import RequestQueue
from sfm2.backends.gpt2.threads import ThreadedIterator
from sfm2.errors import BackendOverloadedError, BackendUnavailableError


class Load:
    def __init__(self) -> None:
        self.calls = 0
        self.mark = 0
        self.now = 0.0
        self.broken = False

    def __call__(self) -> str:
        self.calls += 1
        if self.broken:
            raise BackendUnavailableError("no file")
        return "model"

    def loader(self) -> LazyLoader[str]:
        return LazyLoader(self, lambda: self.mark, lambda: self.now)


def test_loads_once_for_all_who_ask() -> None:
    load = Load()

    async def scenario() -> None:
        loader = load.loader()
        assert await asyncio.gather(*(loader.begin() for _ in range(5))) == ["model"] * 5
        assert loader.result == "model"
        assert loader.failure is None

    asyncio.run(scenario())
    assert load.calls == 1


def test_a_failure_is_remembered_until_the_files_change_or_time_has_passed() -> None:
    load = Load()
    load.broken = True

    async def attempt(loader: LazyLoader[str]) -> int:
        await asyncio.wait([loader.begin()])
        assert str(loader.failure) == "no file"
        return load.calls

    async def scenario() -> None:
        loader = load.loader()
        assert await attempt(loader) == 1
        assert await attempt(loader) == 1
        load.mark += 1
        assert await attempt(loader) == 2
        load.now += RETRY_AFTER
        assert await attempt(loader) == 3
        load.broken = False
        load.mark += 1
        assert await loader.begin() == "model"
        assert loader.failure is None

    asyncio.run(scenario())


def test_a_cancelled_waiter_does_not_stop_the_load() -> None:
    release = threading.Event()

    def slow() -> str:
        release.wait()
        return "model"

    async def scenario() -> None:
        loader = LazyLoader(slow, lambda: None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.wait([loader.begin()])
        assert loader.running
        release.set()
        assert await loader.begin() == "model"

    asyncio.run(scenario())


def test_the_line_is_bounded_and_moves_on() -> None:
    async def scenario() -> None:
        line = RequestQueue(waiting=1)
        await line.acquire()
        second = asyncio.create_task(line.acquire())
        await asyncio.sleep(0)
        with pytest.raises(BackendOverloadedError):
            await line.acquire()
        line.release()
        await second
        third = asyncio.create_task(line.acquire())
        await asyncio.sleep(0)
        third.cancel()
        await asyncio.wait([third])
        line.release()
        await line.acquire()

    asyncio.run(scenario())


def test_an_iterator_passes_items_and_errors_on() -> None:
    def numbers() -> Iterator[int]:
        yield from range(3)
        raise ValueError("broken")

    async def scenario() -> list[int]:
        iterator = ThreadedIterator(numbers)
        seen = [await anext(iterator) for _ in range(3)]
        with pytest.raises(ValueError, match="broken"):
            await anext(iterator)
        return seen

    assert asyncio.run(scenario()) == [0, 1, 2]


def test_a_stopped_iterator_makes_at_most_the_item_in_hand() -> None:
    made: list[int] = []
    go_on = threading.Semaphore(0)

    def numbers() -> Iterator[int]:
        for number in range(1000):
            go_on.acquire()
            made.append(number)
            yield number

    async def scenario() -> None:
        iterator = ThreadedIterator(numbers)
        go_on.release()
        assert await anext(iterator) == 0
        iterator.stop()
        go_on.release()
        await iterator.done

    asyncio.run(scenario())
    assert made == [0, 1]
