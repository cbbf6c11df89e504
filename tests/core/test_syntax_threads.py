"""The work on syntax runs in order, off the loop, and ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from sfm2.core.syntax_threads import LONG, SyntaxThreads
from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext
from sfm2.syntax.parsing.parsing_time import ParsingTime

HOPELESS = "中" * 60_000
"""Dart's scanner runs to its end from each place: 60 s at least."""


def test_a_request_has_one_thread_which_is_not_the_loops() -> None:
    async def names(characters: int) -> list[str]:
        thread = threads.for_text(characters, ParsingTime())
        return [await thread.run(lambda: threading.current_thread().name) for _ in range(3)]

    threads = SyntaxThreads()
    ordinary, long = asyncio.run(names(100)), asyncio.run(names(LONG + 1))
    threads.close()
    assert len({*ordinary}) == len({*long}) == 1
    assert {*ordinary}.isdisjoint({*long, threading.current_thread().name})


@pytest.mark.timeout(30)
def test_cancelled_work_stops_and_others_work_is_not_held_up() -> None:
    async def scenario() -> None:
        time = ParsingTime(60)
        parse = ParseContext(Hole(HOPELESS, "\n", "dart"), time).problems
        task = asyncio.create_task(threads.for_text(len(HOPELESS), time).run(parse, "x"))
        await asyncio.sleep(0.1)
        ordinary = threads.for_text(100, ParsingTime())
        assert await asyncio.wait_for(ordinary.run(lambda: "at once"), 5) == "at once"
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        another = threads.for_text(len(HOPELESS), ParsingTime())
        assert await asyncio.wait_for(another.run(lambda: "soon"), 5) == "soon"

    threads = SyntaxThreads()
    asyncio.run(scenario())
    threads.close()


def test_what_the_work_raises_is_raised() -> None:
    threads = SyntaxThreads()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(threads.for_text(1, ParsingTime()).run(lambda: 1 // 0))
    threads.close()
